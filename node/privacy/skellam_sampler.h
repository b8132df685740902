// Skellam noise by inversion of its distribution function with lazily drawn bits (proof: skellam_sampler.md).
#pragma once
#include <cstdint>
#include <memory>

#include "privacy/ratio.h"
#include "privacy/sampler.h"

namespace penc {

// 2^-10 <= mu <= 2^50. `first_bits` (1 to 64) is how many random bits a draw looks at first: 64 in the
// product; tests take fewer, so that the path that draws more is walked often.
std::unique_ptr<NoiseSampler> MakeSkellamSampler(const Ratio& mu, int first_bits = 64);

}  // namespace penc
