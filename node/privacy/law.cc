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

Rated RatedLaplace(double a, double rate) {
  Rated law;
  law.step = static_cast<uint64_t>(std::max(1.0, std::floor(1 / (64 * a))));
  const double q = std::exp(-a * static_cast<double>(law.step));
  std::vector<double> nb;  // P(k) of NB(rate, q), until less than 1e-18 is left
  double p = std::exp(rate * std::log1p(-q)), mass = 0;
  for (double k = 0; mass < 1 - 1e-15 && k < 20000; ++k) {
    nb.push_back(p);
    mass += p;
    p *= (k + rate) / (k + 1) * q;
  }
  std::vector<double> at(nb.size(), 0);  // P(X = k), k >= 0
  for (size_t k = 0; k < nb.size(); ++k) {
    for (size_t i = 0; i + k < nb.size(); ++i) at[k] += nb[i] * nb[i + k];
  }
  law.beyond.assign(nb.size(), 0);
  double tail = 0;
  for (size_t k = nb.size() - 1; k > 0; --k) {
    law.beyond[k] = tail;
    tail += 2 * at[k];
  }
  law.beyond[0] = tail;
  return law;
}

double RatedBeyond(const Rated& law, uint64_t m) {
  const uint64_t i = m / law.step;
  return i < law.beyond.size() ? law.beyond[i] : 0;
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

}  // namespace

double Variance(const Mechanism& mechanism) {
  const double parameter = ParameterOf(mechanism);
  if (mechanism.family == Family::kSkellam) return parameter;
  const double half = std::sinh(parameter / 2);
  return ValueOf(mechanism.rate) / (2 * half * half);  // 2 rate q / (1 - q)^2
}

uint64_t HalfWidth(const Mechanism& mechanism, double confidence) {
  const double parameter = ParameterOf(mechanism), wanted = 1 - confidence;
  if (mechanism.family == Family::kDiscreteLaplace && IsRated(mechanism)) {
    const Rated law = RatedLaplace(parameter, ValueOf(mechanism.rate));
    size_t i = 0;
    while (i < law.beyond.size() && law.beyond[i] > wanted) ++i;
    return law.step == 1 ? i : (i + 1) * law.step;
  }
  if (mechanism.family == Family::kDiscreteLaplace) {
    // 2 q^(m+1) / (1 + q) <= wanted
    const double m = -std::log(wanted * (1 + std::exp(-parameter)) / 2) / parameter - 1;
    auto guess = static_cast<uint64_t>(std::max(0.0, std::floor(m) - 1));
    while (LaplaceBeyond(parameter, static_cast<double>(guess)) > wanted) ++guess;
    return guess;
  }
  if (parameter >= kNormalFrom) {
    double low = 0, high = 40 * std::sqrt(parameter);
    while (high - low > 0.5) {
      const double middle = (low + high) / 2;
      (NormalBeyond(parameter, middle) > wanted ? low : high) = middle;
    }
    auto guess = static_cast<uint64_t>(std::floor(low));
    while (NormalBeyond(parameter, static_cast<double>(guess)) > wanted) ++guess;
    return guess;
  }
  const std::vector<double> weights = SkellamWeights(parameter);
  double beyond = 0;
  for (size_t m = weights.size() - 1; m > 0; --m) {
    beyond += 2 * weights[m];
    if (beyond > wanted) return m;
  }
  return 0;
}

double Covered(const Mechanism& mechanism, uint64_t m) { return 1 - Beyond(mechanism, m); }

double UpperTail(const Mechanism& mechanism, uint64_t t) { return Beyond(mechanism, t - 1) / 2; }

}  // namespace penc
