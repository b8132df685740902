// What an analyst may know of the noise: its exact law, hence margins. Doubles are fine here: these functions
// see released integers and public parameters only. Pure, safe from any thread.
//
// A Laplace of a rate other than 1 is worked out on a grid of at most a 64th of its scale and its widths are
// rounded up to it.
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
