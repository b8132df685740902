#include "tests/statistical/auditor/bounds.h"

#include <algorithm>
#include <cmath>

namespace penc::audit {
namespace {

// ln P(X >= x), X ~ Binomial(n, p), p <= x / n: the first term, and how much the others are of it. Each is
// the last one times a factor that falls and is below 1.
double LogTail(double n, double x, double p) {
  double term = 1, sum = 1;
  for (double k = x; k < n && term > 1e-17 * sum; ++k) {
    term *= (n - k) / (k + 1) * p / (1 - p);
    sum += term;
  }
  return std::lgamma(n + 1) - std::lgamma(x + 1) - std::lgamma(n - x + 1) + x * std::log(p) +
         (n - x) * std::log1p(-p) + std::log(sum);
}

}  // namespace

double LeastChance(uint64_t n, uint64_t x) {
  if (x == 0) return 0;
  const auto all = static_cast<double>(n), seen = static_cast<double>(x);
  const double allowed = std::log(kMiss / 2);
  if (x == n) return std::exp(allowed / all);
  double low = 0, high = seen / all;
  for (int i = 0; i < 60; ++i) {
    const double p = (low + high) / 2;
    (LogTail(all, seen, p) < allowed ? low : high) = p;
  }
  return low;
}

double LargestChance(uint64_t n, uint64_t x) { return 1 - LeastChance(n, n - x); }

double ProvenPure(double often, double rarely) { return ProvenAt(0, often, rarely); }

double ProvenAt(double delta, double often, double rarely) {
  return often - delta <= rarely ? 0 : std::log((often - delta) / rarely);
}

// What one event can tell is never more than what there is (data processing); of two outcomes the divergence
// grows with `often` and falls with `rarely` as long as the one is above the other.
double ProvenRenyi(double alpha, double often, double rarely) {
  if (often <= rarely) return 0;
  const auto term = [alpha](double p, double q) {
    return p <= 0 ? 0 : std::exp(alpha * std::log(p) - (alpha - 1) * std::log(q));
  };
  return std::max(0.0, std::log(term(often, rarely) + term(1 - often, 1 - rarely)) / (alpha - 1));
}

}  // namespace penc::audit
