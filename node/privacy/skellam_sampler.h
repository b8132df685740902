// Skellam noise by inversion of its distribution function with lazily drawn bits (proof: skellam_sampler.md).
#pragma once
#include <cstdint>
#include <memory>

#include "privacy/ratio.h"
#include "privacy/sampler.h"

namespace penc {

class SkellamSampler;

// 2^-40 <= mu <= 2^50. `first_bits` (1 to 64) is how many random bits a draw looks at first: 64 in the
// product; tests take fewer, so that the path that draws more is walked often.
std::unique_ptr<NoiseSampler> MakeSkellamSampler(const Ratio& mu, int first_bits = 64);

// Skellam noise that others draw again bit for bit, 2^-40 <= mu < 2^27: cell i gets the k with
// F(k - 1) <= U < F(k), where U is word i of `words` followed by the words that `more` gives for that cell.
// So the result does not depend on how many further bits this code, or another, needs to be certain.
class CanonicalSkellam {
 public:
  explicit CanonicalSkellam(const Ratio& mu, int first_bits = 64);
  ~CanonicalSkellam();
  // Adds sign * noise to cells[0], cells[1] ...; `first` is the number of cells[0] for `more`.
  void AddTo(absl::Span<int64_t> cells, int sign, size_t first, Words& words, const MoreBits& more) const;

 private:
  std::unique_ptr<SkellamSampler> sampler_;
};

}  // namespace penc
