#include "privacy/skellam_sampler.h"

#include <algorithm>
#include <vector>

#include "base/status.h"
#include "privacy/real.h"

namespace penc {
namespace {

constexpr uint64_t kLargestTable = uint64_t{1} << 27;  // mu above is split into independent parts

// mu / (k + sqrt(k^2 + mu^2)): p(k) / p(k - 1) far out, within a relative 1 / sqrt(k^2 + mu^2).
void StartRatio(const Real& mu, uint64_t k, Real& out) {
  Real kk(64), t(mpfr_get_prec(out.get()));
  mpfr_set_uj(kk.get(), k, MPFR_RNDN);
  mpfr_hypot(t.get(), kk.get(), mu.get(), MPFR_RNDN);
  mpfr_add(t.get(), t.get(), kk.get(), MPFR_RNDN);
  mpfr_div(out.get(), mu.get(), t.get(), MPFR_RNDN);
}

// Enclosures of F(k) = P(X <= k) for |k| <= reach(), at `bits` of precision.
class Distribution {
 public:
  Distribution(const Ratio& mu_ratio, mpfr_prec_t bits) : bits_(bits) {
    const mpfr_prec_t work = bits + 96;
    const Real mu(work, mu_ratio, MPFR_RNDN);
    // P(|X| > K) < 2^-(bits + 8) (Chernoff: K asinh(K / mu) - sqrt(mu^2 + K^2) + mu > (bits + 9) ln 2, see
    // the page).
    const double near = mpfr_get_d(mu.get(), MPFR_RNDN), need = static_cast<double>(bits + 40);
    reach_ = 8;
    while (static_cast<double>(reach_) * static_cast<double>(reach_) < 2 * need * near * 1.2 + need * need)
      reach_ += 1 + reach_ / 8;
    // p(k) / p(k - 1) by backward recurrence, then p(k) / p(0) and the mass.
    std::vector<Real> ratios(reach_ + 1, Real(2));
    Real next(work), t(work);
    const uint64_t start = reach_ + 2 * static_cast<uint64_t>(work);
    StartRatio(mu, start + 1, next);
    for (uint64_t k = start; k >= 1; --k) {
      mpfr_set_uj(t.get(), 2 * k, MPFR_RNDN);
      mpfr_div(t.get(), t.get(), mu.get(), MPFR_RNDN);
      mpfr_add(t.get(), t.get(), next.get(), MPFR_RNDN);
      mpfr_ui_div(next.get(), 1, t.get(), MPFR_RNDN);
      if (k <= reach_) ratios[k] = next;
    }
    Real weight(work), mass(work);
    mpfr_set_ui(weight.get(), 1, MPFR_RNDN);
    mpfr_set_ui(mass.get(), 1, MPFR_RNDN);
    for (uint64_t k = 1; k <= reach_; ++k) {
      mpfr_mul(weight.get(), weight.get(), ratios[k].get(), MPFR_RNDN);
      mpfr_mul_2ui(t.get(), weight.get(), 1, MPFR_RNDN);
      mpfr_add(mass.get(), mass.get(), t.get(), MPFR_RNDN);
    }
    // P(X > k) for k >= 0, by summing from the far end: above[k].
    above_.assign(reach_ + 1, Real(2));
    Real sum(work);
    for (uint64_t k = reach_;; --k) {
      above_[k] = sum;
      mpfr_div(above_[k].get(), above_[k].get(), mass.get(), MPFR_RNDN);
      if (k == 0) break;
      mpfr_add(sum.get(), sum.get(), weight.get(), MPFR_RNDN);
      mpfr_div(weight.get(), weight.get(), ratios[k].get(), MPFR_RNDN);
    }
  }

  int64_t reach() const { return static_cast<int64_t>(reach_); }

  // A bound of F(k): at most (MPFR_RNDD) or at least (MPFR_RNDU) its true value, within 2^-bits.
  Real Bound(int64_t k, mpfr_rnd_t round) const {
    Real f = above_[k >= 0 ? k : -k - 1];
    if (k >= 0) mpfr_ui_sub(f.get(), 1, f.get(), round);  // F(k) = 1 - P(X > k); F(-k - 1) = P(X > k)
    Real slack(64);
    mpfr_set_ui_2exp(slack.get(), 1, -static_cast<mpfr_exp_t>(bits_) - 1, MPFR_RNDN);
    (round == MPFR_RNDD ? mpfr_sub : mpfr_add)(f.get(), f.get(), slack.get(), round);
    return f;
  }

 private:
  mpfr_prec_t bits_;
  uint64_t reach_;
  std::vector<Real> above_;
};

class SkellamSampler final : public NoiseSampler {
 public:
  SkellamSampler(const Ratio& mu, int first_bits) : mu_(mu), first_bits_(first_bits) {
    const Distribution distribution(mu, 128);
    // floor(2^first_bits (lower bound of F(k))), for the k where it says something.
    for (int64_t k = -distribution.reach(); k <= distribution.reach(); ++k) {
      Real f = distribution.Bound(k, MPFR_RNDD);
      if (mpfr_sgn(f.get()) <= 0) continue;
      mpfr_mul_2ui(f.get(), f.get(), first_bits, MPFR_RNDD);
      const uint64_t floor = mpfr_get_uj(f.get(), MPFR_RNDD);
      if (floor == 0) continue;
      if (floors_.empty()) first_ = k;
      floors_.push_back(floor);
      if (floor >= Top()) break;
    }
    PENC_CHECK(!floors_.empty());
    // guide_[i]: the first floor that is not below the i-th part of the range.
    int guide_bits = 1;
    while (guide_bits < 16 && guide_bits < first_bits && (size_t{1} << guide_bits) < 2 * floors_.size())
      ++guide_bits;
    guide_shift_ = first_bits - guide_bits;
    size_t at = 0;
    for (uint64_t i = 0; i < (uint64_t{1} << guide_bits); ++i) {
      while (at < floors_.size() && floors_[at] < i << guide_shift_) ++at;
      guide_.push_back(static_cast<uint32_t>(at));
    }
  }

  int64_t Draw(Words& words) const override {
    const uint64_t u = words.Next() >> (64 - first_bits_);
    size_t at = guide_[u >> guide_shift_];
    while (at < floors_.size() && floors_[at] < u) ++at;
    // U lies in [u, u + 1) 2^-bits, F(first + at) in [floor, floor + 2) 2^-bits. Certain where the intervals
    // are apart: the floor at `at` is above u, and the one before is more than one below it.
    if (at > 0 && at < floors_.size() && floors_[at] > u && floors_[at - 1] + 1 < u) {
      return first_ + static_cast<int64_t>(at);
    }
    return DrawMore(u, words);
  }

  void AddTo(absl::Span<int64_t> cells, Words& words) const override {
    for (int64_t& cell : cells) cell += Draw(words);
  }

 private:
  uint64_t Top() const { return first_bits_ == 64 ? UINT64_MAX : (uint64_t{1} << first_bits_) - 1; }

  // U is known to be in [u, u + 1) 2^-bits: draws further bits until one k has F(k - 1) <= U < F(k) for
  // certain.
  int64_t DrawMore(uint64_t u, Words& words) const {
    mpfr_prec_t bits = first_bits_;
    Real low(4096);
    mpfr_set_uj(low.get(), u, MPFR_RNDN);
    mpfr_div_2ui(low.get(), low.get(), bits, MPFR_RNDN);
    for (;;) {
      Real part(64);
      mpfr_set_uj(part.get(), words.Next(), MPFR_RNDN);
      mpfr_div_2ui(part.get(), part.get(), bits + 64, MPFR_RNDN);
      mpfr_add(low.get(), low.get(), part.get(),
               MPFR_RNDN);  // exact: at most 4,096 bits, after which nobody ever was
      bits += 64;
      PENC_CHECK(bits <= 4096);
      Real high = low, unit(64);
      mpfr_set_ui_2exp(unit.get(), 1, -bits, MPFR_RNDN);
      mpfr_add(high.get(), high.get(), unit.get(), MPFR_RNDN);
      const Distribution distribution(mu_, bits + 64);
      // The first k whose F is certainly not below the interval; it is the answer if the one before is
      // certainly not above.
      int64_t from = -distribution.reach(), to = distribution.reach();
      while (from < to) {
        const int64_t middle = from + (to - from) / 2;
        if (mpfr_cmp(distribution.Bound(middle, MPFR_RNDD).get(), high.get()) >= 0) {
          to = middle;
        } else {
          from = middle + 1;
        }
      }
      const bool inside = from > -distribution.reach() && from < distribution.reach();
      if (inside && mpfr_cmp(distribution.Bound(from - 1, MPFR_RNDU).get(), low.get()) <= 0) return from;
    }
  }

  Ratio mu_;
  int first_bits_;
  int guide_shift_ = 0;
  int64_t first_ = 0;  // floors_[i] belongs to k = first_ + i
  std::vector<uint64_t> floors_;
  std::vector<uint32_t> guide_;
};

// A variance too large for one table: 2^n independent equal parts add up to it exactly.
class SumSampler final : public NoiseSampler {
 public:
  SumSampler(const Ratio& part, uint64_t parts) : part_(MakeSkellamSampler(part)), parts_(parts) {}
  int64_t Draw(Words& words) const override {
    int64_t sum = 0;
    for (uint64_t i = 0; i < parts_; ++i) sum += part_->Draw(words);
    return sum;
  }
  void AddTo(absl::Span<int64_t> cells, Words& words) const override {
    for (int64_t& cell : cells) cell += Draw(words);
  }

 private:
  std::unique_ptr<NoiseSampler> part_;
  uint64_t parts_;
};

}  // namespace

std::unique_ptr<NoiseSampler> MakeSkellamSampler(const Ratio& mu, int first_bits) {
  PENC_CHECK(mu.num > 0 && mu.den > 0 && first_bits >= 1 && first_bits <= 64);
  PENC_CHECK(mu.den / mu.num <= 1024 && mu.num / mu.den <= uint64_t{1} << 50);
  Ratio part = mu;
  uint64_t parts = 1;
  while (part.num / part.den >= kLargestTable) {
    part.den *= 2;
    parts *= 2;
  }
  if (parts > 1) return std::make_unique<SumSampler>(part, parts);
  return std::make_unique<SkellamSampler>(mu, first_bits);
}

}  // namespace penc
