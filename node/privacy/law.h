// What an analyst may know of the noise: its exact law, hence margins. Doubles are fine here: these functions
// see released integers and public parameters only. Pure, safe from any thread.
#pragma once
#include <cstdint>

#include "privacy/mechanism.h"

namespace penc {

double Variance(const Mechanism& mechanism);

// The smallest m with P(|X| <= m) >= confidence.
uint64_t HalfWidth(const Mechanism& mechanism, double confidence);

// P(|X| <= m).
double Covered(const Mechanism& mechanism, uint64_t m);

// P(X >= t), t >= 1.
double UpperTail(const Mechanism& mechanism, uint64_t t);

}  // namespace penc
