// The day until which a batch may be kept: noted at import, shown with the batches.
#include "absl/strings/match.h"
#include "base/status.h"
#include "tests/support/small_office.h"

namespace penc {
namespace {

class KeepUntil : public SmallOffice {
 protected:
  void SetUp() override { Create(); }
  absl::StatusOr<v1::AdminResult> ImportUntil(const std::string& day, const std::string& csv) {
    v1::AdminCommand command;
    command.mutable_import_file()->set_file_name("work.csv");
    command.mutable_import_file()->set_table("work");
    command.mutable_import_file()->set_keep_until(day);
    return Run(command, csv);
  }
  std::vector<std::string> Shown() {
    v1::AdminCommand command;
    command.mutable_batches();
    const auto listed = Run(command);
    EXPECT_TRUE(listed.ok()) << listed.status();
    std::vector<std::string> shown;
    for (const v1::Batch& batch : listed->batches().batches()) shown.push_back(batch.keep_until());
    return shown;
  }
};

TEST_F(KeepUntil, StaysWithItsBatchThroughClosingAndRestart) {
  ASSERT_TRUE(ImportUntil("2031-12-31", Rows(30)).ok());
  ASSERT_TRUE(ImportUntil("", Rows(30, 30)).ok());
  ASSERT_TRUE(ImportUntil("2026-08-15", Rows(30, 60)).ok()) << "today is the first day that will do";
  const std::vector<std::string> expected{"2031-12-31", "", "2026-08-15"};
  EXPECT_EQ(Shown(), expected);
  ASSERT_TRUE(Close().ok());
  Open();
  EXPECT_EQ(Shown(), expected);
}

TEST_F(KeepUntil, TakesNoDayThatIsPastOrNone) {
  for (const char* day : {"2026-08-14", "1969-12-31", "2031-13-01", "2031", "soon", "31/12/2031"}) {
    absl::Status status = ImportUntil(day, Rows(30)).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << day;
    EXPECT_TRUE(absl::StrContains(Explain(status).en, day)) << status;
    EXPECT_NE(Explain(status).fr, Explain(status).en);
  }
  EXPECT_TRUE(Shown().empty());
}

}  // namespace
}  // namespace penc
