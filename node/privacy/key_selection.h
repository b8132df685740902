// Which keys of a list that nobody declared may be named: a key that n persons hold is kept with the largest
// probability pi(n), pi(0) = 0, that (epsilon, delta) permits (proof: key_selection.md). Integers decide; no
// floating-point number does.
//
//   ASSIGN_OR_RETURN(const KeySelector selector, KeySelector::Make({1024, 2'000'000'000, 4}));
//   Words words(random);
//   if (selector.Keep(persons_of_the_key, words)) ...
#pragma once
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "base/random.h"
#include "privacy/cost.h"
#include "privacy/promise.h"

namespace penc {

// The law of one list: what all keys of a person cost together.
struct KeySelection {
  uint64_t epsilon_1024 = 0;  // in 1/1024
  uint64_t delta = 0;         // in 10^-18 (promise.h)
  uint32_t keys = 1;          // most keys that one person counts in; each has epsilon / keys, delta / keys

  friend bool operator==(const KeySelection& a, const KeySelection& b) {
    return a.epsilon_1024 == b.epsilon_1024 && a.delta == b.delta && a.keys == b.keys;
  }
};

// Epsilon as pure; the Rényi divergence of what is left outside an event of probability delta; delta. Never
// below the truth.
Cost CostOf(const KeySelection& selection, Order order);

// The selection with this delta that costs at most `price` at the reference promise's order, in 2^-40.
// INVALID_ARGUMENT where it buys less than epsilon = 1/1024 a key, or delta less than 2^-62 a key.
absl::StatusOr<KeySelection> SelectionAtPrice(uint32_t keys, uint64_t price, uint64_t delta,
                                              const Promise& reference);

// A table of pi up to where it is 1. An immutable value, safe from any thread.
class KeySelector {
 public:
  // INVALID_ARGUMENT: epsilon a key below 1/1024 or above 40, delta a key below 2^-62.
  static absl::StatusOr<KeySelector> Make(const KeySelection& selection);

  // True with probability exactly pi(persons), by one word whatever `persons` is.
  bool Keep(uint64_t persons, Words& words) const {
    return (words.Next() >> 2) < At(persons);  // pi is in 2^-62: 0 is never, 2^62 is always
  }

  static constexpr uint64_t kOne = uint64_t{1} << 62;
  // pi(persons) in 2^-62.
  uint64_t At(uint64_t persons) const { return persons < pi_.size() ? pi_[persons] : kOne; }
  // The fewest persons of a key that is kept with at least this probability, in millionths.
  uint64_t PersonsFor(uint64_t ppm) const;
  // From how many persons on a key is kept for certain.
  uint64_t certain() const { return pi_.size() - 1; }

 private:
  explicit KeySelector(std::vector<uint64_t> pi) : pi_(std::move(pi)) {}

  std::vector<uint64_t> pi_;
};

}  // namespace penc
