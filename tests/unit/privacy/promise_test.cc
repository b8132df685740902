#include "privacy/promise.h"

#include <gtest/gtest.h>

#include <cmath>

namespace penc {
namespace {

TEST(Promise, OrderAndBudgetAreThoseOfTheDesign) {
  struct Row {
    const char* epsilon;
    double alpha, budget;
  };
  for (const Row& row :
       {Row{"1", 22, 0.535}, Row{"2", 12, 1.056}, Row{"4", 7, 2.175}, Row{"8", 4.5, 4.733}}) {
    const auto promise = ParsePromise(row.epsilon, "1e-6");
    ASSERT_TRUE(promise.ok());
    EXPECT_EQ(OrderOf(*promise).twice_alpha / 2.0, row.alpha) << row.epsilon;
    EXPECT_NEAR(std::ldexp(static_cast<double>(RenyiBudget(*promise)), -40), row.budget, 0.001)
        << row.epsilon;
  }
}

TEST(Promise, RefusesWhatItCannotKeepExactly) {
  for (const char* epsilon : {"", "0", "-1", "8.0001", "1/2", "1e3", "65", "8,5", "nan"}) {
    EXPECT_FALSE(ParsePromise(epsilon, "1e-6").ok()) << epsilon;
  }
  for (const char* delta : {"", "1", "0.5", "1e-2", "1e-99", "12e-6", "0.0000012", "-1e-6"}) {
    EXPECT_FALSE(ParsePromise("8", delta).ok()) << delta;
  }
  EXPECT_EQ(ParsePromise("0.25", "0.000001")->epsilon_1024, 256u);
  EXPECT_EQ(ParsePromise("8", "0.000001")->delta_exponent, 6);
}

TEST(Promise, TheOrderIsTheBestOfAllThatAreTried) {
  // The search stops early where no later order can win: here it is compared with all of them.
  for (const char* epsilon : {"0.0625", "0.5", "1", "3", "8", "20", "64"}) {
    for (const char* delta : {"9e-3", "1e-3", "1e-6", "1e-9", "1e-15"}) {
      const Promise promise = *ParsePromise(epsilon, delta);
      const uint32_t chosen = OrderOf(promise).twice_alpha;
      const double best = static_cast<double>(RenyiBudgetAt(promise, {chosen})) / chosen;
      for (uint32_t twice_alpha = 3; twice_alpha <= 512; twice_alpha += twice_alpha < 20 ? 1 : 2) {
        EXPECT_LE(static_cast<double>(RenyiBudgetAt(promise, {twice_alpha})) / twice_alpha, best + 1)
            << epsilon << " " << delta << " " << twice_alpha;
      }
    }
  }
}

TEST(Promise, APurePromiseHasNoRenyiBudget) {
  const Promise pure = *ParsePromise("1", "0");
  EXPECT_TRUE(pure.pure());
  EXPECT_EQ(RenyiBudget(pure), 0u);
  EXPECT_EQ(PureBudget(pure), uint64_t{1} << 40);
}

}  // namespace
}  // namespace penc
