#include "privacy/law.h"

#include <gtest/gtest.h>

#include <cmath>

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
