#include "privacy/filter.h"

#include <gtest/gtest.h>

namespace penc {
namespace {

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

TEST(Filter, WhatFitsOnceNeverMakesRoom) {
  // Adding a cost never lowers what is spent, so no order of releases gets more through than the budget
  // holds.
  const Promise promise = *ParsePromise("1", "1e-6");
  const Allowance allowance = AllowanceOf(promise);
  Spent spent;
  const Cost tenth{allowance.pure / 4, allowance.renyi / 10};
  int fitted = 0;
  while (Fits(allowance, spent, tenth)) {
    spent = Add(spent, tenth);
    ASSERT_LE(++fitted, 10);
  }
  EXPECT_EQ(fitted, 10);  // four by epsilon, six more while Rényi holds
  EXPECT_TRUE(Fits(allowance, spent, {0, 0}));
}

}  // namespace
}  // namespace penc
