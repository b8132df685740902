#include "office/closing.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"

namespace penc {
namespace {

absl::Time Day(int year, int month, int day) {
  return absl::FromCivil(absl::CivilDay(year, month, day), absl::UTCTimeZone());
}

struct Row {
  const char* last;   // "": never closed
  const char* label;  // "": by the calendar
  absl::Time now;
  const char* opens;  // "": refused
  absl::StatusCode code = absl::StatusCode::kOk;
};

TEST(Closing, ChoosesByTheCalendarAndRefusesAClockThatLooksWrong) {
  constexpr auto kPrecondition = absl::StatusCode::kFailedPrecondition;
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  const Row rows[] = {
      {"", "", Day(2026, 8, 1), "2026-Q3"},
      {"2026-Q2", "", Day(2026, 9, 30), "2026-Q3"},
      {"2026-Q2", "", Day(2026, 7, 1), "2026-Q3"},
      {"2026-Q3", "", Day(2026, 9, 30), "", kPrecondition},  // closed already
      {"2026-Q3", "", Day(2025, 9, 30), "", kPrecondition},  // set back a year
      {"2026-Q3", "", Day(2027, 9, 30), "", kPrecondition},  // set forward a year
      {"2026-Q3", "2026-Q4", Day(2025, 9, 30), "2026-Q4"},   // named: the clock does not matter
      {"2026-Q3", "2027-Q3", Day(2027, 9, 30), "2027-Q3"},
      {"2026-Q3", "2026-Q3", Day(2026, 11, 1), "", kPrecondition},
      {"2026-Q3", "2026-Q1", Day(2026, 11, 1), "", kPrecondition},
      {"2026-Q3", "2062-Q4", Day(2026, 11, 1), "", kInvalid},  // a mistyped year
      {"2022-Q1", "2026-Q3", Day(2026, 8, 1), "2026-Q3"},      // years without closing
      {"", "2026-Q5", Day(2026, 8, 1), "", kInvalid},
      {"", "next", Day(2026, 8, 1), "", kInvalid},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(absl::StrCat(row.last, " ", row.label, " ", absl::FormatTime(row.now)));
    absl::optional<Edition> last;
    if (*row.last) last = *ParseEdition(Closing::kQuarter, row.last);
    absl::StatusOr<Edition> chosen = ChooseEdition(Closing::kQuarter, last, row.label, row.now);
    if (*row.opens) {
      ASSERT_TRUE(chosen.ok()) << chosen.status();
      EXPECT_EQ(EditionLabel(Closing::kQuarter, *chosen), row.opens);
    } else {
      EXPECT_EQ(chosen.status().code(), row.code) << chosen.status();
    }
  }
}

TEST(Closing, SaysHowToGoOnInBothLanguages) {
  absl::Status status =
      ChooseEdition(Closing::kQuarter, *ParseEdition(Closing::kQuarter, "2026-Q3"), "", Day(2025, 1, 1))
          .status();
  EXPECT_NE(Explain(status).en.find("--label 2026-Q4"), std::string::npos) << Explain(status).en;
  EXPECT_NE(Explain(status).fr.find("--label 2026-Q4"), std::string::npos) << Explain(status).fr;
  // Two quarters without a closing: the one that is meant is today's.
  status = ChooseEdition(Closing::kQuarter, *ParseEdition(Closing::kQuarter, "2026-Q1"), "", Day(2026, 11, 1))
               .status();
  EXPECT_NE(Explain(status).en.find("--label 2026-Q4"), std::string::npos) << Explain(status).en;
}

}  // namespace
}  // namespace penc
