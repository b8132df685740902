// What intervals of shares and quantiles rest on (measures/share.md, measures/quantile.md): a weighted sum of
// independent noises of one law lies within `reach` times the root of its squared weights with 95 %. By the
// exact laws: all pairs of values for two noises, an inversion of the characteristic function for the sums
// over a tree.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include "privacy/law.h"
#include "question/consistent.h"
#include "question/measures/measure.h"

namespace penc {
namespace {

double ReachOf(const Mechanism& noise) {
  Block block;
  block.noise = noise;
  return NoisyBlock(block, {}).reach();
}

// From practically none to standard deviations of 28, alone and as 6, 16 or 18 offices of a region leave it.
std::vector<Mechanism> Laws() {
  std::vector<Mechanism> laws;
  for (const Ratio rate : {Ratio{1, 1}, Ratio{8, 6}, Ratio{18, 15}, Ratio{8, 1}}) {
    for (const double from : {0.05, 0.11, 0.23, 0.47, 0.83, 1.14, 1.77, 2.3, 3.68, 4.2, 5.5}) {
      for (int i = 0; i < 3; ++i) {
        const auto a = static_cast<uint64_t>(1000 * from * (1 + 0.02 * i));
        laws.push_back({Family::kDiscreteLaplace, {a, 1000}, rate});
      }
    }
  }
  for (const double from : {0.03, 0.05, 0.1, 0.54, 1.59, 3.05, 5.2, 7.7, 14.4, 60.0, 258.0, 700.0}) {
    for (int i = 0; i < 3; ++i)
      laws.push_back({Family::kSkellam, {static_cast<uint64_t>(1000 * from * (1 + 0.02 * i)), 1000}});
  }
  return laws;
}
std::string Name(const Mechanism& noise) {
  return (noise.family == Family::kSkellam ? "Skellam " : "Laplace ") +
         std::to_string(static_cast<double>(noise.parameter.num) / static_cast<double>(noise.parameter.den)) +
         " rate " + std::to_string(static_cast<double>(noise.rate.num) / static_cast<double>(noise.rate.den));
}

// P(X <= k) by P(|X| <= k).
class Below {
 public:
  explicit Below(const Mechanism& noise) {
    do covered_.push_back(Covered(noise, covered_.size()));
    while (covered_.back() < 1 - 1e-10);
  }
  int64_t last() const { return static_cast<int64_t>(covered_.size()) - 1; }
  double At(int64_t k) const {
    const auto most = [&](int64_t m) { return covered_[static_cast<size_t>(std::min(m, last()))]; };
    return k >= 0 ? (1 + most(k)) / 2 : k == -1 ? (1 - covered_[0]) / 2 : (1 - most(-k - 1)) / 2;
  }

 private:
  std::vector<double> covered_;
};

TEST(Reach, CoversEveryWeightedSumOfTwoNoises) {
  std::vector<double> parts;
  for (int below = 1; below <= 12; ++below) {
    for (int above = 0; 2 * above <= below; ++above) parts.push_back(static_cast<double>(above) / below);
  }
  for (double p = 0.0005; p < 0.5; p += 0.0093) parts.push_back(p);
  double least = 1;
  for (const Mechanism& noise : Laws()) {
    const Below law(noise);
    for (const double p : parts) {
      const double bound = ReachOf(noise) * std::sqrt((1 - p) * (1 - p) + p * p) + 1e-9;
      double covered = 0;
      for (int64_t y = -law.last(); y <= law.last(); ++y) {
        const auto from = static_cast<int64_t>(std::ceil((p * static_cast<double>(y) - bound) / (1 - p)));
        const auto to = static_cast<int64_t>(std::floor((p * static_cast<double>(y) + bound) / (1 - p)));
        covered += (law.At(y) - law.At(y - 1)) * (law.At(to) - law.At(from - 1));
      }
      EXPECT_GE(covered, 0.95) << Name(noise) << ", p = " << p;
      least = std::min(least, covered);
    }
  }
  std::printf("least cover %.5f\n", least);
}

// The sums that a quantile's tests look at: the estimate of F_b - q N over a consistent tree, as weights of
// its nodes' noises; equal weights together.
std::map<double, int> WeightsOf(const ConsistentTree& tree, size_t leaves, size_t b, double q) {
  std::vector<double> coefficients(tree.nodes(), 0);
  for (size_t leaf = 0; leaf < leaves; ++leaf)
    coefficients[tree.nodes() - leaves + leaf] = (leaf < b ? 1.0 : 0.0) - q;
  std::map<double, int> weights;
  for (const double w : tree.Of(coefficients).weights) ++weights[std::round(std::fabs(w) * 1e9) / 1e9];
  return weights;
}

ConsistentTree TreeOf(size_t leaves) {
  std::vector<size_t> fans = {leaves};
  while (fans.back() > 4) fans.push_back((fans.back() + 3) / 4);
  std::vector<uint32_t> parents;
  uint32_t above = 0;
  for (size_t l = fans.size(); l-- > 0;) {
    const auto first = static_cast<uint32_t>(parents.size());
    for (uint32_t part = 0; part < fans[l]; ++part)
      parents.push_back(l + 1 == fans.size() ? kRoot : above + part / 4);
    above = first;
  }
  return ConsistentTree::Make(parents, std::vector<double>(fans.size(), 1.0)).value();
}

// An upper bound of P(S > x) for S = sum of weight * noise, by Gil-Pelaez's inversion for S + G, G normal of
// a five-hundredth of the sum's deviation: S > x has G < -4 deviations or S + G > x - 4 of G's. Steps of the
// integral are so small that what they alias lies 12 deviations out.
double TailBound(const Mechanism& noise, const std::map<double, int>& weights, double x, double deviation) {
  const double blur = deviation / 500, least = x - 4 * blur, step = 2 * M_PI / (24 * deviation);
  const double p = static_cast<double>(noise.parameter.num) / static_cast<double>(noise.parameter.den);
  const double rate = static_cast<double>(noise.rate.num) / static_cast<double>(noise.rate.den);
  const double q = std::exp(-p);
  double sum = 0;
  for (double t = step / 2; t * blur < 5.5; t += step) {
    double log = -t * t * blur * blur / 2;
    for (const auto& [w, times] : weights) {
      const double hidden = 1 - std::cos(t * w);
      log -=
          rate * times *
          (noise.family == Family::kSkellam ? p * hidden : std::log1p(2 * q * hidden / ((1 - q) * (1 - q))));
      if (log < -30) break;
    }
    if (log > -30) sum += std::sin(t * least) * std::exp(log) / t;
  }
  return 0.5 - sum * step / M_PI + 3.2e-5;
}

TEST(Reach, CoversTheSumsOverATreeThatQuantilesAreReadFrom) {
  double most = 0;
  for (const size_t leaves : {3, 30, 251}) {
    const ConsistentTree tree = TreeOf(leaves);
    for (const Mechanism& noise : Laws()) {
      const double sigma = std::sqrt(Variance(noise));
      for (const double q : {0.1, 0.5}) {
        for (const size_t b : {size_t{0}, size_t{1}, leaves / 3, leaves / 2, leaves - 1}) {
          const std::map<double, int> weights = WeightsOf(tree, leaves, b, q);
          double squares = 0;
          for (const auto& [w, times] : weights) squares += w * w * times;
          if (squares < 1e-12) continue;
          const double root = std::sqrt(squares);
          const double tail = TailBound(noise, weights, ReachOf(noise) * root, sigma * root);
          EXPECT_LE(tail, 0.025) << Name(noise) << ", " << leaves << " leaves, b = " << b << ", q = " << q;
          most = std::max(most, tail);
        }
      }
    }
  }
  std::printf("largest tail %.5f\n", most);
}

}  // namespace
}  // namespace penc
