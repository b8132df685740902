// What noise a block gets, and what one person can add to it. Plain values with exact integer or rational
// parameters.
#pragma once
#include <cstdint>

#include "privacy/ratio.h"

namespace penc {

// One person's most, in units of the integers that are released: cells touched, per cell, in all.
struct Contribution {
  uint64_t l0 = 1;
  uint64_t linf = 1;
  uint64_t l1 = 1;  // <= l0 * linf
};

enum class Family { kDiscreteLaplace = 1, kSkellam = 2 };

struct Mechanism {
  Family family = Family::kDiscreteLaplace;
  // kDiscreteLaplace: a = -ln q = epsilon / Delta1, P(k) proportional to exp(-a |k|).
  // kSkellam: the variance mu; the difference of two Poisson variables of mean mu / 2 each.
  Ratio parameter;
  // How many times the law: a Laplace of rate r is NB(r, q) - NB(r, q), a Skellam r * mu. Above 1 where
  // shares of silent offices could not be taken away exactly; costs and samplers know rate 1 only.
  Ratio rate = {1, 1};
};

}  // namespace penc
