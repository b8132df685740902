// What a release costs: pure epsilon, and Rényi divergence at one order, in units of 2^-40 rounded up; and
// what selected keys add to delta. Pure functions.
#pragma once
#include <cstdint>

#include "privacy/mechanism.h"
#include "privacy/promise.h"

namespace penc {

inline constexpr uint64_t kInfinitePure = UINT64_MAX;

struct Cost {
  uint64_t pure = 0;  // kInfinitePure: a mechanism without pure guarantee took part
  uint64_t renyi = 0;
  uint64_t delta = 0;  // of key selection alone, in 10^-18 (key_selection.md)
};

// Saturating; infinite absorbs.
Cost operator+(const Cost& a, const Cost& b);

// The worst that any vector within `person` costs at `order`: the most concentrated one. Never below the
// truth.
Cost CostOf(const Mechanism& mechanism, const Contribution& person, Order order);

}  // namespace penc
