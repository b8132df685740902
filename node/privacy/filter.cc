#include "privacy/filter.h"

namespace penc {

Spent Add(const Spent& spent, const Cost& cost) {
  const Cost sum = Cost{spent.pure, spent.renyi} + cost;
  return {sum.pure, sum.renyi};
}

bool Fits(const Allowance& allowance, const Spent& spent, const Cost& cost) {
  const Spent after = Add(spent, cost);
  if (after.pure != kInfinitePure && after.pure <= allowance.pure) return true;
  return after.renyi <= allowance.renyi;  // 0 for a pure promise: nothing has a Rényi cost of 0
}

}  // namespace penc
