// How much of a budget is used, as people read it: parts per million, rounded up, so that nothing left is
// never shown as something left. Pure.
#pragma once
#include <cstdint>

#include "codebook/codebook.h"
#include "privacy/filter.h"
#include "privacy/promise.h"

namespace penc {

inline constexpr uint32_t kWholePpm = 1000000;

// The smaller of the two fractions that the filter looks at (pure of epsilon, Rényi of B), at most a million.
uint32_t SpentPpm(const Promise& promise, const Spent& spent);

// Of the part of delta that is set aside for words of open lists; a million where all is spent.
uint32_t WordsSpentPpm(const Promise& promise, const Spent& spent);

// A promise in words of numbers: "8", "1e-6".
PromiseText WrittenPromise(const Promise& promise);

}  // namespace penc
