#include "privacy/choose.h"

#include <gtest/gtest.h>

#include <cmath>

#include "privacy/cost.h"
#include "privacy/law.h"

namespace penc {
namespace {

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

TEST(Choose, AloneLaplaceWinsUpToAboutEightCellsAPersonInsideABudgetSkellamAlready) {
  struct Row {
    uint64_t part, cells;
    Family family;
  };
  const Promise reference = *ParsePromise("8", "1e-6");
  for (const Row& row :
       {Row{1, 1, Family::kDiscreteLaplace}, Row{1, 8, Family::kDiscreteLaplace},
        Row{1, 16, Family::kSkellam}, Row{50, 1, Family::kSkellam}, Row{50, 8, Family::kSkellam}}) {
    const auto chosen =
        ChooseAtPrice({row.cells, 1, row.cells}, RenyiBudget(reference) / row.part, reference);
    ASSERT_TRUE(chosen.ok());
    EXPECT_EQ(chosen->family, row.family) << row.part << " " << row.cells;
  }
  // What Laplace would have been at 2 %: the design's 6.5.
  const uint64_t price = RenyiBudget(reference) / 50;
  uint64_t epsilon_1024 = 1;
  while (CostOf(LaplaceAt({}, epsilon_1024 + 1), {}, OrderOf(reference)).renyi <= price) ++epsilon_1024;
  EXPECT_NEAR(std::sqrt(Variance(LaplaceAt({}, epsilon_1024))), 6.5, 0.1);
}

TEST(Choose, NoBetterNoiseOfEitherFamilyIsWithinThePrice) {
  const Promise reference = *ParsePromise("4", "1e-6");
  const Contribution person{2, 3, 5};
  const uint64_t price = RenyiBudget(reference) / 20;
  const auto chosen = ChooseAtPrice(person, price, reference);
  ASSERT_TRUE(chosen.ok());
  const uint64_t width = HalfWidth(*chosen, 0.95);
  for (uint64_t epsilon_1024 = 1; epsilon_1024 <= 4096; ++epsilon_1024) {
    const Mechanism laplace = LaplaceAt(person, epsilon_1024);
    if (CostOf(laplace, person, OrderOf(reference)).renyi > price) break;
    EXPECT_GE(HalfWidth(laplace, 0.95), width);
  }
  ASSERT_EQ(chosen->family, Family::kSkellam);
  const Ratio mu = chosen->parameter;
  EXPECT_GT(CostOf({Family::kSkellam, {mu.num * 1022, mu.den * 1024}}, person, OrderOf(reference)).renyi,
            price);
}

TEST(Choose, RefusesAPriceThatBuysNothing) {
  const Promise reference = *ParsePromise("8", "1e-6");
  EXPECT_EQ(ChooseAtPrice({64, 256, 64 * 256}, 1, reference).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ChooseForMargin({64, 256, 64 * 256}, 0, reference).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(Choose, LaplaceAtEpsilonCostsExactlyThatEpsilon) {
  for (const Contribution person :
       {Contribution{1, 1, 1}, Contribution{3, 256, 259}, Contribution{10, 1, 7}}) {
    for (const uint64_t epsilon_1024 : {1u, 102u, 1024u, 8191u})
      EXPECT_EQ(CostOf(LaplaceAt(person, epsilon_1024), person, {9}).pure, epsilon_1024 << 30);
  }
}

}  // namespace
}  // namespace penc
