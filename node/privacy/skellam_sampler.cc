#include "privacy/skellam_sampler.h"

#include <array>
#include <functional>
#include <vector>

#include "base/status.h"
#include "privacy/real.h"

namespace penc {
namespace {

constexpr uint64_t kLargestTable = uint64_t{1} << 27;  // mu above is split into independent parts
constexpr mpfr_prec_t kFirstBits = 72;  // of the first table: 127 bits at work, where MPFR is fastest

static_assert(sizeof(unsigned long) == 8, "floors are 64-bit words");

// mu / (k + sqrt(k^2 + mu^2)): p(k) / p(k - 1) far out, within a relative 1 / sqrt(k^2 + mu^2).
void StartRatio(const Real& mu, uint64_t k, Real& out) {
  Real kk(64), t(mpfr_get_prec(out.get()));
  mpfr_set_uj(kk.get(), k, MPFR_RNDN);
  mpfr_hypot(t.get(), kk.get(), mu.get(), MPFR_RNDN);
  mpfr_add(t.get(), t.get(), kk.get(), MPFR_RNDN);
  mpfr_div(out.get(), mu.get(), t.get(), MPFR_RNDN);
}

// Enclosures of F(k) = P(X <= k) for |k| <= reach(), within 2^-bits.
class Distribution {
 public:
  Distribution(const Ratio& mu_ratio, mpfr_prec_t bits) : slack_(64) {
    const mpfr_prec_t work = bits + 55;
    const Real mu(work, mu_ratio, MPFR_RNDN);
    // P(|X| > reach) < 2^-(bits + 31) (the page, "Tail").
    const double near = mpfr_get_d(mu.get(), MPFR_RNDN), need = static_cast<double>(bits + 32);
    reach_ = 8;
    while (static_cast<double>(reach_) * static_cast<double>(reach_) < 1.9 * need * near + 0.4 * need * need)
      reach_ += 1 + reach_ / 16;
    // r(k) = p(k) / p(k - 1) by backward recurrence r(k) = 1 / ((2 / mu) k + r(k + 1)).
    std::vector<Real> weights(reach_ + 1, Real(work));
    Real step(work), next(work), t(work);
    mpfr_ui_div(step.get(), 2, mu.get(), MPFR_RNDN);
    const uint64_t start = reach_ + 2 * static_cast<uint64_t>(work);
    StartRatio(mu, start + 1, next);
    for (uint64_t k = start; k >= 1; --k) {
      mpfr_mul_ui(t.get(), step.get(), k, MPFR_RNDN);
      mpfr_add(t.get(), t.get(), next.get(), MPFR_RNDN);
      mpfr_ui_div(next.get(), 1, t.get(), MPFR_RNDN);
      if (k <= reach_) mpfr_set(weights[k].get(), next.get(), MPFR_RNDN);
    }
    // p(k) / p(0), and half the mass.
    Real sum(work), mass(work);
    mpfr_set_ui(weights[0].get(), 1, MPFR_RNDN);
    for (uint64_t k = 1; k <= reach_; ++k) {
      mpfr_mul(weights[k].get(), weights[k].get(), weights[k - 1].get(), MPFR_RNDN);
      mpfr_add(mass.get(), mass.get(), weights[k].get(), MPFR_RNDN);
    }
    mpfr_mul_2ui(mass.get(), mass.get(), 1, MPFR_RNDN);
    mpfr_add_ui(mass.get(), mass.get(), 1, MPFR_RNDN);
    mpfr_ui_div(mass.get(), 1, mass.get(), MPFR_RNDN);
    // P(X > k) for k >= 0 in the place of p(k), summed from the far end.
    for (uint64_t k = reach_;; --k) {
      mpfr_swap(t.get(), weights[k].get());
      mpfr_mul(weights[k].get(), sum.get(), mass.get(), MPFR_RNDN);
      if (k == 0) break;
      mpfr_add(sum.get(), sum.get(), t.get(), MPFR_RNDN);
    }
    above_ = std::move(weights);
    mpfr_set_ui_2exp(slack_.get(), 1, -static_cast<mpfr_exp_t>(bits) - 1, MPFR_RNDN);
  }

  int64_t reach() const { return static_cast<int64_t>(reach_); }

  // A bound of F(k): at most (MPFR_RNDD) or at least (MPFR_RNDU) its true value, within 2^-bits.
  Real Bound(int64_t k, mpfr_rnd_t round) const {
    Real f = above_[k >= 0 ? k : -k - 1];
    if (k >= 0) mpfr_ui_sub(f.get(), 1, f.get(), round);  // F(k) = 1 - P(X > k); F(-k - 1) = P(X > k)
    (round == MPFR_RNDD ? mpfr_sub : mpfr_add)(f.get(), f.get(), slack_.get(), round);
    return f;
  }

  // floor(2^bits P(X > k) - slack), or 0, and ceil(2^bits P(X > k) + slack), k >= 0, bits <= 64.
  uint64_t FloorAbove(int64_t k, int bits, Real& scratch) const {
    mpfr_sub(scratch.get(), above_[k].get(), slack_.get(), MPFR_RNDD);
    mpfr_mul_2ui(scratch.get(), scratch.get(), bits, MPFR_RNDD);
    return mpfr_sgn(scratch.get()) <= 0 ? 0 : mpfr_get_ui(scratch.get(), MPFR_RNDD);
  }
  uint64_t CeilingAbove(int64_t k, int bits, Real& scratch) const {
    mpfr_add(scratch.get(), above_[k].get(), slack_.get(), MPFR_RNDU);
    mpfr_mul_2ui(scratch.get(), scratch.get(), bits, MPFR_RNDU);
    return mpfr_get_ui(scratch.get(), MPFR_RNDU);
  }

 private:
  uint64_t reach_;
  Real slack_;  // 2^-(bits + 1): more than all errors of above_ together
  std::vector<Real> above_;
};

}  // namespace

class SkellamSampler final : public NoiseSampler {
 public:
  SkellamSampler(const Ratio& mu, int first_bits) : mu_(mu), first_bits_(first_bits) {
    const Distribution distribution(mu, kFirstBits);
    // floor(2^first_bits (lower bound of F(k))), for the k where it says something: F(-k - 1) = P(X > k)
    // below zero, F(k) = 1 - P(X > k) above.
    Real scratch(kFirstBits + 64);
    for (int64_t k = distribution.reach(); k >= 0; --k) {
      const uint64_t floor = distribution.FloorAbove(k, first_bits, scratch);
      if (floor == 0) continue;
      if (floors_.empty()) first_ = -k - 1;
      floors_.push_back(floor);
    }
    if (floors_.empty()) first_ = 0;
    const uint64_t one =
        first_bits == 64 ? 0 : uint64_t{1} << first_bits;  // 2^64 is 0: the differences are right
    for (int64_t k = 0; k <= distribution.reach(); ++k) {
      const uint64_t ceiling = distribution.CeilingAbove(k, first_bits, scratch);
      floors_.push_back(one - ceiling);
      if (ceiling == 1) break;
    }
    count_ = floors_.size();
    while ((size_t{1} << levels_) <= count_) ++levels_;
    floors_.resize((size_t{1} << levels_) - 1, UINT64_MAX);
  }

  int64_t Draw(Words& words) const override {
    const uint64_t u = words.Next() >> (64 - first_bits_);
    size_t at = 0;
    for (int level = levels_ - 1; level >= 0; --level) at = Step(at, level, u);
    return Decide(at, u, [&words](uint64_t) { return words.Next(); });
  }

  void AddTo(absl::Span<int64_t> cells, Words& words) const override {
    AddTo(cells, 1, words, [&words](size_t, uint64_t) { return words.Next(); });
  }

  // `more(cell, n)`: the n-th further word of a cell.
  template <typename More>
  void AddTo(absl::Span<int64_t> cells, int64_t sign, Words& words, const More& more) const {
    // Several searches side by side, so that one waits for memory while the others go on.
    constexpr size_t kLanes = 8;
    size_t first = 0;
    for (; first + kLanes <= cells.size(); first += kLanes) {
      std::array<uint64_t, kLanes> u;
      std::array<size_t, kLanes> at{};
      for (uint64_t& word : u) word = words.Next() >> (64 - first_bits_);
      for (int level = levels_ - 1; level >= 0; --level) {
        for (size_t lane = 0; lane < kLanes; ++lane) at[lane] = Step(at[lane], level, u[lane]);
      }
      for (size_t lane = 0; lane < kLanes; ++lane) {
        const size_t cell = first + lane;
        cells[cell] += sign * Decide(at[lane], u[lane], [&](uint64_t n) { return more(cell, n); });
      }
    }
    for (; first < cells.size(); ++first) {
      const uint64_t u = words.Next() >> (64 - first_bits_);
      size_t at = 0;
      for (int level = levels_ - 1; level >= 0; --level) at = Step(at, level, u);
      cells[first] += sign * Decide(at, u, [&](uint64_t n) { return more(first, n); });
    }
  }

 private:
  // One level of the search for the number of floors below u: no branch, so that all draws take the same
  // steps.
  size_t Step(size_t at, int level, uint64_t u) const {
    const size_t half = size_t{1} << level;
    return at + (half & -static_cast<size_t>(floors_[at + half - 1] < u));
  }

  // U lies in [u, u + 1) 2^-bits, F(first + i) in [floor, floor + 2) 2^-bits. Certain where the intervals are
  // apart: the floor at `at` is above u, and the one before is more than one below it.
  template <typename Next>
  int64_t Decide(size_t at, uint64_t u, const Next& next) const {
    if (at > 0 && at < count_ && floors_[at] > u && floors_[at - 1] + 1 < u) {
      return first_ + static_cast<int64_t>(at);
    }
    return DrawMore(u, next);
  }

  // U is known to be in [u, u + 1) 2^-bits: draws further bits until one k has F(k - 1) <= U < F(k) for
  // certain. `next(n)`: the n-th further word.
  int64_t DrawMore(uint64_t u, const std::function<uint64_t(uint64_t)>& next) const {
    mpfr_prec_t bits = first_bits_;
    Real low(4096);
    mpfr_set_uj(low.get(), u, MPFR_RNDN);
    mpfr_div_2ui(low.get(), low.get(), bits, MPFR_RNDN);
    for (uint64_t n = 0;; ++n) {
      Real part(64);
      mpfr_set_uj(part.get(), next(n), MPFR_RNDN);
      mpfr_div_2ui(part.get(), part.get(), bits + 64, MPFR_RNDN);
      mpfr_add(low.get(), low.get(), part.get(), MPFR_RNDN);  // exact: low holds 4,096 bits
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
  int levels_ = 1;
  int64_t first_ = 0;             // floors_[i] belongs to k = first_ + i
  size_t count_ = 0;              // the floors; padding of UINT64_MAX to 2^levels - 1 follows
  std::vector<uint64_t> floors_;  // ascending
};

namespace {

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
    for (uint64_t i = 0; i < parts_; ++i) part_->AddTo(cells, words);
  }

 private:
  std::unique_ptr<NoiseSampler> part_;
  uint64_t parts_;
};

}  // namespace

std::unique_ptr<NoiseSampler> MakeSkellamSampler(const Ratio& mu, int first_bits) {
  PENC_CHECK(mu.num > 0 && mu.den > 0 && first_bits >= 1 && first_bits <= 64);
  PENC_CHECK(mu.den / mu.num <= uint64_t{1} << 40 && mu.num / mu.den <= uint64_t{1} << 50);
  Ratio part = mu;
  uint64_t parts = 1;
  while (part.num / part.den >= kLargestTable) {
    part.den *= 2;
    parts *= 2;
  }
  if (parts > 1) return std::make_unique<SumSampler>(part, parts);
  return std::make_unique<SkellamSampler>(mu, first_bits);
}

CanonicalSkellam::CanonicalSkellam(const Ratio& mu, int first_bits) {
  PENC_CHECK(first_bits >= 1 && first_bits <= 64);
  PENC_CHECK(mu.num > 0 && mu.den > 0 && mu.den / mu.num <= uint64_t{1} << 40 &&
             mu.num / mu.den < kLargestTable);
  sampler_ = std::make_unique<SkellamSampler>(mu, first_bits);
}
CanonicalSkellam::~CanonicalSkellam() = default;

void CanonicalSkellam::AddTo(absl::Span<int64_t> cells, int sign, size_t first, Words& words,
                             const MoreBits& more) const {
  sampler_->AddTo(cells, sign, words, [&](size_t cell, uint64_t n) { return more(first + cell, n); });
}

}  // namespace penc
