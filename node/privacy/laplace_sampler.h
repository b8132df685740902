// Discrete Laplace by the independent binary digits of two geometric variables (proof: laplace_sampler.md).
#pragma once
#include <cstdint>
#include <memory>

#include "privacy/ratio.h"
#include "privacy/sampler.h"

namespace penc {

// a = -ln q, 2^-40 <= a <= 64.
std::unique_ptr<NoiseSampler> MakeLaplaceSampler(const Ratio& a);

}  // namespace penc
