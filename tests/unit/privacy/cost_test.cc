#include "privacy/cost.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace penc {
namespace {

double Units(uint64_t units) { return std::ldexp(static_cast<double>(units), -40); }

// D_alpha(P shifted by d || P) by summing a probability function in long doubles.
template <typename LogP>
double RenyiBySum(LogP log_p, long reach, long d, double alpha) {
  long double sum = 0;
  for (long k = -reach; k <= reach; ++k) sum += std::exp(alpha * log_p(k - d) + (1 - alpha) * log_p(k));
  return static_cast<double>(std::log(sum) / (alpha - 1));
}

TEST(Cost, LaplaceRenyiIsTheSumOverAllOutcomesRoundedUp) {
  for (double alpha : {1.5, 2.0, 4.5, 7.0, 22.0}) {
    for (uint64_t d : {1, 2, 5}) {
      for (const Ratio a : {Ratio{1, 1}, Ratio{205, 1024}, Ratio{3, 1}, Ratio{1, 50}}) {
        const double av = static_cast<double>(a.num) / a.den;
        const long double log_norm = std::log((1 - std::exp(-static_cast<long double>(av))) /
                                              (1 + std::exp(-static_cast<long double>(av))));
        const double truth =
            RenyiBySum([&](long k) { return log_norm - static_cast<long double>(av) * std::labs(k); },
                       static_cast<long>(60 * alpha / av) + 50, static_cast<long>(d), alpha);
        const Cost cost =
            CostOf({Family::kDiscreteLaplace, a}, {1, d, d}, {static_cast<uint32_t>(2 * alpha)});
        EXPECT_GE(Units(cost.renyi), truth * (1 - 1e-9)) << alpha << " " << d << " " << av;
        EXPECT_LE(Units(cost.renyi), truth * (1 + 1e-9) + 2e-12) << alpha << " " << d << " " << av;
        EXPECT_EQ(cost.pure, (static_cast<unsigned __int128>(a.num * d) << 40) / a.den +
                                 ((static_cast<unsigned __int128>(a.num * d) << 40) % a.den != 0));
      }
    }
  }
}

// log of e^-mu I_k(mu) from the standard library's Bessel function where it does not overflow.
TEST(Cost, SkellamRenyiIsTheSumOverAllOutcomesRoundedUp) {
  for (double mu : {0.5, 4.0, 23.8, 200.0}) {
    const auto log_p = [mu](long k) -> long double {
      const double i = std::cyl_bessel_i(std::labs(k), mu);
      if (i > 0) return std::log(static_cast<long double>(i)) - mu;
      // Too small for a double: the leading term of the series, ln((mu / 2)^k / k!) - mu.
      return std::labs(k) * std::log(mu / 2) - std::lgamma(std::labs(k) + 1.0) - mu;
    };
    for (double alpha : {2.0, 4.5, 7.0}) {
      for (long d : {1L, 3L}) {
        const double truth =
            RenyiBySum(log_p, 60 + static_cast<long>(9 * std::sqrt(mu) + 4 * alpha * d), d, alpha);
        const Mechanism skellam{Family::kSkellam, Reduced({static_cast<uint64_t>(mu * 10 + 0.5), 10})};
        const Cost cost = CostOf(skellam, {1, static_cast<uint64_t>(d), static_cast<uint64_t>(d)},
                                 {static_cast<uint32_t>(2 * alpha)});
        EXPECT_EQ(cost.pure, kInfinitePure);
        EXPECT_GE(Units(cost.renyi), truth * (1 - 1e-9)) << mu << " " << alpha << " " << d;
        EXPECT_LE(Units(cost.renyi), truth * (1 + 1e-9) + 2e-12) << mu << " " << alpha << " " << d;
      }
    }
  }
}

TEST(Cost, TheBoundForLargeSkellamJoinsTheSumWithoutAStepDown) {
  // Just below 1,024 the sum is charged, from there on the bound: it may only be larger.
  for (uint32_t twice_alpha : {4u, 9u, 14u, 44u}) {
    for (uint64_t d : {1u, 4u, 15u}) {
      const Cost below = CostOf({Family::kSkellam, {1023, 1}}, {1, d, d}, {twice_alpha});
      const Cost above = CostOf({Family::kSkellam, {1024, 1}}, {1, d, d}, {twice_alpha});
      EXPECT_GE(Units(above.renyi), Units(below.renyi) * 1023 / 1024 * (1 - 1e-4)) << twice_alpha << " " << d;
      EXPECT_LE(Units(above.renyi), Units(below.renyi) * 1.03) << twice_alpha << " " << d;
    }
  }
}

TEST(Cost, NoVectorWithinTheBoundsCostsMoreThanTheConcentratedOne) {
  const Order order{9};
  for (const Mechanism mechanism :
       {Mechanism{Family::kDiscreteLaplace, {1, 3}}, Mechanism{Family::kSkellam, {30, 1}}}) {
    const Contribution person{4, 3, 7};
    const uint64_t charged = CostOf(mechanism, person, order).renyi;
    for (uint64_t a = 0; a <= 3; ++a) {
      for (uint64_t b = 0; b <= 3; ++b) {
        for (uint64_t c = 0; c <= 3; ++c) {
          for (uint64_t d = 0; d <= 3; ++d) {
            if (a + b + c + d > 7) continue;
            uint64_t sum = 0;
            for (uint64_t shift : {a, b, c, d}) {
              if (shift > 0) sum += CostOf(mechanism, {1, shift, shift}, order).renyi;
            }
            EXPECT_LE(sum, charged + 4) << a << b << c << d;  // one unit of rounding up each
          }
        }
      }
    }
  }
}

TEST(Cost, EqualsTheTrueDivergenceRoundedUp) {
  // Computed apart from the definition with 200 to 600 bits (mpmath), then rounded up to 2^-40.
  struct Row {
    Mechanism mechanism;
    uint64_t shift;
    uint32_t twice_alpha;
    uint64_t renyi;
  };
  const Row rows[] = {
      {{Family::kSkellam, {1, 20}}, 1, 9, 4122609676906},
      {{Family::kSkellam, {24, 1}}, 1, 9, 102453552576},
      {{Family::kSkellam, {24, 1}}, 3, 44, 2846672799387},
      {{Family::kSkellam, {43, 1}}, 2, 14, 350714627440},
      {{Family::kSkellam, {1023, 1}}, 1, 4, 1074790998},
      {{Family::kSkellam, {900, 1}}, 40, 44, 18589608602493},
      {{Family::kSkellam, {5, 1}}, 1, 512, 2954619620298},
      {{Family::kSkellam, {3, 1}}, 7, 3, 8985514052679},
      {{Family::kDiscreteLaplace, {1, 1}}, 1, 9, 1001207032132},
      {{Family::kDiscreteLaplace, {205, 1024}}, 1, 9, 89930966944},
      {{Family::kDiscreteLaplace, {205, 1024}}, 5, 44, 1069274533899},
      {{Family::kDiscreteLaplace, {1, 1000}}, 300, 14, 219565722567},
      {{Family::kDiscreteLaplace, {64, 1}}, 2, 3, 140737488355328},
      {{Family::kDiscreteLaplace, {1, 1 << 30}}, 1, 512, 1},
      {{Family::kDiscreteLaplace, {1, 1 << 20}}, 1000, 44, 10995735},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(CostOf(row.mechanism, {1, row.shift, row.shift}, {row.twice_alpha}).renyi, row.renyi)
        << ToString(row.mechanism.parameter) << " " << row.shift << " " << row.twice_alpha;
  }
}

TEST(Cost, OfWideSkellamIsThePublishedBoundRoundedUp) {
  struct Row {
    uint64_t mu, shift;
    uint32_t alpha;
  };
  for (const Row& row : {Row{1024, 1, 2}, Row{1024, 40, 22}, Row{5000, 7, 7}, Row{1600000, 256, 12},
                         Row{1600000, 1, 2}, Row{uint64_t{1} << 40, 1 << 20, 22}}) {
    const long double mu = row.mu, d = row.shift, n = row.alpha;
    const long double bound =
        n * d * d / (2 * mu) + std::min(((2 * n - 1) * d * d + 6 * d) / (4 * mu * mu), 3 * d / (2 * mu));
    const uint64_t cost =
        CostOf({Family::kSkellam, {row.mu, 1}}, {1, row.shift, row.shift}, {2 * row.alpha}).renyi;
    EXPECT_NEAR(static_cast<double>(static_cast<long double>(cost) - std::ceil(bound * (1ull << 40))), 0, 1)
        << row.mu;
  }
  // alpha = 4.5 lies between 4 and 5: (alpha - 1) D is convex in alpha.
  const auto at = [](uint32_t twice_alpha) {
    return Units(CostOf({Family::kSkellam, {5000, 1}}, {1, 7, 7}, {twice_alpha}).renyi);
  };
  EXPECT_NEAR(3.5 * at(9), (3 * at(8) + 4 * at(10)) / 2, 1e-10);
  EXPECT_NEAR(at(3), at(4), 1e-11);  // between 1, where (alpha - 1) D is 0, and 2
  // Computed apart from the definition (mpmath): never below it.
  EXPECT_GE(at(9), 0.0220498264488342);
  EXPECT_LE(at(9), 0.0220498264488342 * 1.02);
}

TEST(Cost, FallsAsSkellamsVarianceGrows) {
  // The planner searches along the variance; a step up would make it miss the best noise, though never
  // overcharge.
  for (const uint32_t twice_alpha : {4u, 9u, 44u}) {
    for (const uint64_t shift : {1u, 10u}) {
      uint64_t before = UINT64_MAX;
      for (uint64_t mu = 1; mu <= 1 << 16; mu += 1 + mu / 4) {
        const uint64_t cost = CostOf({Family::kSkellam, {mu, 1}}, {1, shift, shift}, {twice_alpha}).renyi;
        if (mu < 1000 || mu > 1300) {
          EXPECT_LT(cost, before) << mu;
        }
        before = cost;
      }
    }
  }
}

TEST(Cost, IsConvexInTheShiftForBothFamilies) {
  // What the concentrated vector's charge rests on (proved in cost.md).
  for (const Mechanism& m :
       {Mechanism{Family::kDiscreteLaplace, {1, 7}}, Mechanism{Family::kDiscreteLaplace, {3, 1}},
        Mechanism{Family::kSkellam, {1, 2}}, Mechanism{Family::kSkellam, {40, 1}}}) {
    const auto renyi = [&](uint64_t d) {
      return d == 0 ? 0.0 : static_cast<double>(CostOf(m, {1, d, d}, {9}).renyi);
    };
    for (uint64_t d = 1; d < 12; ++d) EXPECT_GE(renyi(d + 1) + renyi(d - 1) + 2, 2 * renyi(d)) << d;
  }
}

TEST(Cost, AddsAndSaturates) {
  const Cost sum = Cost{3, 4} + Cost{10, 20};
  EXPECT_EQ(sum.pure, 13u);
  EXPECT_EQ(sum.renyi, 24u);
  EXPECT_EQ((Cost{kInfinitePure, 1} + Cost{5, 1}).pure, kInfinitePure);
  EXPECT_EQ((Cost{UINT64_MAX - 5, 0} + Cost{100, 0}).pure,
            UINT64_MAX - 1);  // much, but not "no pure guarantee"
  // A mechanism that costs more than numbers hold is refused by every filter, not wrapped into a cheap one.
  EXPECT_EQ(CostOf({Family::kDiscreteLaplace, {64, 1}}, {1 << 20, 1 << 20, uint64_t{1} << 40}, {9}).pure,
            UINT64_MAX - 1);
}

}  // namespace
}  // namespace penc
