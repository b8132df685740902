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

#include "absl/types/span.h"

namespace penc::audit {

// The same places of all experiments mean the same; kNotThere: the answer has no such cell.
using Seen = absl::Span<const int64_t>;
inline constexpr int64_t kNotThere = -(int64_t{1} << 40);

// All that was seen under one history. Every experiment has as many places, one at least.
class History {
 public:
  void Add(Seen seen);
  size_t size() const { return places_ == 0 ? 0 : numbers_.size() / places_; }
  size_t places() const { return places_; }
  Seen at(size_t i) const { return {numbers_.data() + i * places_, places_}; }

 private:
  size_t places_ = 0;
  std::vector<int64_t> numbers_;
};

struct Experiments {
  History with, without;  // equally many
};

// One of bounds.h.
using Proves = std::function<double(double often, double rarely)>;

struct Proven {
  double bound = 0;   // at confidence 1 - kMiss
  std::string event;  // that proved it, in words
};
Proven Audit(const Experiments& experiments, const Proves& proves);

}  // namespace penc::audit
