#include "ledger/unwitnessed.h"

#include <gtest/gtest.h>

namespace penc {
namespace {

const Promise kEight{8 * 1024, 1, 6};

TEST(Unwitnessed, WIsAShareRoundedDownForChargingAndUpForTakingOver) {
  const Allowance odd{{9}, 1999999, 1000001};  // 5 %: 99999.95 and 50000.05
  EXPECT_TRUE(FitsUnwitnessed(odd, {0, 50000}, {kInfinitePure, 0}));
  EXPECT_TRUE(FitsUnwitnessed(odd, {0, 0}, {kInfinitePure, 50000}));
  EXPECT_FALSE(FitsUnwitnessed(odd, {0, 0}, {1, 50001}));
  const Spent taken = TakenOver(odd, {7, 11}, {0, 3});
  EXPECT_EQ(taken.renyi, 11u + 50001u + 3u);
  EXPECT_EQ(taken.pure, kInfinitePure);
  const Allowance pure{{4}, 1999999, 0};
  EXPECT_TRUE(FitsUnwitnessed(pure, {0, 0}, {99999, UINT64_MAX - 1}));
  EXPECT_FALSE(FitsUnwitnessed(pure, {0, 0}, {100000, 1}));
  EXPECT_FALSE(FitsUnwitnessed(pure, {0, 0}, {kInfinitePure, 0}));
  EXPECT_EQ(TakenOver(pure, {7, 11}, {2, 3}).pure, 7u + 100000u + 2u);
}

TEST(Unwitnessed, AmountsThatAreInfiniteOrSaturatedStaySo) {
  const Allowance whole = AllowanceOf(kEight);
  EXPECT_FALSE(FitsUnwitnessed(whole, {0, UINT64_MAX - 1}, {1, 1}));
  const Spent taken = TakenOver(whole, {kInfinitePure, UINT64_MAX}, {5, 5});
  EXPECT_EQ(taken.pure, kInfinitePure);
  EXPECT_GE(taken.renyi, UINT64_MAX - 1);
  const Allowance pure = AllowanceOf({8 * 1024, 0, 0});
  EXPECT_EQ(TakenOver(pure, {kInfinitePure, 0}, {0, 0}).pure, kInfinitePure);
}

TEST(Unwitnessed, WhatIsUsedUpTakesNothingMore) {
  for (const Promise& promise : {kEight, Promise{1024, 0, 0}}) {
    const Allowance whole = AllowanceOf(promise);
    EXPECT_TRUE(FitsUnwitnessed(whole, {}, {1, 1}));
    EXPECT_FALSE(FitsUnwitnessed(whole, UsedUp(whole, {}), {1, 1}));
    EXPECT_FALSE(FitsUnwitnessed(whole, UsedUp(whole, {kInfinitePure, UINT64_MAX - 1}), {1, 1}));
  }
}

}  // namespace
}  // namespace penc
