#include "privacy/filter.h"

namespace penc {

Spent Add(const Spent& spent, const Cost& cost) {
  const Cost sum = Cost{spent.pure, spent.renyi, spent.delta} + cost;
  return {sum.pure, sum.renyi, sum.delta};
}

bool Fits(const Allowance& allowance, const Spent& spent, const Cost& cost) {
  const Spent after = Add(spent, cost);
  // Later questions that select nothing are not kept out by what was spent before (a forfeited cohort).
  if (cost.delta > 0 && after.delta > allowance.keys_delta) return false;
  if (after.pure != kInfinitePure && after.pure <= allowance.pure) return true;
  return after.renyi <= allowance.renyi;  // 0 for a pure promise: nothing has a Rényi cost of 0
}

}  // namespace penc
