// The office's own exact tables: what is there, no more and no less, and what stays behind of having looked.
#include "office/internal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "journal/journal.h"
#include "tests/support/small_office.h"

namespace penc {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr char kByRace[] =
    "SELECT race, count(DISTINCT person), count(*), sum(year), avg(year) FROM work GROUP BY race";

class Internal : public SmallOffice {
 protected:
  void SetUp() override { Create(); }

  absl::StatusOr<v1::AdminResult> Try(const std::string& sql, bool staged = false) {
    v1::AdminCommand command;
    command.mutable_internal()->mutable_bulletin()->add_questions()->set_sql(sql);
    command.mutable_internal()->set_staged(staged);
    return Run(command);
  }
  v1::InternalResult Count(const std::string& sql, bool staged = false) {
    const auto result = Try(sql, staged);
    EXPECT_TRUE(result.ok()) << result.status();
    return result.ok() ? result->internal() : v1::InternalResult();
  }
  static std::vector<std::vector<double>> Values(const v1::InternalTable& table) {
    std::vector<std::vector<double>> out;
    for (const v1::InternalRow& row : table.rows()) {
      out.emplace_back();
      for (const v1::InternalValue& value : row.values())
        out.back().push_back(value.none() ? -1 : value.value());
    }
    return out;
  }
};

TEST_F(Internal, CountsEveryRowOfEverybodyExactlyBeyondTheCaps) {
  ASSERT_TRUE(Import(Rows(31)).ok());  // 11, 10 and 10 persons, three rows each
  std::string many = "person_ref,race,year\n";
  for (int i = 0; i < 40; ++i) many += "P1000,other,88\n";  // the cap is 15 rows
  ASSERT_TRUE(Import(many, "many.csv").ok());
  ASSERT_TRUE(Close().ok());
  const v1::InternalResult result = Count(kByRace);
  ASSERT_THAT(result.tables(), SizeIs(1));
  EXPECT_THAT(Values(result.tables(0)),
              ElementsAre(ElementsAre(11, 33, 33 * 71, 71), ElementsAre(10, 30, 30 * 71, 71),
                          ElementsAre(11, 70, 30 * 71 + 40 * 88, (30 * 71 + 40 * 88) / 70.0)));
  EXPECT_EQ(result.edition(), "2026-Q3");
  EXPECT_THAT(result.marking().fr(), HasSubstr("NE PAS DIFFUSER"));
}

TEST_F(Internal, NeedsNoPolicyAndNoBudgetAndSpendsNone) {
  ASSERT_TRUE(Import(Rows(300)).ok());
  ASSERT_TRUE(Close().ok());
  v1::AdminCommand stop;
  stop.mutable_stop();
  ASSERT_TRUE(Run(stop).ok());
  const std::string before = Budget().DebugString();
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(Values(Count("SELECT count(DISTINCT person) FROM work").tables(0)),
                ElementsAre(ElementsAre(300)));
  }
  EXPECT_EQ(Budget().DebugString(), before);
}

TEST_F(Internal, IsJournaledByItsQuestionAndWithoutItsNumbers) {
  ASSERT_TRUE(Import(Rows(301)).ok());
  ASSERT_TRUE(Close().ok());
  const uint64_t size = office_->journal().size();
  Count("SELECT count(DISTINCT person) FROM work");
  ASSERT_EQ(office_->journal().size(), size + 1);
  storage::v1::JournalLeaf leaf;
  ASSERT_TRUE(office_->journal()
                  .ForEach(size,
                           [&](uint64_t, absl::string_view bytes) {
                             return leaf.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
                           })
                  .ok());
  EXPECT_THAT(leaf.internal_asked().question(), HasSubstr("count(DISTINCT person)"));
  leaf.clear_salt();  // random bytes, which may read as anything
  EXPECT_FALSE(absl::StrContains(leaf.DebugString(), "301"));
}

TEST_F(Internal, CountsWhatIsStagedOnlyWhenAskedTo) {
  EXPECT_EQ(Try(kByRace).status().code(), absl::StatusCode::kFailedPrecondition);
  ASSERT_TRUE(Import(Rows(30)).ok());
  EXPECT_EQ(Try(kByRace).status().code(), absl::StatusCode::kFailedPrecondition);
  const std::string people = "SELECT count(DISTINCT person) FROM work";
  EXPECT_THAT(Values(Count(people, /*staged=*/true).tables(0)), ElementsAre(ElementsAre(30)));
  ASSERT_TRUE(Close().ok());
  ASSERT_TRUE(Import(Rows(5, 28), "later.csv", /*again=*/true).ok());  // two of them are known
  EXPECT_THAT(Values(Count(people).tables(0)), ElementsAre(ElementsAre(30)));
  EXPECT_THAT(Values(Count(people, /*staged=*/true).tables(0)), ElementsAre(ElementsAre(33)));
  EXPECT_EQ(Status().persons(), 30u);  // looking closed nothing
}

TEST_F(Internal, SaysWhereTheQuestionIsWrong) {
  ASSERT_TRUE(Import(Rows(30)).ok());
  ASSERT_TRUE(Close().ok());
  for (const char* sql :
       {"SELECT", "SELECT count(*) FROM nowhere", "SELECT height, count(*) FROM work GROUP BY height"}) {
    const auto tried = Try(sql);
    ASSERT_FALSE(tried.ok()) << sql;
    EXPECT_FALSE(Explain(tried.status()).fr.empty()) << sql;
  }
}

TEST_F(Internal, OfNoRowsIsATableWithoutRowsAndOneNumberWithoutAxes) {
  ASSERT_TRUE(Import(Rows(3)).ok());
  ASSERT_TRUE(Close().ok());
  EXPECT_THAT(Count("SELECT race, count(*) FROM work WHERE year = 88 GROUP BY race").tables(0).rows(),
              SizeIs(0));
  EXPECT_THAT(Values(Count("SELECT count(*), sum(year) FROM work WHERE year = 88").tables(0)),
              ElementsAre(ElementsAre(0, -1)));
}

}  // namespace
}  // namespace penc
