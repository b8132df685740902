#include "base/decimal.h"

#include <gtest/gtest.h>

#include <limits>

namespace penc {
namespace {

TEST(Decimal, ReadsExactly) {
  const struct {
    const char* text;
    int64_t num, den;
  } rows[] = {{"0", 0, 1},
              {"-0", 0, 1},
              {"12", 12, 1},
              {"0.25", 1, 4},
              {"-12.5", -25, 2},
              {"1.50", 3, 2},
              {"1e-6", 1, 1000000},
              {"2.5e3", 2500, 1},
              {"1e18", 1000000000000000000, 1},
              {"999999999999999999", 999999999999999999, 1},
              {"0.000000000000000001", 1, 1000000000000000000}};
  for (const auto& row : rows) {
    const auto value = ParseDecimal(row.text);
    ASSERT_TRUE(value.ok()) << row.text;
    EXPECT_EQ(value->num, row.num) << row.text;
    EXPECT_EQ(value->den, row.den) << row.text;
  }
}

TEST(Decimal, RefusesEverythingElse) {
  for (const char* text : {"",    "-",   ".",     "1.",    ".5",    "+1",   "01",
                           "00",  "1,5", "1e",    "e3",    "1e1.5", "0x1",  "1_0",
                           " 1",  "1 ",  "--1",   "1e19",  "1e-19", "1e+6", "1234567890123456789",
                           "nan", "inf", "1.2.3", "1e0001"}) {
    EXPECT_FALSE(ParseDecimal(text).ok()) << text;
  }
}

TEST(Decimal, WritesWhatItReads) {
  for (const char* text :
       {"0", "12", "0.25", "-12.5", "-0.5", "0.000001", "1000000", "0.000000000000000001"}) {
    EXPECT_EQ(FormatDecimal(*ParseDecimal(text)), text);
  }
}

TEST(Decimal, CountsStepsExactlyOrNotAtAll) {
  const Decimal quarter{1, 4};
  EXPECT_EQ(InSteps({168, 1}, quarter), 672);
  EXPECT_EQ(InSteps({-1, 2}, quarter), -2);
  EXPECT_EQ(InSteps({1, 3}, quarter), absl::nullopt);
  EXPECT_EQ(InSteps({1, 1}, {0, 1}), absl::nullopt);
  EXPECT_EQ(InSteps({std::numeric_limits<int64_t>::max(), 1}, quarter), absl::nullopt);
  EXPECT_EQ(OfSteps(672, quarter), (Decimal{168, 1}));
  EXPECT_EQ(OfSteps(std::numeric_limits<int64_t>::max(), {4, 1}), absl::nullopt);
}

}  // namespace
}  // namespace penc
