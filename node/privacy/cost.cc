#include "privacy/cost.h"

#include <algorithm>
#include <vector>

#include "base/status.h"
#include "privacy/real.h"

namespace penc {
namespace {

// 256 bits carry every intermediate value; the worst cancellation below loses fewer than 90 of them, so a
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

// ratios[k] = p(k) / p(k - 1) for k = 1 ... last, by backward recurrence of I_(k-1) = (2k / mu) I_k +
// I_(k+1).
std::vector<Real> SkellamRatios(const Real& mu, uint64_t last) {
  std::vector<Real> ratios(last + 1, Real(kBits));
  Real next(kBits), t(kBits);
  // Starting 64 steps further from zero, the error of the start has shrunk by more than 2^-256 where k > mu /
  // 2, and the recurrence contracts everywhere (cost.md).
  for (uint64_t k = last + 512; k >= 1; --k) {
    mpfr_set_uj(t.get(), 2 * k, MPFR_RNDN);
    mpfr_div(t.get(), t.get(), mu.get(), MPFR_RNDN);
    mpfr_add(t.get(), t.get(), next.get(), MPFR_RNDN);
    mpfr_ui_div(next.get(), 1, t.get(), MPFR_RNDN);
    if (k <= last) ratios[k] = next;
  }
  return ratios;
}

// S_alpha(d) by its definition: ln(sum over k of p(k - d)^alpha p(k)^(1 - alpha)) / (alpha - 1) (cost.md,
// "Skellam").
uint64_t SkellamNumeric(const Ratio& mu_ratio, uint64_t d, Order order) {
  const Real mu(kBits, mu_ratio, MPFR_RNDN);
  const double mu_near = mpfr_get_d(mu.get(), MPFR_RNDN);
  // The summand is about a bell around alpha d of variance mu: 20 standard deviations and a margin for small
  // mu.
  uint64_t root = 1;
  while (root * root < mu_near) ++root;
  const uint64_t last = order.twice_alpha * d + 2 * d + 20 * root + 80;
  const std::vector<Real> r = SkellamRatios(mu, last + d + 1);

  // u(k) = p(k) / p(0); sum of u over all k, then the wanted sum, term by term from k = d (u(0)^alpha
  // u(d)^(1-alpha)).
  Real mass(kBits), u(kBits), t(kBits);
  mpfr_set_ui(u.get(), 1, MPFR_RNDN);
  mpfr_set_ui(mass.get(), 1, MPFR_RNDN);
  std::vector<Real> weights;  // u(0) ... u(d)
  weights.push_back(u);
  for (uint64_t k = 1; k <= last; ++k) {
    mpfr_mul(u.get(), u.get(), r[k].get(), MPFR_RNDN);
    mpfr_mul_2ui(t.get(), u.get(), 1, MPFR_RNDN);
    mpfr_add(mass.get(), mass.get(), t.get(), MPFR_RNDN);
    if (k <= d) weights.push_back(u);
  }
  // x^(alpha) with alpha a half-integer.
  const auto power = [&](const Real& x, int64_t twice) {
    Real out(kBits);
    mpfr_sqrt(out.get(), x.get(), MPFR_RNDN);
    mpfr_pow_si(out.get(), out.get(), twice, MPFR_RNDN);
    return out;
  };
  const auto ratio = [&](int64_t k) {  // p(k) / p(k - 1) for any k
    if (k >= 1) return r[k];
    Real inverse(kBits);
    mpfr_ui_div(inverse.get(), 1, r[1 - k].get(), MPFR_RNDN);
    return inverse;
  };
  const int64_t twice = order.twice_alpha;
  Real start = power(weights[d], 2 - twice);
  Real sum = start;
  // upwards: term(k + 1) / term(k) = ratio(k + 1 - d)^alpha ratio(k + 1)^(1 - alpha)
  Real term = start;
  for (int64_t k = static_cast<int64_t>(d); k + 1 <= static_cast<int64_t>(last); ++k) {
    Real up = power(ratio(k + 1 - static_cast<int64_t>(d)), twice);
    mpfr_mul(up.get(), up.get(), power(ratio(k + 1), 2 - twice).get(), MPFR_RNDN);
    mpfr_mul(term.get(), term.get(), up.get(), MPFR_RNDN);
    mpfr_add(sum.get(), sum.get(), term.get(), MPFR_RNDN);
  }
  // What lies beyond is smaller than the last term (ratios below one half there): counted once more.
  mpfr_add(sum.get(), sum.get(), term.get(), MPFR_RNDU);
  term = start;
  for (int64_t k = static_cast<int64_t>(d); k - 1 >= -static_cast<int64_t>(last - d); --k) {
    Real down = power(ratio(k - static_cast<int64_t>(d)), -twice);
    mpfr_mul(down.get(), down.get(), power(ratio(k), twice - 2).get(), MPFR_RNDN);
    mpfr_mul(term.get(), term.get(), down.get(), MPFR_RNDN);
    mpfr_add(sum.get(), sum.get(), term.get(), MPFR_RNDN);
  }
  mpfr_add(sum.get(), sum.get(), term.get(), MPFR_RNDU);
  mpfr_div(sum.get(), sum.get(), mass.get(), MPFR_RNDN);
  mpfr_log(sum.get(), sum.get(), MPFR_RNDN);
  mpfr_mul_2ui(sum.get(), sum.get(), 1, MPFR_RNDN);
  mpfr_div_ui(sum.get(), sum.get(), order.twice_alpha - 2, MPFR_RNDN);
  return RoundedUp(std::move(sum));
}

uint64_t SkellamRenyi(const Ratio& mu, uint64_t d, Order order) {
  // From 1,024 on the bound is within a part in a thousand of the truth where it matters (d^2 << mu); below,
  // or where a shift is not small against the noise, the sum itself is taken if it is short enough.
  const Ratio large{1024, 1};
  if (!(mu < large) || d > 4096) return RoundedUp(SkellamBound(mu, d, order));
  return std::min(SkellamNumeric(mu, d, order), RoundedUp(SkellamBound(mu, d, order)));
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
  return sum;
}

Cost CostOf(const Mechanism& mechanism, const Contribution& person, Order order) {
  PENC_CHECK(mechanism.parameter.num > 0 && mechanism.parameter.den > 0 && order.twice_alpha >= 3);
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
