#include "privacy/cost.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "base/status.h"
#include "privacy/real.h"

namespace penc {
namespace {

// 256 bits carry every intermediate value; the worst cancellation below loses fewer than 130 of them, so a
// computed value is within 2^-120 of the true one, relatively. kSlack is added before rounding up: the result
// is never below the truth.
constexpr mpfr_prec_t kBits = 256;
constexpr int kSlackBits = 100;
constexpr uint64_t kMost = UINT64_MAX - 1;

// ceil((value (1 + 2^-100)) 2^40), saturating.
uint64_t RoundedUp(Real value) {
  if (mpfr_nan_p(value.get()) != 0 || mpfr_inf_p(value.get()) != 0) return kMost;
  Real slack(kBits);
  mpfr_mul_2si(slack.get(), value.get(), -kSlackBits, MPFR_RNDU);
  mpfr_abs(slack.get(), slack.get(), MPFR_RNDU);
  mpfr_add(value.get(), value.get(), slack.get(), MPFR_RNDU);
  mpfr_mul_2ui(value.get(), value.get(), 40, MPFR_RNDU);
  if (mpfr_cmp_ui_2exp(value.get(), 1, 62) > 0) return kMost;
  return mpfr_sgn(value.get()) <= 0 ? 1 : mpfr_get_uj(value.get(), MPFR_RNDU);
}

Real Alpha(Order order) {
  Real alpha(kBits);
  mpfr_set_ui_2exp(alpha.get(), order.twice_alpha, -1, MPFR_RNDN);
  return alpha;
}

// R_alpha of discrete Laplace at shift d (cost.md, "Discrete Laplace").
uint64_t LaplaceRenyi(const Ratio& a_ratio, uint64_t d, Order order) {
  const Real a(kBits, a_ratio, MPFR_RNDN), alpha = Alpha(order);
  Real q(kBits), s(kBits), left(kBits), right(kBits), below(kBits), t(kBits);
  mpfr_neg(t.get(), a.get(), MPFR_RNDN);
  mpfr_exp(q.get(), t.get(), MPFR_RNDN);
  mpfr_mul_ui(t.get(), a.get(), order.twice_alpha - 1, MPFR_RNDN);  // (2 alpha - 1) a
  mpfr_exp(s.get(), t.get(), MPFR_RNDN);
  // (s - q) e^((alpha - 1) a d)
  mpfr_sub_ui(t.get(), alpha.get(), 1, MPFR_RNDN);
  mpfr_mul(t.get(), t.get(), a.get(), MPFR_RNDN);
  mpfr_mul_ui(t.get(), t.get(), d, MPFR_RNDN);
  mpfr_exp(left.get(), t.get(), MPFR_RNDN);
  mpfr_sub(t.get(), s.get(), q.get(), MPFR_RNDN);
  mpfr_mul(left.get(), left.get(), t.get(), MPFR_RNDN);
  // (q s - 1) e^(-alpha a d)
  mpfr_mul(t.get(), alpha.get(), a.get(), MPFR_RNDN);
  mpfr_mul_ui(t.get(), t.get(), d, MPFR_RNDN);
  mpfr_neg(t.get(), t.get(), MPFR_RNDN);
  mpfr_exp(right.get(), t.get(), MPFR_RNDN);
  mpfr_mul(t.get(), q.get(), s.get(), MPFR_RNDN);
  mpfr_sub_ui(t.get(), t.get(), 1, MPFR_RNDN);
  mpfr_mul(right.get(), right.get(), t.get(), MPFR_RNDN);
  // (s - 1)(1 + q)
  mpfr_sub_ui(below.get(), s.get(), 1, MPFR_RNDN);
  mpfr_add_ui(t.get(), q.get(), 1, MPFR_RNDN);
  mpfr_mul(below.get(), below.get(), t.get(), MPFR_RNDN);
  mpfr_add(left.get(), left.get(), right.get(), MPFR_RNDN);
  mpfr_div(left.get(), left.get(), below.get(), MPFR_RNDN);
  mpfr_log(left.get(), left.get(), MPFR_RNDN);
  mpfr_sub_ui(t.get(), alpha.get(), 1, MPFR_RNDN);
  mpfr_div(left.get(), left.get(), t.get(), MPFR_RNDN);
  return RoundedUp(std::move(left));
}

// Upper bound of R_n at integer n >= 2 (Agarwal, Kairouz, Liu 2021, Theorem 3.5): n d^2 / 2 mu + min(((2n -
// 1) d^2 + 6 d) / 4 mu^2, 3 d / 2 mu). Every step is rounded up.
Real SkellamBound(const Ratio& mu_ratio, uint64_t d, uint32_t n) {
  const Real mu(kBits, mu_ratio, MPFR_RNDD);
  Real first(kBits), second(kBits), third(kBits), t(kBits);
  mpfr_set_uj(t.get(), d, MPFR_RNDN);
  mpfr_mul_ui(first.get(), t.get(), d, MPFR_RNDU);
  mpfr_mul_ui(second.get(), first.get(), 2 * n - 1, MPFR_RNDU);
  mpfr_mul_ui(t.get(), t.get(), 6, MPFR_RNDU);
  mpfr_add(second.get(), second.get(), t.get(), MPFR_RNDU);
  mpfr_div(second.get(), second.get(), mu.get(), MPFR_RNDU);
  mpfr_div(second.get(), second.get(), mu.get(), MPFR_RNDU);
  mpfr_div_2ui(second.get(), second.get(), 2, MPFR_RNDU);
  mpfr_set_uj(third.get(), d, MPFR_RNDN);
  mpfr_mul_ui(third.get(), third.get(), 3, MPFR_RNDU);
  mpfr_div(third.get(), third.get(), mu.get(), MPFR_RNDU);
  mpfr_div_2ui(third.get(), third.get(), 1, MPFR_RNDU);
  mpfr_mul_ui(first.get(), first.get(), n, MPFR_RNDU);
  mpfr_div(first.get(), first.get(), mu.get(), MPFR_RNDU);
  mpfr_div_2ui(first.get(), first.get(), 1, MPFR_RNDU);
  mpfr_add(first.get(), first.get(), mpfr_cmp(second.get(), third.get()) < 0 ? second.get() : third.get(),
           MPFR_RNDU);
  return first;
}

// The same at a half-integer order, by convexity of (alpha - 1) R_alpha in alpha.
Real SkellamBound(const Ratio& mu, uint64_t d, Order order) {
  const uint32_t n = order.twice_alpha / 2;
  if (order.twice_alpha % 2 == 0) return SkellamBound(mu, d, n);
  Real sum(kBits);
  if (n >= 2) {
    sum = SkellamBound(mu, d, n);
    mpfr_mul_ui(sum.get(), sum.get(), n - 1, MPFR_RNDU);
  }
  Real above = SkellamBound(mu, d, n + 1);
  mpfr_mul_ui(above.get(), above.get(), n, MPFR_RNDU);
  mpfr_add(sum.get(), sum.get(), above.get(), MPFR_RNDU);
  // half the sum over alpha - 1 = (2 alpha - 2) / 2
  mpfr_div_ui(sum.get(), sum.get(), order.twice_alpha - 2, MPFR_RNDU);
  return sum;
}

constexpr mpfr_prec_t kSumBits =
    127;  // where MPFR is fastest; all errors of the sum stay below 2^-80 (the page)
constexpr uint64_t kLongestSum = 4096;  // terms: about a millisecond
constexpr int kCutBits = 90;            // terms below 2^-90 of the sum are bounded, not added

// ratios[k] = p(k) / p(k - 1) for k = 1 ... last, by backward recurrence of I_(k-1) = (2k / mu) I_k +
// I_(k+1), from 256 steps further out, where whatever it starts with is forgotten.
std::vector<Real> SkellamRatios(const Real& mu, uint64_t last) {
  std::vector<Real> ratios(last + 1, Real(kSumBits));
  Real step(kSumBits), next(kSumBits), t(kSumBits);
  mpfr_ui_div(step.get(), 2, mu.get(), MPFR_RNDN);
  for (uint64_t k = last + 256; k >= 1; --k) {
    mpfr_mul_ui(t.get(), step.get(), k, MPFR_RNDN);
    mpfr_add(t.get(), t.get(), next.get(), MPFR_RNDN);
    mpfr_ui_div(next.get(), 1, t.get(), MPFR_RNDN);
    if (k <= last) mpfr_set(ratios[k].get(), next.get(), MPFR_RNDN);
  }
  return ratios;
}

// x^(n / 2), n >= 3.
Real HalfPower(const Real& x, uint32_t n) {
  Real out(kSumBits), square(kSumBits);
  mpfr_set_ui(out.get(), 1, MPFR_RNDN);
  mpfr_sqrt(square.get(), x.get(), MPFR_RNDN);
  for (; n != 0; n >>= 1) {
    if (n & 1) mpfr_mul(out.get(), out.get(), square.get(), MPFR_RNDN);
    if (n > 1) mpfr_mul(square.get(), square.get(), square.get(), MPFR_RNDN);
  }
  return out;
}

// sum += term ratio / (1 - ratio), a geometric tail, if the ratio is below one.
bool AddTail(const Real& term, const Real& ratio, Real& sum) {
  if (mpfr_cmp_ui(ratio.get(), 1) >= 0) return false;
  Real t(kSumBits), rest(kSumBits);
  mpfr_ui_sub(rest.get(), 1, ratio.get(), MPFR_RNDD);
  mpfr_mul(t.get(), term.get(), ratio.get(), MPFR_RNDU);
  mpfr_div(t.get(), t.get(), rest.get(), MPFR_RNDU);
  mpfr_add(sum.get(), sum.get(), t.get(), MPFR_RNDU);
  return true;
}

bool Small(const Real& term, const Real& sum) {
  return mpfr_get_exp(term.get()) < mpfr_get_exp(sum.get()) - kCutBits;
}

// An upper bound of t(k) / t(k - 1), falling in k > d: exp((alpha - 1) asinh(k / mu) - alpha asinh((k - d -
// 1/2) / mu)).
Real UpwardRatio(const Real& mu, uint64_t d, uint64_t k, Order order) {
  Real one(kSumBits), two(kSumBits);
  mpfr_set_ui(one.get(), k, MPFR_RNDN);
  mpfr_div(one.get(), one.get(), mu.get(), MPFR_RNDU);
  mpfr_asinh(one.get(), one.get(), MPFR_RNDU);
  mpfr_mul_ui(one.get(), one.get(), order.twice_alpha - 2, MPFR_RNDU);
  mpfr_set_ui_2exp(two.get(), 2 * (k - d) - 1, -1, MPFR_RNDN);
  mpfr_div(two.get(), two.get(), mu.get(), MPFR_RNDD);
  mpfr_asinh(two.get(), two.get(), MPFR_RNDD);
  mpfr_mul_ui(two.get(), two.get(), order.twice_alpha, MPFR_RNDD);
  mpfr_sub(one.get(), one.get(), two.get(), MPFR_RNDU);
  mpfr_div_2ui(one.get(), one.get(), 1, MPFR_RNDU);
  mpfr_exp(one.get(), one.get(), MPFR_RNDU);
  return one;
}

// S_alpha(d) by its definition: ln(sum over k of t(k)) / (alpha - 1), t(k) = p(k - d)^alpha p(k)^(1 - alpha)
// (cost.md, "Skellam"). kMost where more than kLongestSum terms would be needed.
uint64_t SkellamNumeric(const Ratio& mu_ratio, uint64_t d, Order order) {
  const Real mu(kSumBits, mu_ratio, MPFR_RNDN);
  // The terms are a bell whose top lies between d and alpha d, about as wide as sqrt(mu + alpha d).
  const double top = static_cast<double>(order.twice_alpha) * static_cast<double>(d) / 2;
  const double width = std::sqrt(mpfr_get_d(mu.get(), MPFR_RNDN) + top);
  if (top + static_cast<double>(d) + 13 * width + 60 > kLongestSum) return kMost;
  const auto last = static_cast<uint64_t>(top + static_cast<double>(d) + 13 * width + 60);

  const std::vector<Real> r = SkellamRatios(mu, last + d + 1);
  std::vector<Real> g(1, Real(kSumBits));  // g[k] = r[k]^alpha
  for (uint64_t k = 1; k < r.size(); ++k) g.push_back(HalfPower(r[k], order.twice_alpha));

  // In units of p(0): the mass, and t(d) = p(d)^(1 - alpha).
  Real u(kSumBits), mass(kSumBits), start(kSumBits), ratio(kSumBits);
  mpfr_set_ui(u.get(), 1, MPFR_RNDN);
  mpfr_set_ui(start.get(), 1, MPFR_RNDN);
  for (uint64_t k = 1; k <= last; ++k) {
    mpfr_mul(u.get(), u.get(), r[k].get(), MPFR_RNDN);
    mpfr_add(mass.get(), mass.get(), u.get(), MPFR_RNDN);
    if (k > d) continue;
    mpfr_mul(start.get(), start.get(), r[k].get(), MPFR_RNDN);
    mpfr_div(start.get(), start.get(), g[k].get(), MPFR_RNDN);
  }
  mpfr_mul_2ui(mass.get(), mass.get(), 1, MPFR_RNDN);
  mpfr_add_ui(mass.get(), mass.get(), 1, MPFR_RNDN);

  Real sum = start, term = start;
  // Upwards: t(k) / t(k - 1) = r(k - d)^alpha r(k)^(1 - alpha).
  for (uint64_t k = d + 1;; ++k) {
    if (k > last) return kMost;
    if (Small(term, sum) && AddTail(term, UpwardRatio(mu, d, k, order), sum)) break;
    mpfr_mul(ratio.get(), g[k - d].get(), r[k].get(), MPFR_RNDN);
    mpfr_div(ratio.get(), ratio.get(), g[k].get(), MPFR_RNDN);
    mpfr_mul(term.get(), term.get(), ratio.get(), MPFR_RNDN);
    mpfr_add(sum.get(), sum.get(), term.get(), MPFR_RNDN);
  }
  // Downwards from d to 1: t(k - 1) / t(k) = r(d + 1 - k)^alpha r(k)^(alpha - 1).
  term = start;
  for (uint64_t k = d; k >= 1; --k) {
    mpfr_mul(ratio.get(), g[d + 1 - k].get(), g[k].get(), MPFR_RNDN);
    mpfr_div(ratio.get(), ratio.get(), r[k].get(), MPFR_RNDN);
    mpfr_mul(term.get(), term.get(), ratio.get(), MPFR_RNDN);
    mpfr_add(sum.get(), sum.get(), term.get(), MPFR_RNDN);
  }
  // From 0 down: t(-k) / t(-k + 1) = r(d + k)^alpha r(k)^(1 - alpha) <= r(k), since r falls.
  for (uint64_t k = 1;; ++k) {
    if (k > last) return kMost;
    if (Small(term, sum) && AddTail(term, r[k], sum)) break;
    mpfr_mul(ratio.get(), g[d + k].get(), r[k].get(), MPFR_RNDN);
    mpfr_div(ratio.get(), ratio.get(), g[k].get(), MPFR_RNDN);
    mpfr_mul(term.get(), term.get(), ratio.get(), MPFR_RNDN);
    mpfr_add(sum.get(), sum.get(), term.get(), MPFR_RNDN);
  }
  mpfr_div(sum.get(), sum.get(), mass.get(), MPFR_RNDU);
  mpfr_mul_2si(ratio.get(), sum.get(), -64, MPFR_RNDU);  // more than all errors of the sum together
  mpfr_add(sum.get(), sum.get(), ratio.get(), MPFR_RNDU);
  mpfr_log(sum.get(), sum.get(), MPFR_RNDU);
  mpfr_mul_2ui(sum.get(), sum.get(), 1, MPFR_RNDN);
  mpfr_div_ui(sum.get(), sum.get(), order.twice_alpha - 2, MPFR_RNDU);
  return RoundedUp(std::move(sum));
}

uint64_t SkellamRenyi(const Ratio& mu, uint64_t d, Order order) {
  // From 1,024 on the bound is within a part in a thousand of the truth where it matters (d^2 << mu); below
  // it the sum itself is taken if it is short enough.
  const uint64_t bound = RoundedUp(SkellamBound(mu, d, order));
  const Ratio large{1024, 1};
  return mu < large ? std::min(SkellamNumeric(mu, d, order), bound) : bound;
}

uint64_t RenyiAt(const Mechanism& mechanism, uint64_t shift, Order order) {
  if (shift == 0) return 0;
  return mechanism.family == Family::kDiscreteLaplace ? LaplaceRenyi(mechanism.parameter, shift, order)
                                                      : SkellamRenyi(mechanism.parameter, shift, order);
}

uint64_t Saturated(unsigned __int128 value) { return value > kMost ? kMost : static_cast<uint64_t>(value); }

}  // namespace

Cost operator+(const Cost& a, const Cost& b) {
  Cost sum;
  sum.pure = a.pure == kInfinitePure || b.pure == kInfinitePure
                 ? kInfinitePure
                 : Saturated(static_cast<unsigned __int128>(a.pure) + b.pure);
  sum.renyi = Saturated(static_cast<unsigned __int128>(a.renyi) + b.renyi);
  sum.delta = Saturated(static_cast<unsigned __int128>(a.delta) + b.delta);
  return sum;
}

Cost CostOf(const Mechanism& mechanism, const Contribution& person, Order order) {
  PENC_CHECK(mechanism.parameter.num > 0 && mechanism.parameter.den > 0 && order.twice_alpha >= 3);
  PENC_CHECK(mechanism.rate == Ratio({1, 1}));
  PENC_CHECK(person.l0 > 0 && person.linf > 0);
  const uint64_t most = Saturated(static_cast<unsigned __int128>(person.l0) * person.linf);
  const uint64_t l1 = std::min(person.l1, most);
  // R is convex in the shift with R(0) = 0: the most concentrated vector costs most.
  const uint64_t full = l1 / person.linf, rest = l1 % person.linf;
  Cost cost;
  cost.renyi = Saturated(static_cast<unsigned __int128>(RenyiAt(mechanism, person.linf, order)) * full +
                         RenyiAt(mechanism, rest, order));
  if (mechanism.family == Family::kSkellam) {
    cost.pure = kInfinitePure;
  } else {
    // ceil(a l1 2^40); a is at most 64 and l1 below 2^40 in every plan, so nothing overflows 128 bits before
    // saturating.
    const unsigned __int128 numerator = static_cast<unsigned __int128>(mechanism.parameter.num) * l1;
    const unsigned __int128 den = mechanism.parameter.den;
    const unsigned __int128 whole = numerator / den, part = numerator % den;
    cost.pure = whole >= (1u << 22) ? kMost : Saturated((whole << 40) + ((part << 40) + den - 1) / den);
  }
  return cost;
}

}  // namespace penc
