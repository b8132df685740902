#include "privacy/law.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace penc {
namespace {

double ValueOf(const Ratio& ratio) { return static_cast<double>(ratio.num) / static_cast<double>(ratio.den); }

// ---- discrete Laplace: P(k) = (1 - q) / (1 + q) q^|k|

double LaplaceBeyond(double a, double m) {  // P(|X| > m)
  return 2 * std::exp(-a * (m + 1)) / (1 + std::exp(-a));
}

// ---- Skellam: P(k) = e^-mu I_|k|(mu)

// P(0), P(1), ... up to 14 standard deviations (beyond them lies less than 1e-40), by backward recurrence of
// I_(k-1) = (2k / mu) I_k + I_(k+1), normalised to one: stable, relative error a few units in the last place.
std::vector<double> SkellamWeights(double mu) {
  const auto last = static_cast<size_t>(60 + 14 * std::sqrt(mu));
  std::vector<double> ratios(last + 2, 0);
  double next = 0;
  for (size_t k = last + 64; k >= 1; --k) {
    next = 1 / (2.0 * static_cast<double>(k) / mu + next);
    if (k <= last) ratios[k] = next;
  }
  std::vector<double> weights{1};
  double mass = 1;
  for (size_t k = 1; k <= last; ++k) {
    weights.push_back(weights.back() * ratios[k]);
    mass += 2 * weights.back();
  }
  for (double& weight : weights) weight /= mass;
  return weights;
}

// From here on a Skellam is its normal limit with the variance correction of a lattice, better than 1e-6 in
// probability.
constexpr double kNormalFrom = 1e7;

double NormalBeyond(double mu, double m) { return std::erfc((m + 0.5) / std::sqrt(2 * mu)); }

double SkellamBeyond(const std::vector<double>& weights, uint64_t m) {
  double sum = 0;
  for (size_t k = weights.size() - 1; k > m && k > 0; --k) sum += 2 * weights[k];
  return sum;
}

// ---- Laplace of rate r: the difference of two NB(r, q), on a grid of `step` integers

struct Rated {
  uint64_t step = 1;
  std::vector<double> beyond;  // P(|X| > i * step), i from 0
};

// From phi = ((1 - q)^2 / (1 + q^2 - q (z + 1/z)))^r, hence (1 + q^2 - q (z + 1/z)) z phi' = r q (z - 1/z)
// phi: (1 + q^2) k P(k) = q ((k - 1 + r) P(k - 1) + (k + 1 - r) P(k + 1)). P is its decreasing solution:
// backwards, as for Skellam, what is wrong at the start fades.
Rated RatedLaplace(double a, double rate) {
  Rated law;
  law.step = static_cast<uint64_t>(std::max(1.0, std::floor(1 / (1024 * a))));
  const double b = a * static_cast<double>(law.step), q = std::exp(-b);
  const auto last = static_cast<size_t>(64 + (45 + 8 * rate) / b);  // less than 1e-18 lies beyond
  std::vector<double> at(last + 1, 0);                              // P(X = k), first P(k) / P(k - 1)
  double next = q;
  for (size_t k = last; k >= 1; --k) {
    const auto kk = static_cast<double>(k);
    next = at[k] = q * (kk - 1 + rate) / ((1 + q * q) * kk - q * (kk + 1 - rate) * next);
  }
  double mass = at[0] = 1;
  for (size_t k = 1; k <= last; ++k) {
    at[k] *= at[k - 1];
    mass += 2 * at[k];
  }
  law.beyond.assign(last + 1, 0);
  double tail = 0;
  for (size_t k = last; k > 0; --k) {
    law.beyond[k] = tail;
    tail += 2 * at[k] / mass;
  }
  law.beyond[0] = tail;
  return law;
}

// A grid point i stands for what is nearer to it than to others: P(|X| > m) is looked up at m + 1/2 integers,
// that is i + 1/2 steps, between two points in proportion.
double RatedBeyond(const Rated& law, uint64_t m) {
  const double i = (static_cast<double>(m) + 0.5) / static_cast<double>(law.step) - 0.5;
  if (i <= 0) return 1 - (1 - law.beyond[0]) * (2 * i + 1);
  const double whole = std::floor(i);
  if (whole + 1 >= static_cast<double>(law.beyond.size())) return 0;
  const auto at = static_cast<size_t>(whole);
  return law.beyond[at] + (i - whole) * (law.beyond[at + 1] - law.beyond[at]);
}

bool IsRated(const Mechanism& mechanism) { return !(mechanism.rate == Ratio{1, 1}); }

// A Skellam's rate is part of its variance.
double ParameterOf(const Mechanism& mechanism) {
  const double parameter = ValueOf(mechanism.parameter);
  return mechanism.family == Family::kSkellam ? parameter * ValueOf(mechanism.rate) : parameter;
}

double Beyond(const Mechanism& mechanism, uint64_t m) {
  const double parameter = ParameterOf(mechanism);
  if (mechanism.family == Family::kDiscreteLaplace && IsRated(mechanism))
    return RatedBeyond(RatedLaplace(parameter, ValueOf(mechanism.rate)), m);
  if (mechanism.family == Family::kDiscreteLaplace) return LaplaceBeyond(parameter, static_cast<double>(m));
  if (parameter >= kNormalFrom) return NormalBeyond(parameter, static_cast<double>(m));
  return SkellamBeyond(SkellamWeights(parameter), m);
}

// P(|X - Y| > m) of two Laplace laws of rate 1 and different a, b: in partial fractions of the generating
// functions, u / (u - t) P(|X| > m) - t / (u - t) P(|Y| > m) with t = cosh a - 1, u = cosh b - 1. Never t - u
// itself: 2 sinh((a + b) / 2) sinh((b - a) / 2) loses no digits.
double TwoLaplaceBeyond(double a, double b, double m) {
  const double between = 2 * std::sinh((a + b) / 2) * std::sinh((b - a) / 2);
  const double t = 2 * std::pow(std::sinh(a / 2), 2), u = 2 * std::pow(std::sinh(b / 2), 2);
  return (u * LaplaceBeyond(a, m) - t * LaplaceBeyond(b, m)) / between;
}

// Below this relative difference of their parameters two Laplace laws count as two of the wider one.
constexpr double kAlike = 1e-4;

uint64_t SkellamHalfWidth(double mu, double wanted) {
  if (mu >= kNormalFrom) {
    double low = 0, high = 40 * std::sqrt(mu);
    while (high - low > 0.5) {
      const double middle = (low + high) / 2;
      (NormalBeyond(mu, middle) > wanted ? low : high) = middle;
    }
    auto guess = static_cast<uint64_t>(std::floor(low));
    while (NormalBeyond(mu, static_cast<double>(guess)) > wanted) ++guess;
    return guess;
  }
  const std::vector<double> weights = SkellamWeights(mu);
  double beyond = 0;
  for (size_t m = weights.size() - 1; m > 0; --m) {
    beyond += 2 * weights[m];
    if (beyond > wanted) return m;
  }
  return 0;
}

// The smallest m up to `high` with beyond(m) <= wanted; beyond falls.
template <typename Beyond>
uint64_t Smallest(uint64_t high, double wanted, const Beyond& beyond) {
  uint64_t low = 0;  // the answer lies in [low, high]
  while (low < high) {
    const uint64_t middle = low + (high - low) / 2;
    if (beyond(middle) > wanted) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

uint64_t RatedHalfWidth(double a, double rate, double wanted) {
  const Rated law = RatedLaplace(a, rate);
  return Smallest(law.beyond.size() * law.step, wanted, [&](uint64_t m) { return RatedBeyond(law, m); });
}

}  // namespace

double Variance(const Mechanism& mechanism) {
  const double parameter = ParameterOf(mechanism);
  if (mechanism.family == Family::kSkellam) return parameter;
  const double half = std::sinh(parameter / 2);
  return ValueOf(mechanism.rate) / (2 * half * half);  // 2 rate q / (1 - q)^2
}

uint64_t HalfWidth(const Mechanism& mechanism, double confidence) {
  const double parameter = ParameterOf(mechanism), wanted = 1 - confidence;
  if (mechanism.family == Family::kDiscreteLaplace && IsRated(mechanism))
    return RatedHalfWidth(parameter, ValueOf(mechanism.rate), wanted);
  if (mechanism.family == Family::kDiscreteLaplace) {
    // 2 q^(m+1) / (1 + q) <= wanted
    const double m = -std::log(wanted * (1 + std::exp(-parameter)) / 2) / parameter - 1;
    auto guess = static_cast<uint64_t>(std::max(0.0, std::floor(m) - 1));
    while (LaplaceBeyond(parameter, static_cast<double>(guess)) > wanted) ++guess;
    return guess;
  }
  return SkellamHalfWidth(parameter, wanted);
}

DifferenceReach HalfWidthOfDifference(const Mechanism& first, const Mechanism& second, double confidence) {
  const double wanted = 1 - confidence, a = ParameterOf(first), b = ParameterOf(second);
  if (first.family == Family::kSkellam && second.family == Family::kSkellam)
    return {SkellamHalfWidth(a + b, wanted), true};
  // Both at once, whatever their laws.
  const double each = 1 - wanted / 2;
  const uint64_t apart = HalfWidth(first, each) + HalfWidth(second, each);
  if (first.family != second.family) return {apart, false};
  const bool alike = std::fabs(a - b) <= kAlike * std::min(a, b);
  if (!alike && !IsRated(first) && !IsRated(second)) {
    return {
        Smallest(apart, wanted, [&](uint64_t m) { return TwoLaplaceBeyond(a, b, static_cast<double>(m)); }),
        true};
  }
  // The one with the smaller parameter is the other plus an independent symmetric noise: as if both had it,
  // the difference is not less spread.
  const double rate = ValueOf(first.rate) + ValueOf(second.rate);
  const uint64_t together = RatedHalfWidth(std::min(a, b), rate, wanted);
  return a == b ? DifferenceReach{together, true} : DifferenceReach{std::min(together, apart), false};
}

double Covered(const Mechanism& mechanism, uint64_t m) { return 1 - Beyond(mechanism, m); }

double UpperTail(const Mechanism& mechanism, uint64_t t) { return Beyond(mechanism, t - 1) / 2; }

}  // namespace penc
