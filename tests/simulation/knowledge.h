// What everybody who colludes can work out of one attempt of a round: the hub, lying stewards and offices,
// and all recipients together. Contributions are equations "masked vector = own numbers + masks of all
// stewards"; a release is the sum of one steward's masks over a set; liars' masks and masks whose seed can be
// joined are known. Which sums of honest offices' own numbers follow from that is linear algebra, whatever
// the rules of the protocol are: it knows of no votes. Pure.
#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace penc::simulation {

// One contribution: an office may have made several.
using ItemId = uint32_t;

struct Evidence {
  uint32_t stewards = 0, threshold = 0;
  std::set<uint32_t> lying_stewards;  // by place
  std::set<ItemId> honest;            // contributions of honest offices that left them
  // Sums of masks that honest stewards gave: steward, set of contributions.
  std::set<std::pair<uint32_t, std::set<ItemId>>> released;
  // Shares of an absent steward's masks that honest stewards gave: steward, absent one -> contributions.
  std::map<std::pair<uint32_t, uint32_t>, std::set<ItemId>> revealed;
};

struct Insight {
  // A basis of the sums that follow, each as contributions with their factor modulo a prime; a set of
  // contributions that opens is one sum with equal factors.
  std::vector<std::map<ItemId, uint64_t>> sums;
};

Insight WorkOut(const Evidence& evidence);

}  // namespace penc::simulation
