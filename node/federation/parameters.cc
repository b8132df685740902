#include "federation/parameters.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "crypto/hash.h"
#include "privacy/law.h"
#include "question/exact_vector.h"

namespace penc {
namespace {

constexpr uint32_t kExactUpTo = 128;
// Numbers of honest organisations grow by this from level to level.
constexpr uint64_t kStepNum = 1053, kStepDen = 1000;
constexpr Committee kCommittees[] = {{7, 2, 2}, {10, 3, 3}, {13, 4, 4}, {18, 5, 6}, {31, 10, 10}};

absl::Status TooFew(uint32_t have, uint32_t need, const char* fr, const char* en) {
  return Fail(absl::StatusCode::kFailedPrecondition,
              {absl::StrCat("il faut au moins ", need, " ", fr, "; il y en a ", have),
               absl::StrCat("at least ", need, " ", en, " are needed; there are ", have)});
}

}  // namespace

absl::StatusOr<Committee> CommitteeFor(uint32_t asked, uint32_t declared) {
  if (asked < 5) return TooFew(asked, 5, "organisations", "organisations");
  if (asked == 5) return Committee{5, 2, 1};
  if (asked == 6) return Committee{6, 1, 2};
  const uint32_t dishonest = PresumedDishonest(asked, 0, declared);
  Committee chosen;
  for (const Committee& committee : kCommittees) {
    if (committee.stewards > asked) break;
    chosen = committee;
    if (committee.colluding >= dishonest) break;
  }
  return chosen;
}

uint32_t PresumedDishonest(uint32_t asked, uint32_t colluding, uint32_t declared) {
  if (declared > 0) return std::max(declared, colluding);
  return std::max({colluding, uint32_t{2}, (15 * asked + 99) / 100});
}

uint32_t FewestFor(uint32_t asked, uint32_t dishonest) {
  return std::max({uint32_t{5}, (asked + 1) / 2, dishonest + 3});
}

std::vector<uint32_t> LevelsFor(uint32_t asked, uint32_t dishonest, uint32_t fewest) {
  std::vector<uint32_t> levels;
  if (asked <= kExactUpTo) {
    for (uint32_t m = fewest; m <= asked; ++m) levels.push_back(m);
    return levels;
  }
  for (uint64_t honest = fewest - dishonest; honest < asked - dishonest;
       honest = honest * kStepNum / kStepDen + 1)
    levels.push_back(dishonest + static_cast<uint32_t>(honest));
  levels.push_back(asked);
  return levels;
}

int64_t OfficeBound(uint32_t word_bits) { return word_bits == 32 ? int64_t{1} << 20 : kCellBound; }

uint32_t WordBitsFor(const Plan& plan, uint32_t asked, uint32_t dishonest, uint32_t fewest) {
  double noise = 0;
  for (const Block& block : plan.blocks) {
    if (block.counting.kind == Counting::Kind::kAmounts) return 64;
    // Before anything is taken away every cell holds asked / (fewest - dishonest) times the law.
    Mechanism all = block.noise;
    all.rate = {asked, fewest - dishonest};
    // 2^-40 / 2^20 cells: 80 standard deviations and scales are far beyond for both families.
    noise = std::max(noise, 80 * (std::sqrt(Variance(all)) + 1));
  }
  const double sum = static_cast<double>(asked) * static_cast<double>(OfficeBound(32));
  return sum + noise < std::ldexp(1, 31) ? 32 : 64;
}

absl::StatusOr<StewardsInForce> StewardsFor(const CheckedRoster& roster, const std::vector<uint32_t>& asked,
                                            const Committee& committee) {
  const auto end_of = [&](uint32_t member) {
    return roster.roster.members(static_cast<int>(member)).epoch().until_unix_micros();
  };
  std::vector<uint32_t> declared;
  std::vector<int64_t> ends;
  for (uint32_t member : asked) {
    if (!roster.roster.members(static_cast<int>(member)).has_epoch()) continue;
    declared.push_back(member);
    ends.push_back(end_of(member));
  }
  if (declared.size() < committee.stewards)
    return TooFew(static_cast<uint32_t>(declared.size()), committee.stewards, "témoins", "stewards");
  const size_t able = std::max<size_t>(committee.stewards, (2 * declared.size() + 2) / 3);
  std::sort(ends.begin(), ends.end(), std::greater<>());
  const int64_t until = ends[able - 1];

  const std::string seed = Sha256(roster.bytes());
  std::vector<std::pair<std::string, uint32_t>> order;
  for (uint32_t member : declared) {
    const std::string& key = roster.roster.members(static_cast<int>(member)).key();
    if (end_of(member) >= until) order.emplace_back(Sha256({"penc steward v1\n", seed, key}), member);
  }
  std::sort(order.begin(), order.end());
  StewardsInForce found;
  found.until = absl::FromUnixMicros(until);
  for (uint32_t k = 0; k < committee.stewards; ++k) found.stewards.push_back(order[k].second);
  std::sort(found.stewards.begin(), found.stewards.end());
  return found;
}

}  // namespace penc
