#include "codebook/period.h"

#include <cstdio>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"

namespace penc {
namespace {

// Periods are written with four digits of year.
constexpr int64_t kFirstYear = 1;

const absl::CivilDay& Epoch() {
  static const absl::CivilDay epoch(1970, 1, 1);
  return epoch;
}

int64_t FloorDiv(int64_t a, int64_t b) { return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0); }

int64_t DayNumber(int64_t year, int64_t month, int64_t day) {
  return absl::CivilDay(year, month, day) - Epoch();
}

// Day 0 was a Thursday, and Monday 1969-12-29 begins week 0.
int64_t WeekOf(int64_t day) { return FloorDiv(day + 3, 7); }

// The week that holds 4 January is the year's first (ISO 8601).
int64_t FirstWeekOf(int64_t year) { return WeekOf(DayNumber(year, 1, 4)); }

// The ISO year of a week is the calendar year of its Thursday.
int64_t YearOfWeek(int64_t week) { return (Epoch() + week * 7).year(); }

// Reads exactly `digits` digits from the front of `text`.
bool TakeNumber(absl::string_view* text, size_t digits, int64_t* value) {
  if (text->size() < digits) return false;
  for (size_t i = 0; i < digits; ++i) {
    if (!absl::ascii_isdigit((*text)[i])) return false;
  }
  if (!absl::SimpleAtoi(text->substr(0, digits), value)) return false;
  text->remove_prefix(digits);
  return true;
}

bool TakeMark(absl::string_view* text, absl::string_view mark) {
  if (text->substr(0, mark.size()) != mark) return false;
  text->remove_prefix(mark.size());
  return true;
}

bool TakePeriod(ColumnType type, absl::string_view text, int64_t* value) {
  int64_t year = 0, part = 0, day = 0;
  if (!TakeNumber(&text, 4, &year) || year < kFirstYear) return false;
  switch (type) {
    case ColumnType::kDay:
      if (!TakeMark(&text, "-") || !TakeNumber(&text, 2, &part) || !TakeMark(&text, "-") ||
          !TakeNumber(&text, 2, &day)) {
        return false;
      }
      // CivilDay carries 31 February over into March: then it is no date.
      if (const absl::CivilDay date(year, part, day); date.month() != part || date.day() != day) return false;
      *value = DayNumber(year, part, day);
      break;
    case ColumnType::kWeek:
      if (!TakeMark(&text, "-W") || !TakeNumber(&text, 2, &part) || part < 1) return false;
      *value = FirstWeekOf(year) + part - 1;
      if (YearOfWeek(*value) != year) return false;
      break;
    case ColumnType::kMonth:
      if (!TakeMark(&text, "-") || !TakeNumber(&text, 2, &part) || part < 1 || part > 12) return false;
      *value = (year - 1970) * 12 + part - 1;
      break;
    case ColumnType::kQuarter:
      if (!TakeMark(&text, "-Q") || !TakeNumber(&text, 1, &part) || part < 1 || part > 4) return false;
      *value = (year - 1970) * 4 + part - 1;
      break;
    case ColumnType::kYear:
      *value = year;
      break;
    default:
      PENC_CHECK(!"a type that is no date");
  }
  return text.empty();
}

const char* Example(ColumnType type) {
  switch (type) {
    case ColumnType::kDay:
      return "2026-03-31";
    case ColumnType::kWeek:
      return "2026-W13";
    case ColumnType::kMonth:
      return "2026-03";
    case ColumnType::kQuarter:
      return "2026-Q1";
    default:
      return "2026";
  }
}

ColumnType TypeOf(Closing closing) {
  switch (closing) {
    case Closing::kMonth:
      return ColumnType::kMonth;
    case Closing::kQuarter:
      return ColumnType::kQuarter;
    case Closing::kYear:
      break;
  }
  return ColumnType::kYear;
}

template <typename... Numbers>
std::string Print(const char* format, Numbers... numbers) {
  char text[64];
  std::snprintf(text, sizeof(text), format, static_cast<long long>(numbers)...);
  return text;
}

}  // namespace

absl::StatusOr<int64_t> ParsePeriod(ColumnType type, absl::string_view text) {
  int64_t value = 0;
  if (TakePeriod(type, text, &value)) return value;
  const absl::string_view shown = text.substr(0, 40);
  return Fail(
      absl::StatusCode::kInvalidArgument,
      {absl::StrCat("«", shown, "» n'est pas une période attendue ici; écrivez par exemple ", Example(type)),
       absl::StrCat("\"", shown, "\" is not a period expected here; write for example ", Example(type))});
}

std::string FormatPeriod(ColumnType type, int64_t value) {
  switch (type) {
    case ColumnType::kDay: {
      const absl::CivilDay day = Epoch() + value;
      return Print("%04lld-%02lld-%02lld", day.year(), day.month(), day.day());
    }
    case ColumnType::kWeek: {
      const int64_t year = YearOfWeek(value);
      return Print("%04lld-W%02lld", year, value - FirstWeekOf(year) + 1);
    }
    case ColumnType::kMonth: {
      const int64_t year = FloorDiv(value, 12);
      return Print("%04lld-%02lld", 1970 + year, value - year * 12 + 1);
    }
    case ColumnType::kQuarter: {
      const int64_t year = FloorDiv(value, 4);
      return Print("%04lld-Q%lld", 1970 + year, value - year * 4 + 1);
    }
    case ColumnType::kYear:
      return Print("%04lld", value);
    default:
      break;
  }
  PENC_CHECK(!"a type that is no date");
  return "";
}

int64_t FirstDay(ColumnType type, int64_t value) {
  switch (type) {
    case ColumnType::kDay:
      return value;
    case ColumnType::kWeek:
      return value * 7 - 3;
    case ColumnType::kMonth:
      return DayNumber(1970, 1 + value, 1);  // CivilDay carries months over into years
    case ColumnType::kQuarter:
      return DayNumber(1970, 1 + 3 * value, 1);
    case ColumnType::kYear:
      return DayNumber(value, 1, 1);
    default:
      break;
  }
  PENC_CHECK(!"a type that is no date");
  return 0;
}

int64_t PeriodOfDay(ColumnType type, int64_t day) {
  const absl::CivilDay date = Epoch() + day;
  switch (type) {
    case ColumnType::kDay:
      return day;
    case ColumnType::kWeek:
      return WeekOf(day);
    case ColumnType::kMonth:
      return (date.year() - 1970) * 12 + date.month() - 1;
    case ColumnType::kQuarter:
      return (date.year() - 1970) * 4 + (date.month() - 1) / 3;
    case ColumnType::kYear:
      return date.year();
    default:
      break;
  }
  PENC_CHECK(!"a type that is no date");
  return 0;
}

int64_t Coarsen(ColumnType fine, int64_t value, ColumnType coarse) {
  PENC_CHECK(coarse >= fine && fine >= ColumnType::kDay);
  return PeriodOfDay(coarse, FirstDay(fine, value));
}

absl::StatusOr<Edition> ParseEdition(Closing closing, absl::string_view label) {
  return ParsePeriod(TypeOf(closing), label);
}

std::string EditionLabel(Closing closing, Edition edition) { return FormatPeriod(TypeOf(closing), edition); }

Edition EditionAt(Closing closing, absl::Time now) {
  return PeriodOfDay(TypeOf(closing), absl::ToCivilDay(now, absl::UTCTimeZone()) - Epoch());
}

}  // namespace penc
