// Discrete Laplace by the independent binary digits of two geometric variables (proof: laplace_sampler.md).
#pragma once
#include <cstdint>
#include <memory>

#include "privacy/ratio.h"
#include "privacy/sampler.h"

namespace penc {

// a = -ln q, 2^-40 <= a <= 64. Single digits are drawn up to the first j with a 2^j >= `digits_reach` (>= 1):
// 45 in the product, beyond which lies less than 2^-64; tests take less, so that what lies above is drawn
// often.
std::unique_ptr<NoiseSampler> MakeLaplaceSampler(const Ratio& a, int digits_reach = 45);

}  // namespace penc
