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

TEST(Law, AWideLaplaceOfARateIsCoveredByItsWidth) {
  const Mechanism wide{Family::kDiscreteLaplace, {1, 100000}, {6, 5}};
  const double sd = std::sqrt(Variance(wide));
  const auto width = static_cast<double>(HalfWidth(wide, 0.95));
  EXPECT_GT(width, 1.9 * sd);
  EXPECT_LT(width, 2.2 * sd);
  const Mechanism nearly_one{Family::kDiscreteLaplace, {1, 100000}, {1000001, 1000000}};
  const auto exact = static_cast<double>(HalfWidth({Family::kDiscreteLaplace, {1, 100000}}, 0.95));
  EXPECT_NEAR(static_cast<double>(HalfWidth(nearly_one, 0.95)) / exact, 1, 0.02);
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
