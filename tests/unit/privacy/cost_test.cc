#include "privacy/cost.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "privacy/choose.h"
#include "privacy/law.h"

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

TEST(Choose, TwoPercentOfEightBuysSkellamOfTheDesignsMargin) {
  const Promise reference = *ParsePromise("8", "1e-6");
  const uint64_t price = RenyiBudget(reference) / 50;
  const auto chosen = ChooseAtPrice({1, 1, 1}, price, reference);
  ASSERT_TRUE(chosen.ok());
  EXPECT_EQ(chosen->family, Family::kSkellam);
  EXPECT_NEAR(std::sqrt(Variance(*chosen)), 4.9, 0.05);
  EXPECT_LE(CostOf(*chosen, {1, 1, 1}, OrderOf(reference)).renyi, price);
}

TEST(Choose, NeverPaysMoreThanThePriceAndNearlyAllOfIt) {
  for (const char* epsilon : {"0.5", "1", "8"}) {
    const Promise reference = *ParsePromise(epsilon, "1e-6");
    for (uint64_t part : {2u, 50u, 1000u}) {
      for (const Contribution person : {Contribution{1, 1, 1}, Contribution{4, 1, 4},
                                        Contribution{10, 10, 10}, Contribution{3, 256, 259}}) {
        const uint64_t price = RenyiBudget(reference) / part;
        const auto chosen = ChooseAtPrice(person, price, reference);
        if (!chosen.ok()) continue;
        const uint64_t cost = CostOf(*chosen, person, OrderOf(reference)).renyi;
        EXPECT_LE(cost, price);
        EXPECT_GE(static_cast<double>(cost), 0.6 * static_cast<double>(price))
            << epsilon << " " << part << " " << person.l0;
      }
    }
  }
}

TEST(Choose, APureReferenceKnowsLaplaceOnly) {
  const Promise pure = *ParsePromise("1", "0");
  const auto chosen = ChooseAtPrice({4, 1, 4}, PureBudget(pure) / 10, pure);
  ASSERT_TRUE(chosen.ok());
  EXPECT_EQ(chosen->family, Family::kDiscreteLaplace);
  EXPECT_EQ(chosen->parameter, (Ratio{102, 4096}));  // 0.1 rounded down to 102/1024, over 4 cells
}

TEST(Choose, AMarginIsKeptAndNotOverpaid) {
  const Promise reference = *ParsePromise("8", "1e-6");
  for (uint64_t width : {1u, 3u, 10u, 100u, 1000u}) {
    const auto chosen = ChooseForMargin({1, 1, 1}, width, reference);
    ASSERT_TRUE(chosen.ok()) << width;
    EXPECT_LE(HalfWidth(*chosen, 0.95), width);
    EXPECT_GE(HalfWidth(*chosen, 0.95) + 1 + width / 100, width);
  }
}

}  // namespace
}  // namespace penc
