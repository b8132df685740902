// W: how far an office of a network may go by itself between two heads of its charge log that stewards have
// witnessed, and so how much a restored office must take to be spent beyond the last witnessed head. Pure.
#pragma once
#include <cstdint>

#include "privacy/filter.h"
#include "privacy/promise.h"

namespace penc {

// Of each cohort's allowance, in parts per million.
inline constexpr uint32_t kUnwitnessedPpm = 50000;

// A share of an allowance, rounded down.
Allowance ShareOf(const Allowance& whole, uint64_t ppm);

// Do the local charges since the last witnessed head, `unwitnessed`, and one of `cost` more stay within W?
// The Rényi amount decides, and where the promise has no Rényi budget (delta = 0) the pure one. Unlike the
// budget's filter this is never "or": what an adoption adds must bound what was really spent, and it cannot
// know by which of the two the lost charges had fitted.
bool FitsUnwitnessed(const Allowance& allowance, const Spent& unwitnessed, const Cost& cost);

// W used up.
Spent UsedUp(const Allowance& allowance, const Spent& unwitnessed);

// What a cohort must be taken to have spent where stewards last saw `witnessed` (of the most charged cohort)
// and this copy of the log has charged `unwitnessed` locally since the last head that it knows to be
// witnessed: witnessed + W + unwitnessed, W rounded up, saturating. Pure spending is infinite wherever Rényi
// decides: a lost charge may have been one without pure guarantee. Heads do not tell what selections of keys
// added to delta: all that was set aside counts as spent.
Spent TakenOver(const Allowance& allowance, const Spent& witnessed, const Spent& unwitnessed);

}  // namespace penc
