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
};

}  // namespace penc
