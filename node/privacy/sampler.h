// Exact noise. No floating-point number decides a bit: a sample is read off infinitely many random bits, of
// which only as many are drawn as are needed to be certain (proofs: laplace_sampler.md, skellam_sampler.md).
//
//   auto sampler = MakeSampler(mechanism);  // 0.1 ms, up to 50 ms for the widest Skellam
//   Words words(random);
//   int64_t noise = sampler->Draw(words);
#pragma once
#include <cstdint>
#include <functional>
#include <memory>

#include "absl/types/span.h"
#include "base/random.h"
#include "privacy/mechanism.h"

namespace penc {

// The law of one cell's noise, prepared. Thread-compatible: Draw changes nothing but `words`.
class NoiseSampler {
 public:
  virtual ~NoiseSampler() = default;
  virtual int64_t Draw(Words& words) const = 0;
  virtual void AddTo(absl::Span<int64_t> cells, Words& words) const = 0;
};

// Further random bits of one cell: its n-th word beyond the first, n from 0.
using MoreBits = std::function<uint64_t(size_t cell, uint64_t n)>;

// Discrete Laplace: any a = num/den with 2^-40 <= a <= 64. Skellam: 2^-40 <= mu < 2^27 by a table, up to
// 2^50 by sums of independent Skellams that add up to mu exactly.
std::unique_ptr<NoiseSampler> MakeSampler(const Mechanism& mechanism);

// Adds i.i.d. exact noise to every cell; |cell| must stay below 2^62.
void AddNoise(const Mechanism& mechanism, RandomSource& random, absl::Span<int64_t> cells);

}  // namespace penc
