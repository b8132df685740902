// How long rows are kept: said at import or by office.yaml, and enforced where the clock can be believed.
#include "office/retention.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "absl/strings/match.h"
#include "base/status.h"
#include "tests/support/small_office.h"

namespace penc {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

absl::Time At(int year, int month, int day) {
  return absl::FromCivil(absl::CivilDay(year, month, day), absl::UTCTimeZone());
}

class Retention : public SmallOffice {
 protected:
  void SetUp() override { Create(); }  // on 2026-08-15
  absl::StatusOr<v1::AdminResult> ImportUntil(const std::string& day, const std::string& csv) {
    v1::AdminCommand command;
    command.mutable_import_file()->set_file_name("work.csv");
    command.mutable_import_file()->set_table("work");
    command.mutable_import_file()->set_keep_until(day);
    return Run(command, csv);
  }
  std::vector<v1::Batch> Batches() {
    v1::AdminCommand command;
    command.mutable_batches();
    const auto listed = Run(command);
    EXPECT_TRUE(listed.ok()) << listed.status();
    return {listed->batches().batches().begin(), listed->batches().batches().end()};
  }
  std::vector<std::string> Shown() {
    std::vector<std::string> shown;
    for (const v1::Batch& batch : Batches()) shown.push_back(batch.keep_until());
    return shown;
  }
  absl::StatusOr<v1::AdminResult> Expire(const std::string& today = "") {
    v1::AdminCommand command;
    command.mutable_expire()->set_today(today);
    return Run(command);
  }
  std::vector<uint64_t> Left(const std::string& today = "") {
    const auto expired = Expire(today);
    EXPECT_TRUE(expired.ok()) << expired.status();
    return {expired->expire().batches().begin(), expired->expire().batches().end()};
  }
};

TEST_F(Retention, TheLastDayStaysWithItsBatchThroughClosingAndRestart) {
  ASSERT_TRUE(ImportUntil("2031-12-31", Rows(30)).ok());
  ASSERT_TRUE(ImportUntil("", Rows(30, 30)).ok());
  ASSERT_TRUE(ImportUntil("2026-08-15", Rows(30, 60)).ok()) << "today is the first day that will do";
  const std::vector<std::string> expected{"2031-12-31", "", "2026-08-15"};
  EXPECT_EQ(Shown(), expected);
  ASSERT_TRUE(Close().ok());
  Open();
  EXPECT_EQ(Shown(), expected);
}

TEST_F(Retention, TakesNoDayThatIsPastOrNone) {
  for (const char* day : {"2026-08-14", "1969-12-31", "2031-13-01", "2031", "soon", "31/12/2031"}) {
    absl::Status status = ImportUntil(day, Rows(30)).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << day;
    EXPECT_TRUE(absl::StrContains(Explain(status).en, day)) << status;
    EXPECT_NE(Explain(status).fr, Explain(status).en);
  }
  EXPECT_TRUE(Shown().empty());
}

TEST_F(Retention, OfficeYamlSaysHowLongWhereTheImportDoesNot) {
  const std::string path = absl::StrCat(dir_, "/office.yaml");
  const std::string text = ReadFile(path).value();
  ASSERT_TRUE(WriteFileAtomically(path, text + "retention: {default: 5y}\n").ok());
  Open();
  ASSERT_TRUE(ImportUntil("", Rows(30)).ok());
  ASSERT_TRUE(ImportUntil("2026-12-31", Rows(30, 30)).ok());
  EXPECT_THAT(Shown(), ElementsAre("2031-08-15", "2026-12-31"));
  office_.reset();
  ASSERT_TRUE(WriteFileAtomically(path, text + "retention: {default: 5 years}\n").ok());
  const absl::Status wrong = Office::Open(dir_, environment()).status();
  EXPECT_EQ(wrong.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(Explain(wrong).en, HasSubstr("office.yaml line 6"));
}

TEST(RetentionTime, CountsInYearsMonthsAndDays) {
  const absl::CivilDay day(2024, 2, 29);
  EXPECT_EQ(LastDayOf("1y", day).value(), absl::CivilDay(2025, 2, 28));
  EXPECT_EQ(LastDayOf("4y", day).value(), absl::CivilDay(2028, 2, 29));
  EXPECT_EQ(LastDayOf("18m", day).value(), absl::CivilDay(2025, 8, 29));
  EXPECT_EQ(LastDayOf("90d", day).value(), absl::CivilDay(2024, 5, 29));
  for (const char* none : {"", "y", "0y", "-1y", "5", "5w", "101y", "1.5y"})
    EXPECT_EQ(LastDayOf(none, day).status().code(), absl::StatusCode::kInvalidArgument) << none;
}

TEST_F(Retention, RowsLeaveBeforeTheNextCommandThatChangesRecords) {
  ASSERT_TRUE(ImportUntil("2026-08-20", Rows(30)).ok());
  ASSERT_TRUE(ImportUntil("", Rows(30, 30)).ok());
  ASSERT_TRUE(Close().ok());
  clock_.now = At(2026, 8, 20) + absl::Hours(23);
  EXPECT_TRUE(ImportUntil("", Rows(3, 60))->notices().empty()) << "its last day is a day";
  EXPECT_EQ(Status().rows(), 180u);
  clock_.now = At(2026, 8, 21);
  const auto later = ImportUntil("", Rows(3, 63));
  ASSERT_EQ(later->notices_size(), 1);
  EXPECT_THAT(later->notices(0).en(), HasSubstr("batch 1"));
  EXPECT_THAT(later->notices(0).fr(), HasSubstr("délai de garde passé"));
  EXPECT_EQ(Status().rows(), 90u);
  EXPECT_TRUE(Batches()[0].expired());
  v1::AdminCommand undo;
  undo.mutable_undo()->set_batch(1);
  EXPECT_THAT(Explain(Run(undo).status()).en, HasSubstr("left already"));
}

TEST_F(Retention, AClockThatIsYearsAheadTakesNothingOut) {
  ASSERT_TRUE(ImportUntil("2027-01-31", Rows(30)).ok());
  ASSERT_TRUE(Close().ok());
  clock_.now = At(2036, 8, 15);
  const auto refused = Expire();
  ASSERT_TRUE(refused.ok()) << refused.status();
  EXPECT_TRUE(refused->expire().batches().empty());
  ASSERT_EQ(refused->notices_size(), 1);
  EXPECT_THAT(refused->notices(0).en(), HasSubstr("--today 2036-08-15"));
  EXPECT_THAT(refused->notices(0).fr(), HasSubstr("paraît fausse"));
  EXPECT_EQ(ImportUntil("", Rows(3, 60))->notices_size(), 1) << "commands go on, and say it, too";
  EXPECT_EQ(Status().rows(), 90u);
  // Looking twice makes it no truer.
  EXPECT_TRUE(Left().empty());
  EXPECT_EQ(Expire("2030-01-01").status().code(), absl::StatusCode::kInvalidArgument)
      << "the clock says another day";
  EXPECT_EQ(Expire("yesterday").status().code(), absl::StatusCode::kInvalidArgument);
  clock_.now = At(2026, 9, 1);
  EXPECT_TRUE(Left().empty());
  EXPECT_EQ(Status().rows(), 90u);
}

TEST_F(Retention, APersonMayConfirmTheDay) {
  ASSERT_TRUE(ImportUntil("2027-01-31", Rows(30)).ok());
  ASSERT_TRUE(Close().ok());
  clock_.now = At(2029, 3, 1);  // the office slept
  EXPECT_TRUE(Left().empty());
  EXPECT_THAT(Left("2029-03-01"), ElementsAre(1u));
}

TEST_F(Retention, AnOfficeThatOnlyClosesEveryQuarterIsBelieved) {
  ASSERT_TRUE(ImportUntil("2026-10-31", Rows(30)).ok());
  ASSERT_TRUE(Close().ok());
  clock_.now = At(2026, 11, 20);
  EXPECT_THAT(Left(), ElementsAre(1u));
}

// Whether it was wrong before or is wrong now, nobody can tell: what is kept too long can leave later.
TEST_F(Retention, AClockThatFellBehindTakesNothingOutAndIsTold) {
  ASSERT_TRUE(ImportUntil("2026-09-01", Rows(30)).ok());
  clock_.now = At(2026, 9, 1);
  ASSERT_TRUE(ExpireDue(*office_).ok());
  clock_.now = At(2020, 1, 1);
  EXPECT_EQ(Expire()->notices_size(), 0) << "nothing would be due";
  ASSERT_TRUE(ImportUntil("2026-08-20", Rows(30, 30)).ok());
  const auto behind = Expire();
  EXPECT_TRUE(behind->expire().batches().empty());
  ASSERT_EQ(behind->notices_size(), 1);
  EXPECT_THAT(behind->notices(0).en(), HasSubstr("2020-01-01"));
  clock_.now = At(2026, 9, 2);
  EXPECT_THAT(Left(), ElementsAre(1u, 2u));
}

// Days that somebody wrote while the clock was wrong vouch for nothing.
TEST_F(Retention, AnOfficeMadeUnderAClockThatWasAheadLosesNothingOnceItIsRight) {
  office_.reset();
  std::filesystem::remove_all(dir_);
  clock_.now = At(2036, 8, 15);
  Create();
  clock_.now = At(2026, 8, 15);
  ASSERT_TRUE(ImportUntil("2031-12-31", Rows(30)).ok());
  EXPECT_TRUE(Left().empty());
  EXPECT_EQ(Status().staged_rows(), 90u);
  EXPECT_TRUE(Left("2026-08-15").empty()) << "a person says that it is right now";
  clock_.now = At(2026, 8, 16);
  EXPECT_EQ(Expire()->notices_size(), 0);
}

struct Judged {
  const char* what;
  absl::Time now, seen;
  absl::optional<Edition> last;
  bool believed;
};

TEST(RetentionTime, AClockIsBelievedByWhatItSaidBefore) {
  const Edition q3 = EditionAt(Closing::kQuarter, At(2026, 8, 1));
  const absl::Time seen = At(2026, 8, 15);
  for (const Judged& judged :
       std::initializer_list<Judged>{{"the same day", seen, seen, {}, true},
                                     {"a month", At(2026, 9, 15), seen, {}, true},
                                     {"two months, nothing closed", At(2026, 10, 15), seen, {}, false},
                                     {"the period after the last edition", At(2026, 12, 31), seen, q3, true},
                                     {"two periods after", At(2027, 1, 1), seen, q3, false},
                                     {"years", At(2036, 8, 15), seen, q3, false},
                                     {"behind", At(2020, 8, 15), seen, q3, true}}) {
    EXPECT_EQ(ClockIsBelieved(judged.now, judged.seen, Closing::kQuarter, judged.last), judged.believed)
        << judged.what;
  }
  EXPECT_FALSE(ClockIsBelieved(At(2027, 6, 1), seen, Closing::kYear, EditionAt(Closing::kYear, seen)))
      << "an edition of a year vouches for no year";
}

}  // namespace
}  // namespace penc
