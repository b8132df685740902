#include "tests/statistical/auditor/exact_law.h"

#include <cmath>
#include <vector>

#include "privacy/law.h"

namespace penc::audit {
namespace {

constexpr double kStep = 0.01;    // of privacy losses, rounded up
constexpr double kBeyond = 1e-8;  // of a cell's noise: counted as if it gave everything away

// How likely each privacy loss is: weights[i] for (first + i) steps, and what gives everything away.
struct Losses {
  int64_t first = 0;
  std::vector<double> weights = {1};
  double everything = 0;
};

Losses OfCell(const Mechanism& noise, uint64_t shift) {
  std::vector<double> chance;  // P(X = k), k from 0 to `shift` beyond where less than kBeyond is left
  double tail = UpperTail(noise, 1);
  chance.push_back(1 - 2 * tail);
  for (uint64_t k = 1, left = shift; left > 0; ++k) {
    const double next = UpperTail(noise, k + 1);
    chance.push_back(tail - next);
    tail = next;
    left -= tail < kBeyond;
  }
  const auto last = static_cast<int64_t>(chance.size()) - 1, d = static_cast<int64_t>(shift);
  const auto at = [&](int64_t k) { return std::log(chance[static_cast<size_t>(std::llabs(k))]); };
  Losses losses;
  losses.everything = 1;
  const auto extreme = static_cast<int64_t>(
      std::ceil(std::max(std::fabs(at(last) - at(last - d)), std::fabs(at(0) - at(d))) / kStep));
  losses.first = -extreme;
  losses.weights.assign(static_cast<size_t>(2 * extreme + 1), 0);
  for (int64_t k = d - last; k <= last; ++k) {
    const double p = std::exp(at(k - d));
    const auto step = static_cast<int64_t>(std::ceil((at(k - d) - at(k)) / kStep));
    losses.everything -= p;
    if (step > extreme) {
      losses.everything += p;
    } else {
      losses.weights[static_cast<size_t>(std::max(int64_t{0}, step + extreme))] += p;
    }
  }
  losses.everything = std::max(0.0, losses.everything);
  return losses;
}

Losses Together(const Losses& a, const Losses& b) {
  Losses sum;
  sum.first = a.first + b.first;
  sum.everything = a.everything + b.everything;
  sum.weights.assign(a.weights.size() + b.weights.size() - 1, 0);
  for (size_t i = 0; i < a.weights.size(); ++i) {
    if (a.weights[i] == 0) continue;
    for (size_t j = 0; j < b.weights.size(); ++j) sum.weights[i + j] += a.weights[i] * b.weights[j];
  }
  return sum;
}

double DeltaAt(const Losses& losses, double epsilon) {
  double delta = losses.everything;
  for (size_t i = 0; i < losses.weights.size(); ++i) {
    const double loss = kStep * static_cast<double>(losses.first + static_cast<int64_t>(i));
    if (loss > epsilon) delta += losses.weights[i] * -std::expm1(epsilon - loss);
  }
  return delta;
}

}  // namespace

double EpsilonAt(double delta, const std::vector<Plan>& plans) {
  Losses all;
  for (const Plan& plan : plans) {
    for (const Block& block : plan.blocks) {
      const Contribution& person = block.per_person;
      const Losses full = OfCell(block.noise, person.linf);
      for (uint64_t i = 0; i < person.l1 / person.linf; ++i) all = Together(all, full);
      if (const uint64_t rest = person.l1 % person.linf; rest > 0)
        all = Together(all, OfCell(block.noise, rest));
    }
  }
  double low = 0, high = 100;
  for (int i = 0; i < 60; ++i) {
    const double epsilon = (low + high) / 2;
    (DeltaAt(all, epsilon) > delta ? low : high) = epsilon;
  }
  return high;
}

}  // namespace penc::audit
