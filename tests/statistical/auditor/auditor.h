// The auditor: tells two neighbouring histories apart as well as it can, from what an asker sees, and proves
// by it how much a release tells at the least. It knows no law: events are made and chosen on one half of
// what was seen and counted on the other.
//
// One experiment is what an asker sees of one person's cells. Many persons, each with cells of their own,
// make many experiments of one release: noise of different cells is independent where a system does what it
// says, which is all that a false alarm's chance rests on.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace penc::audit {

// The same places of all experiments mean the same; kNotThere: the answer has no such cell.
using Seen = std::vector<int64_t>;
inline constexpr int64_t kNotThere = -(int64_t{1} << 40);

struct Experiments {
  std::vector<Seen> with, without;  // of either history: equally many
};

// One of bounds.h.
using Proves = std::function<double(double often, double rarely)>;

struct Proven {
  double bound = 0;   // at confidence 1 - kMiss
  std::string event;  // that proved it, in words
};
Proven Audit(const Experiments& experiments, const Proves& proves);

}  // namespace penc::audit
