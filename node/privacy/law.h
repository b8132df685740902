// What an analyst may know of the noise: its exact law, hence margins. Doubles are fine here: these functions
// see released integers and public parameters only. Pure, safe from any thread.
//
// A Laplace of a rate other than 1 has its probabilities within 1e-9 for scales 1 / a below 2,048; wider ones
// are worked out on a grid of a 1,024th of the scale, within 1e-6 for rates of 1 or more.
#pragma once
#include <cstdint>

#include "privacy/mechanism.h"

namespace penc {

double Variance(const Mechanism& mechanism);

// The smallest m with P(|X| <= m) >= confidence.
uint64_t HalfWidth(const Mechanism& mechanism, double confidence);

// The smallest m with P(|X - Y| <= m) >= confidence, X and Y independent, where that is known (two Skellams;
// two Laplaces of one parameter, or of rate 1); else one that is not smaller.
struct DifferenceReach {
  uint64_t half_width = 0;
  bool exact = false;
};
DifferenceReach HalfWidthOfDifference(const Mechanism& first, const Mechanism& second, double confidence);

// P(|X| <= m).
double Covered(const Mechanism& mechanism, uint64_t m);

// P(X >= t), t >= 1.
double UpperTail(const Mechanism& mechanism, uint64_t t);

}  // namespace penc
