#include "question/bulletin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace penc {
namespace {

using ::testing::HasSubstr;

// The condition that a question's SQL has after reading, or the error.
std::string Where(absl::string_view condition, absl::string_view head, absl::string_view edition = "") {
  const auto bulletin = ReadBulletin("b.yaml",
                                     absl::StrCat("bulletin: b\n", head,
                                                  "questions:\n  - sql: \"SELECT count(*) FROM t "
                                                  "WHERE ",
                                                  condition, "\"\n"),
                                     edition);
  return bulletin.ok() ? bulletin->questions(0).sql().substr(29) : std::string(bulletin.status().message());
}

TEST(ReadBulletin, ReadsNamesTitlesAndWeights) {
  const auto bulletin = ReadBulletin("b.yaml", R"(bulletin: essai
questions:
  - {title: Par sexe / By sex, sql: "SELECT sex, count(*) FROM t GROUP BY sex", weight: 3}
  - sql: >-
      SELECT count(*)
      FROM t
)");
  ASSERT_TRUE(bulletin.ok()) << bulletin.status();
  EXPECT_EQ(bulletin->name(), "essai");
  ASSERT_EQ(bulletin->questions_size(), 2);
  EXPECT_EQ(bulletin->questions(0).title(), "Par sexe / By sex");
  EXPECT_EQ(bulletin->questions(0).weight(), 3u);
  EXPECT_EQ(bulletin->questions(1).title(), "");
  EXPECT_EQ(bulletin->questions(1).weight(), 0u);
  EXPECT_EQ(bulletin->questions(1).sql(), "SELECT count(*) FROM t");
}

TEST(ReadBulletin, CountsPeriodsBackFromTheEdition) {
  EXPECT_EQ(Where("q BETWEEN '$Q-3' AND '$Q'", "edition: 2026-Q3\n"), "q BETWEEN '2025-Q4' AND '2026-Q3'");
  EXPECT_EQ(Where("q IN ('$M', '$M-11', '$Y', '$Y-1')", "edition: 2026-Q3\n"),
            "q IN ('2026-09', '2025-10', '2026', '2025')");
  EXPECT_EQ(Where("q IN ('$Q', '$M', '$Y')", "edition: 2026-02\n"), "q IN ('2026-Q1', '2026-02', '2026')");
  EXPECT_EQ(Where("q IN ('$Q', '$M', '$Y')", "edition: 2026\n"), "q IN ('2026-Q4', '2026-12', '2026')");
  EXPECT_EQ(Where("q = '$Q-7'", "edition: 2026-Q1\n"), "q = '2024-Q2'");
  EXPECT_EQ(Where("q = 'x'", ""), "q = 'x'");
}

TEST(ReadBulletin, LetsTheAskerGiveAnotherEdition) {
  EXPECT_EQ(Where("q = '$Q'", "edition: 2026-Q3\n", "2027-Q1"), "q = '2027-Q1'");
  EXPECT_EQ(Where("q = '$Q'", "", "2027-Q1"), "q = '2027-Q1'");
}

TEST(ReadBulletin, SaysWhatIsMissingOrWrongWithItsLine) {
  EXPECT_THAT(Where("q = '$Q'", ""),
              HasSubstr("b.yaml line 3: questions[0].sql: this question counts its periods"));
  EXPECT_THAT(Where("q = '$Q'", "edition: soon\n"),
              HasSubstr("b.yaml line 2: edition: \"soon\" is not an edition"));
  EXPECT_THAT(Where("q = '$FROM'", "edition: 2026-Q3\n"), HasSubstr("after $ there must be Q, M or Y"));
  EXPECT_THAT(Where("q = $", "edition: 2026-Q3\n"), HasSubstr("after $"));
  EXPECT_THAT(Where("q = '$Q-1001'", "edition: 2026-Q3\n"), HasSubstr("at most 1000"));
  EXPECT_THAT(Where("q = '$Q-99999999999999999999'", "edition: 2026-Q3\n"), HasSubstr("at most 1000"));
  EXPECT_THAT(Where("q = = 3", ""), HasSubstr("b.yaml line 3: questions[0].sql: line 1, column 34"));
  EXPECT_THAT(std::string(ReadBulletin("b.yaml", "bulletin: b\nquestions: []\n").status().message()),
              HasSubstr("b.yaml line 2: questions: 1 to 64 questions"));
  EXPECT_THAT(
      std::string(ReadBulletin("b.yaml", "bulletin: b\nquestions: [{title: x}]\n").status().message()),
      HasSubstr("sql"));
}

}  // namespace
}  // namespace penc
