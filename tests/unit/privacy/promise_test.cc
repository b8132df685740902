#include "privacy/promise.h"

#include <gtest/gtest.h>

#include <cmath>

#include "privacy/filter.h"

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

TEST(Filter, PassesWherePureOrRenyiStillHolds) {
  const Promise promise = *ParsePromise("8", "1e-6");
  const uint64_t b = RenyiBudget(promise), e = PureBudget(promise);
  struct Row {
    const char* what;
    Spent spent;
    Cost cost;
    bool fits;
  };
  const Row rows[] = {
      {"nothing spent, all of epsilon", {0, 0}, {e, b + 1}, true},
      {"one unit over epsilon, Rényi holds", {1, 0}, {e, b}, true},
      {"one unit over both", {1, 1}, {e, b}, false},
      {"Skellam exactly at the budget", {0, 0}, {kInfinitePure, b}, true},
      {"Skellam one unit over", {0, 1}, {kInfinitePure, b}, false},
      {"Laplace after Skellam: pure never comes back", {kInfinitePure, b}, {1, 1}, false},
      {"Laplace after much Laplace", {e - 1, b + 5}, {1, 1}, true},
      {"overflow does not wrap", {UINT64_MAX - 2, UINT64_MAX - 2}, {10, 10}, false},
  };
  for (const Row& row : rows) EXPECT_EQ(Fits(promise, row.spent, row.cost), row.fits) << row.what;
  const Promise pure = *ParsePromise("1", "0");
  EXPECT_FALSE(Fits(pure, {0, 0}, {kInfinitePure, 1}));
  EXPECT_TRUE(Fits(pure, {0, 0}, {PureBudget(pure), 7}));
}

}  // namespace
}  // namespace penc
