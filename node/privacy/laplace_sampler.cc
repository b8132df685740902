#include "privacy/laplace_sampler.h"

#include <array>
#include <vector>

#include "base/status.h"
#include "privacy/real.h"

namespace penc {
namespace {

constexpr int kChunk = 16;  // bits of a threshold compared at a time

// The binary expansion of a probability p = 1 / (1 + e^x), or e^-x, with x = a 2^shift: the first 64 bits at
// hand, later ones worked out when a draw needs them.
class Threshold {
 public:
  Threshold(const Ratio& a, int shift, bool tail) : a_(a), shift_(shift), tail_(tail) {
    // 64 certain bits: p at 256 bits, rounded down and up, must agree on them; if not, the draw falls to
    // Bits() earlier.
    head_ = 0;
    for (int chunk = 0; chunk < 64 / kChunk; ++chunk) head_ = head_ << kChunk | Bits(chunk);
  }

  // True with probability exactly p. `pool` holds random bits that were not used yet.
  template <typename Draw16>
  bool Bernoulli(Draw16& draw) const {
    for (int chunk = 0;; ++chunk) {
      const uint64_t u = draw();
      const uint64_t digit =
          chunk < 64 / kChunk ? head_ >> (64 - kChunk * (chunk + 1)) & 0xffff : Bits(chunk);
      if (u != digit) return u < digit;
    }
  }

 private:
  // Bits [16 chunk, 16 chunk + 16) of p after the binary point.
  uint64_t Bits(int chunk) const {
    for (mpfr_prec_t bits = 128 + kChunk * (chunk + 1);; bits *= 2) {
      const uint64_t low = At(bits, chunk, MPFR_RNDD), high = At(bits, chunk, MPFR_RNDU);
      if (low == high) return low;
    }
  }
  // The same of a bound of p: below it (MPFR_RNDD) or above (MPFR_RNDU).
  uint64_t At(mpfr_prec_t bits, int chunk, mpfr_rnd_t round) const {
    const mpfr_rnd_t other = round == MPFR_RNDD ? MPFR_RNDU : MPFR_RNDD;
    Real p(bits, a_, other);                            // both forms fall as x grows
    mpfr_mul_2si(p.get(), p.get(), shift_, MPFR_RNDN);  // exact
    if (tail_) {
      mpfr_neg(p.get(), p.get(), MPFR_RNDN);
      mpfr_exp(p.get(), p.get(), round);
    } else {
      mpfr_exp(p.get(), p.get(), other);
      mpfr_add_ui(p.get(), p.get(), 1, other);
      mpfr_ui_div(p.get(), 1, p.get(), round);
    }
    mpfr_mul_2si(p.get(), p.get(), kChunk * (chunk + 1), MPFR_RNDN);  // exact
    mpfr_floor(p.get(), p.get());
    Real modulus(64);
    mpfr_set_ui_2exp(modulus.get(), 1, kChunk, MPFR_RNDN);
    mpfr_fmod(p.get(), p.get(), modulus.get(), MPFR_RNDN);  // exact: an integer
    return mpfr_get_uj(p.get(), MPFR_RNDN);
  }

  Ratio a_;
  int shift_;
  bool tail_;
  uint64_t head_ = 0;
};

class LaplaceSampler final : public NoiseSampler {
 public:
  LaplaceSampler(const Ratio& a, int digits_reach) {
    int digits = 0;
    while (static_cast<double>(a.num) / static_cast<double>(a.den) *
               static_cast<double>(uint64_t{1} << digits) <
           digits_reach)
      ++digits;
    PENC_CHECK(digits <= 46);
    for (int j = 0; j < digits; ++j) digits_.emplace_back(a, j, /*tail=*/false);
    above_ = std::make_unique<Threshold>(a, digits, /*tail=*/true);
  }

  int64_t Draw(Words& words) const override {
    Pool pool(words);
    return DrawFrom(pool);
  }
  void AddTo(absl::Span<int64_t> cells, Words& words) const override {
    Pool pool(words);
    for (int64_t& cell : cells) cell += DrawFrom(pool);
  }

 private:
  // Random bits in chunks of 16.
  class Pool {
   public:
    explicit Pool(Words& words) : words_(words) {}
    uint64_t operator()() {
      if (left_ == 0) {
        word_ = words_.Next();
        left_ = 64 / kChunk;
      }
      const uint64_t chunk = word_ & 0xffff;
      word_ >>= kChunk;
      --left_;
      return chunk;
    }

   private:
    Words& words_;
    uint64_t word_ = 0;
    int left_ = 0;
  };

  // P(k) = (1 - q) q^k, k >= 0.
  int64_t Geometric(Pool& pool) const {
    int64_t k = 0;
    for (size_t j = 0; j < digits_.size(); ++j) k |= static_cast<int64_t>(digits_[j].Bernoulli(pool)) << j;
    while (above_->Bernoulli(pool)) k += int64_t{1} << digits_.size();
    return k;
  }
  int64_t DrawFrom(Pool& pool) const {
    const int64_t plus = Geometric(pool);
    return plus - Geometric(pool);
  }

  std::vector<Threshold> digits_;
  std::unique_ptr<Threshold> above_;
};

}  // namespace

std::unique_ptr<NoiseSampler> MakeLaplaceSampler(const Ratio& a, int digits_reach) {
  PENC_CHECK(a.num > 0 && a.den > 0 && a.num / a.den <= 64 && a.den / a.num < (uint64_t{1} << 40));
  PENC_CHECK(digits_reach >= 1);
  return std::make_unique<LaplaceSampler>(a, digits_reach);
}

}  // namespace penc
