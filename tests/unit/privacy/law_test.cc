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

}  // namespace
}  // namespace penc
