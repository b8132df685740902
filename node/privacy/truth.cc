#include "privacy/truth.h"

#include <cmath>

#include "base/status.h"
#include "privacy/cost.h"
#include "privacy/filter.h"

namespace penc {
namespace {

// As an office does: one after another, each asked before it is charged.
bool AllPass(const Allowance& allowance, const Mechanism& mechanism, const Contribution& person,
             uint32_t releases) {
  const Cost cost = CostOf(mechanism, person, allowance.order);
  Spent spent;
  for (uint32_t i = 0; i < releases; ++i) {
    if (!Fits(allowance, spent, cost)) return false;
    spent = Add(spent, cost);
  }
  return true;
}

// Discrete Laplace grows louder with a, Skellam with a smaller mu.
Mechanism At(Family family, uint64_t quiet) {
  const bool laplace = family == Family::kDiscreteLaplace;
  constexpr uint64_t kLoudest = uint64_t{1} << 36;  // a = 64
  return {family, laplace ? Ratio{kLoudest - quiet, 1 << 30} : Ratio{quiet, 1 << 20}};
}

Mechanism Loudest(Family family, const Allowance& allowance, const Contribution& person, uint32_t releases) {
  uint64_t refused = 0,
           passes = family == Family::kDiscreteLaplace ? (uint64_t{1} << 36) - 1 : uint64_t{1} << 50;
  while (passes - refused > 1) {
    const uint64_t middle = refused + (passes - refused) / 2;
    (AllPass(allowance, At(family, middle), person, releases) ? passes : refused) = middle;
  }
  return At(family, passes);
}

}  // namespace

Spending SpendAll(const Promise& promise, Mix mix, uint32_t releases) {
  PENC_CHECK(!promise.pure() && releases > 0);
  const Allowance whole = AllowanceOf(promise);
  const Contribution person = mix == Mix::kWide ? Contribution{4, 3, 12} : Contribution{1, 1, 1};
  const bool two = mix == Mix::kBoth || mix == Mix::kWide;
  // Beside a Skellam nothing is pure: each block gets half of what Rényi leaves.
  const Allowance each = two ? Allowance{whole.order, 0, whole.renyi / 2} : whole;
  Spending spending;
  if (mix != Mix::kSkellam)
    spending.blocks.push_back({Loudest(Family::kDiscreteLaplace, each, person, releases), person, releases});
  if (mix != Mix::kLaplace)
    spending.blocks.push_back({Loudest(Family::kSkellam, each, person, releases), person, releases});
  Cost one;
  for (const Releases& block : spending.blocks) one = one + CostOf(block.mechanism, person, whole.order);
  Spent spent;
  for (uint32_t i = 0; i < releases; ++i) {
    PENC_CHECK(Fits(whole, spent, one));
    spent = Add(spent, one);
  }
  spending.by_pure = spent.renyi > whole.renyi;
  return spending;
}

Truth TruthOf(const Promise& promise, const Spending& spending) {
  // Rounded down.
  const double delta = promise.delta_mantissa * std::pow(10.0, -promise.delta_exponent) * (1 - 0x1p-50);
  return {LossOf(spending.blocks).Epsilon(delta), static_cast<double>(promise.epsilon_1024) / 1024};
}

}  // namespace penc
