#include "codebook/period.h"

#include <gtest/gtest.h>

#include "absl/time/civil_time.h"

namespace penc {
namespace {

constexpr ColumnType kDates[] = {ColumnType::kDay, ColumnType::kWeek, ColumnType::kMonth,
                                 ColumnType::kQuarter, ColumnType::kYear};

TEST(Period, ReadsAndWritesEveryUnit) {
  const struct {
    ColumnType type;
    const char* text;
    int64_t value;
  } rows[] = {{ColumnType::kDay, "1970-01-01", 0},     {ColumnType::kDay, "2026-03-31", 20543},
              {ColumnType::kDay, "2024-02-29", 19782}, {ColumnType::kDay, "1969-12-31", -1},
              {ColumnType::kWeek, "1970-W01", 0},      {ColumnType::kWeek, "2020-W53", 2661},
              {ColumnType::kWeek, "2021-W01", 2662},   {ColumnType::kMonth, "1970-01", 0},
              {ColumnType::kMonth, "2026-03", 674},    {ColumnType::kMonth, "1969-12", -1},
              {ColumnType::kQuarter, "2026-Q3", 226},  {ColumnType::kQuarter, "1969-Q4", -1},
              {ColumnType::kYear, "2026", 2026},       {ColumnType::kYear, "0099", 99}};
  for (const auto& row : rows) {
    const auto value = ParsePeriod(row.type, row.text);
    ASSERT_TRUE(value.ok()) << row.text;
    EXPECT_EQ(*value, row.value) << row.text;
    EXPECT_EQ(FormatPeriod(row.type, row.value), row.text);
  }
}

TEST(Period, RefusesOtherSpellingsAndDaysThatDoNotExist) {
  const struct {
    ColumnType type;
    const char* text;
  } rows[] = {
      {ColumnType::kDay, "2026-02-29"},  {ColumnType::kDay, "2026-13-01"},  {ColumnType::kDay, "2026-00-10"},
      {ColumnType::kDay, "2026-1-1"},    {ColumnType::kDay, "31/03/2026"},  {ColumnType::kDay, "2026-03-31 "},
      {ColumnType::kDay, "2026-03"},     {ColumnType::kWeek, "2021-W53"},   {ColumnType::kWeek, "2026-W00"},
      {ColumnType::kWeek, "2026-W54"},   {ColumnType::kWeek, "2026W13"},    {ColumnType::kMonth, "2026-00"},
      {ColumnType::kMonth, "2026-13"},   {ColumnType::kMonth, "2026-Q1"},   {ColumnType::kQuarter, "2026-Q5"},
      {ColumnType::kQuarter, "2026-Q0"}, {ColumnType::kQuarter, "2026-q1"}, {ColumnType::kYear, "26"},
      {ColumnType::kYear, "0000"},       {ColumnType::kYear, "-2026"},      {ColumnType::kYear, ""}};
  for (const auto& row : rows) EXPECT_FALSE(ParsePeriod(row.type, row.text).ok()) << row.text;
}

TEST(Period, RoundTripsAndCoarsensEveryDayOfTwoCenturies) {
  for (int64_t day = -30000; day < 50000; ++day) {
    const absl::CivilDay date = absl::CivilDay(1970, 1, 1) + day;
    for (const ColumnType type : kDates) {
      const int64_t period = PeriodOfDay(type, day);
      ASSERT_EQ(*ParsePeriod(type, FormatPeriod(type, period)), period);
      ASSERT_EQ(Coarsen(ColumnType::kDay, day, type), period);
      ASSERT_LE(FirstDay(type, period), day);
      ASSERT_GT(FirstDay(type, period + 1), day);
    }
    ASSERT_EQ(PeriodOfDay(ColumnType::kMonth, day), (date.year() - 1970) * 12 + date.month() - 1);
    ASSERT_EQ(absl::GetWeekday(absl::CivilDay(1970, 1, 1) +
                               FirstDay(ColumnType::kWeek, PeriodOfDay(ColumnType::kWeek, day))),
              absl::Weekday::monday);
  }
}

TEST(Period, CoarsensByTheFirstDay) {
  const int64_t week = *ParsePeriod(ColumnType::kWeek, "2020-W53");  // Monday 2020-12-28
  EXPECT_EQ(FormatPeriod(ColumnType::kMonth, Coarsen(ColumnType::kWeek, week, ColumnType::kMonth)),
            "2020-12");
  EXPECT_EQ(Coarsen(ColumnType::kQuarter, -1, ColumnType::kYear), 1969);
  EXPECT_EQ(Coarsen(ColumnType::kMonth, 674, ColumnType::kQuarter), 224);
  EXPECT_DEATH(Coarsen(ColumnType::kMonth, 1, ColumnType::kDay), "broken invariant");
}

TEST(Edition, FollowsTheCalendarInUtc) {
  const absl::Time last = absl::FromCivil(absl::CivilSecond(2026, 9, 30, 23, 59, 59), absl::UTCTimeZone());
  EXPECT_EQ(EditionLabel(Closing::kQuarter, EditionAt(Closing::kQuarter, last)), "2026-Q3");
  EXPECT_EQ(EditionLabel(Closing::kQuarter, EditionAt(Closing::kQuarter, last + absl::Seconds(1))),
            "2026-Q4");
  EXPECT_EQ(EditionLabel(Closing::kMonth, EditionAt(Closing::kMonth, last)), "2026-09");
  EXPECT_EQ(EditionLabel(Closing::kYear, EditionAt(Closing::kYear, last)), "2026");
  EXPECT_EQ(*ParseEdition(Closing::kQuarter, "2026-Q3"), 226);
  EXPECT_FALSE(ParseEdition(Closing::kQuarter, "2026-09").ok());
}

}  // namespace
}  // namespace penc
