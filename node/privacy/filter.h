// The P-or-R filter of one cohort (privacy.md, "Accounting"): a release fits where P <= epsilon or R <= B
// holds after it, and what its keys' selection adds to delta is set aside still.
#pragma once
#include <cstdint>

#include "privacy/cost.h"
#include "privacy/promise.h"

namespace penc {

struct Spent {
  uint64_t pure = 0;  // kInfinitePure once a Skellam touched the cohort
  uint64_t renyi = 0;
  uint64_t delta = 0;  // of key selections, in 10^-18
};

Spent Add(const Spent& spent, const Cost& cost);

// Would the cohort still keep its promise? Asks only; charging is the ledger's.
bool Fits(const Allowance& allowance, const Spent& spent, const Cost& cost);
inline bool Fits(const Promise& promise, const Spent& spent, const Cost& cost) {
  return Fits(AllowanceOf(promise), spent, cost);
}

}  // namespace penc
