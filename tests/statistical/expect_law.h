// Frequencies against a stated law, by n times the relative entropy: P(n D >= x) <= e^-x (e x / d)^d for d
// degrees of freedom, for every n (Agrawal, Finite-sample concentration of the multinomial in relative
// entropy, 2020). Twice that is the chi-square of large n. False alarm 10^-8 for each comparison; seeds are
// fixed. Header only.
#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <vector>

#include "privacy/law.h"

namespace penc {

inline constexpr double kLogFalseAlarm = 18.4;  // -ln 10^-8
inline constexpr uint64_t kNoiseSeed = 20261124;

inline double DivergenceBound(double degrees) {
  double x = degrees;
  while (x - degrees * (1 + std::log(x / degrees)) < kLogFalseAlarm) x += 0.1;
  return x;
}

// Each value up to the 99.99 % width is a bin, and what is beyond on either side.
struct FromLaw {
  double divergence = 0, bound = 0;
  bool follows() const { return divergence < bound; }
};
inline FromLaw DistanceFromLaw(const Mechanism& law, const std::vector<int64_t>& drawn) {
  const auto last = static_cast<int64_t>(HalfWidth(law, 0.9999));
  std::map<int64_t, double> count;
  for (int64_t x : drawn) count[std::clamp(x, -last - 1, last + 1)] += 1;
  const auto n = static_cast<double>(drawn.size());
  double divergence = 0, before = 0;
  for (int64_t k = 0; k <= last + 1; ++k) {
    const double covered = k > last ? 1 : Covered(law, static_cast<uint64_t>(k));
    const double each = k == 0 ? covered : (covered - before) / 2;
    for (int64_t x : {k, -k}) {
      if (count[x] > 0) divergence += count[x] * std::log(count[x] / (n * each));
      if (k == 0) break;
    }
    before = covered;
  }
  return {divergence, DivergenceBound(2 * static_cast<double>(last) + 2)};
}
inline void ExpectLaw(const Mechanism& law, const std::vector<int64_t>& drawn) {
  const FromLaw distance = DistanceFromLaw(law, drawn);
  EXPECT_LT(distance.divergence, distance.bound);
}

// Of a stream that a number names.
inline std::vector<uint8_t> NoiseSeed(uint64_t number) {
  std::vector<uint8_t> seed(32, 0);
  for (size_t i = 0; i < 8; ++i) {
    seed[i] = static_cast<uint8_t>(kNoiseSeed >> (8 * i));
    seed[8 + i] = static_cast<uint8_t>(number >> (8 * i));
  }
  return seed;
}

}  // namespace penc
