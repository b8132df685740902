#include "privacy/law.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace penc {
namespace {

TEST(Law, HalfWidthIsTheSmallestThatCovers) {
  for (const Mechanism m :
       {Mechanism{Family::kDiscreteLaplace, {1, 1}}, Mechanism{Family::kDiscreteLaplace, {1, 300}},
        Mechanism{Family::kSkellam, {1, 4}}, Mechanism{Family::kSkellam, {24, 1}},
        Mechanism{Family::kSkellam, {100000, 1}}, Mechanism{Family::kSkellam, {50000000, 1}}}) {
    for (double confidence : {0.5, 0.95, 0.99}) {
      const uint64_t width = HalfWidth(m, confidence);
      EXPECT_GE(Covered(m, width), confidence);
      if (width > 0) {
        EXPECT_LT(Covered(m, width - 1), confidence);
      }
    }
  }
  EXPECT_NEAR(
      Covered({Family::kDiscreteLaplace, {1, 1}}, HalfWidth({Family::kDiscreteLaplace, {1, 1}}, 0.95)), 0.973,
      0.001);
}

TEST(Law, ALaplaceOfRateTwoIsTheSumOfTwo) {
  const Mechanism one{Family::kDiscreteLaplace, {1, 2}}, two{Family::kDiscreteLaplace, {1, 2}, {2, 1}};
  std::vector<double> p(400), twice(400);  // P(X = k - 200)
  for (int k = -200; k < 200; ++k) p[k + 200] = std::tanh(0.25) * std::exp(-0.5 * std::abs(k));
  for (int i = 0; i < 400; ++i) {
    for (int j = std::max(0, i - 199); j < std::min(400, i + 200); ++j) twice[i] += p[j] * p[200 + i - j];
  }
  double covered = twice[200];
  for (int m = 0; m < 60; ++m) {
    EXPECT_NEAR(Covered(two, m), covered, 1e-12) << m;
    covered += 2 * twice[200 + m + 1];
  }
  EXPECT_DOUBLE_EQ(Variance(two), 2 * Variance(one));
  EXPECT_LT(Covered(two, HalfWidth(two, 0.95) - 1), 0.95);
  EXPECT_GE(Covered(two, HalfWidth(two, 0.95)), 0.95);
}

// P(X = k) = ((1 - q) / (1 + q))^2 q^k ((1 + q^2) / (1 - q^2) + k) for two of one Laplace, summed beyond m.
double BeyondOfTwo(double a, double m) {
  const double q = std::exp(-a), p = -std::expm1(-a);
  return 2 * std::pow(p / (1 + q), 2) * std::exp(-a * (m + 1)) / p *
         ((1 + q * q) / (p * (1 + q)) + m + 1 + q / p);
}

TEST(Law, ALaplaceOfRateTwoIsAsCloseAsStated) {
  for (const uint64_t scale : {uint64_t{20}, uint64_t{1000}, uint64_t{1024}, uint64_t{2047}, uint64_t{2048},
                               uint64_t{3000}, uint64_t{100000}, uint64_t{7654321}, uint64_t{1} << 40}) {
    const Mechanism two{Family::kDiscreteLaplace, {1, scale}, {2, 1}};
    const double error = scale < 2048 ? 1e-9 : 1e-6;
    for (uint64_t m = 0; m < 20 * scale; m += 1 + m / 7 + (m < 30 ? 0 : scale / 50)) {
      const double expected = BeyondOfTwo(1 / static_cast<double>(scale), static_cast<double>(m));
      EXPECT_NEAR(1 - Covered(two, m), expected, error) << scale << " " << m;
      EXPECT_NEAR(2 * UpperTail(two, m + 1), expected, error) << scale << " " << m;
    }
    for (double confidence : {0.5, 0.95, 0.99}) {
      const uint64_t width = HalfWidth(two, confidence);
      EXPECT_GE(Covered(two, width), confidence);
      EXPECT_LT(Covered(two, width - 1), confidence);
    }
  }
}

TEST(Law, ALaplaceOfARateNearOneIsNearlyTheLaplace) {
  for (const uint64_t scale : {uint64_t{1}, uint64_t{50}, uint64_t{5000}, uint64_t{100000}}) {
    const Mechanism one{Family::kDiscreteLaplace, {1, scale}};
    const Mechanism nearly{Family::kDiscreteLaplace, {1, scale}, {1000000001, 1000000000}};
    for (uint64_t m = 0; m < 20 * scale; m += 1 + m / 5) {
      EXPECT_NEAR(Covered(nearly, m), Covered(one, m), 1e-6) << scale << " " << m;
    }
  }
}

// The whole line adds up to 1, and the variance that the probabilities have is the one that is stated.
TEST(Law, ALaplaceOfAnyRateHasItsVariance) {
  for (const Ratio rate : {Ratio{9, 7}, Ratio{18, 15}, Ratio{5, 3}, Ratio{40, 3}, Ratio{1, 15}}) {
    for (const Ratio a : {Ratio{5, 1}, Ratio{1, 1}, Ratio{1, 30}}) {
      const Mechanism m{Family::kDiscreteLaplace, a, rate};
      double variance = 0;  // sum over k of (2 k + 1) P(|X| > k)
      const uint64_t far = HalfWidth(m, 1 - 1e-13);
      for (uint64_t k = 0; k <= far; ++k) {
        variance += (2 * static_cast<double>(k) + 1) * 2 * UpperTail(m, k + 1);
      }
      EXPECT_NEAR(variance / Variance(m), 1, 1e-8) << ToString(a) << " " << ToString(rate);
    }
  }
}

TEST(Law, SkellamIsBesselsFunction) {
  for (const uint64_t mu : {1u, 5u, 24u, 150u}) {
    const Mechanism m{Family::kSkellam, {mu, 1}};
    const auto p = [mu](uint64_t k) {
      return std::cyl_bessel_i(static_cast<double>(k), static_cast<double>(mu)) *
             std::exp(-static_cast<double>(mu));
    };
    double covered = p(0);
    for (uint64_t k = 1; k < 40; ++k) {
      EXPECT_NEAR(Covered(m, k - 1), covered, 1e-12) << mu << " " << k;
      EXPECT_NEAR(UpperTail(m, k), (1 - covered) / 2, 1e-12) << mu << " " << k;
      covered += 2 * p(k);
    }
    EXPECT_EQ(Variance(m), static_cast<double>(mu));
  }
}

TEST(Law, SkellamApproachesItsNormalLimit) {
  const Mechanism m{Family::kSkellam, {1000000, 1}};
  EXPECT_NEAR(static_cast<double>(HalfWidth(m, 0.95)), 1960, 1);
}

// P(|X - Y| <= m) by adding up, from the laws' own probabilities.
std::vector<double> CoveredByDifference(const Mechanism& first, const Mechanism& second, int last) {
  const auto weights = [&](const Mechanism& law) {
    std::vector<double> p;  // P(X = k - 2 last)
    for (int k = -2 * last; k <= 2 * last; ++k) {
      const auto m = static_cast<uint64_t>(std::abs(k));
      p.push_back(m == 0 ? Covered(law, 0) : (Covered(law, m) - Covered(law, m - 1)) / 2);
    }
    return p;
  };
  const std::vector<double> p = weights(first), q = weights(second);
  std::vector<double> covered;
  double sum = 0;
  for (int m = 0; m <= last; ++m) {
    for (int sign : {-1, 1}) {
      if (m == 0 && sign > 0) continue;
      for (int k = -2 * last; k <= 2 * last; ++k) {
        const int other = k - sign * m;
        if (std::abs(other) <= 2 * last) sum += p[k + 2 * last] * q[other + 2 * last];
      }
    }
    covered.push_back(sum);
  }
  return covered;
}

TEST(Law, TheHalfWidthOfADifferenceIsTheSmallestThatCoversOrNotSmaller) {
  const auto laplace = [](uint64_t num, uint64_t den, Ratio rate = {1, 1}) {
    return Mechanism{Family::kDiscreteLaplace, {num, den}, rate};
  };
  const auto skellam = [](uint64_t mu, Ratio rate = {1, 1}) {
    return Mechanism{Family::kSkellam, {mu, 1}, rate};
  };
  struct Case {
    Mechanism first, second;
    bool exact;
  };
  for (const Case& one : {
           Case{laplace(1, 4), laplace(1, 4), true},
           Case{laplace(1, 4), laplace(1, 9), true},
           Case{laplace(3, 1), laplace(1, 9), true},
           Case{laplace(1, 4), laplace(20001, 80000), false},
           Case{laplace(1000, 4000), laplace(10002, 40000), true},
           Case{laplace(1, 4, {6, 4}), laplace(1, 4, {8, 6}), true},
           Case{laplace(1, 4, {6, 4}), laplace(1, 4), true},
           Case{laplace(1, 4, {6, 4}), laplace(1, 6, {8, 6}), false},
           Case{laplace(1, 1, {6, 4}), laplace(1, 8, {8, 6}), false},
           Case{skellam(24), skellam(24), true},
           Case{skellam(24), skellam(3, {6, 4}), true},
           Case{skellam(24), laplace(1, 4), false},
           Case{laplace(1, 4, {8, 6}), skellam(100), false},
       }) {
    const std::vector<double> covered = CoveredByDifference(one.first, one.second, 120);
    for (double confidence : {0.5, 0.95, 0.99}) {
      for (const bool turned : {false, true}) {
        const DifferenceReach reach = turned ? HalfWidthOfDifference(one.second, one.first, confidence)
                                             : HalfWidthOfDifference(one.first, one.second, confidence);
        EXPECT_EQ(reach.exact, one.exact);
        ASSERT_LT(reach.half_width, covered.size());
        EXPECT_GE(covered[reach.half_width], confidence - 1e-7);
        if (reach.exact && reach.half_width > 0) {
          EXPECT_LT(covered[reach.half_width - 1], confidence + 1e-7);
        }
      }
    }
  }
}

}  // namespace
}  // namespace penc
