#include "rpc/quota.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace penc::rpc {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1800000000);

int Taken(Quota& quota, const std::string& who, absl::Time now, int tries) {
  int taken = 0;
  for (int i = 0; i < tries; ++i) taken += quota.Take(who, now);
  return taken;
}

TEST(Quota, AllowsABurstThenItsRate) {
  Quota quota({.burst = 10, .per_second = 2});
  EXPECT_EQ(Taken(quota, "a", kStart, 20), 10);
  EXPECT_EQ(Taken(quota, "a", kStart + absl::Seconds(3), 20), 6);
  EXPECT_EQ(Taken(quota, "a", kStart + absl::Hours(1), 20), 10);
}

TEST(Quota, OneIdentityDoesNotUseUpAnothers) {
  Quota quota({.burst = 5, .per_second = 1});
  EXPECT_EQ(Taken(quota, "a", kStart, 9), 5);
  EXPECT_EQ(Taken(quota, "b", kStart, 9), 5);
}

TEST(Quota, ClockSetBackRefillsNothing) {
  Quota quota({.burst = 5, .per_second = 1});
  EXPECT_EQ(Taken(quota, "a", kStart, 9), 5);
  EXPECT_EQ(Taken(quota, "a", kStart - absl::Hours(1), 9), 0);
  EXPECT_EQ(Taken(quota, "a", kStart - absl::Hours(1) + absl::Seconds(2), 9), 2);
}

TEST(Quota, ForgetsIdentitiesWhoseBucketIsFull) {
  Quota quota({.burst = 5, .per_second = 1});
  for (int i = 0; i < 10000; ++i) quota.Take(absl::StrCat(i), kStart + absl::Seconds(i));
  EXPECT_LE(quota.size(), 4097u);
}

}  // namespace
}  // namespace penc::rpc
