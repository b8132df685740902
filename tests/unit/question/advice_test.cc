#include "question/advice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "privacy/law.h"
#include "question/release.h"
#include "tests/unit/question/small_codebook.h"

namespace penc {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Advice : public SmallCodebook {
 protected:
  std::vector<Alternative> To(const std::string& sql, uint64_t share_ppm = 20000) const {
    const auto plan = Planned(sql, {Price::Kind::kShare, share_ppm});
    EXPECT_TRUE(plan.ok()) << sql << plan.status();
    return plan.ok() ? AlternativesTo(*plan, 0, codebook_) : std::vector<Alternative>{};
  }
  // "fold(origin) 3 same" of each.
  std::vector<std::string> In(const std::string& sql) const {
    std::vector<std::string> words;
    for (const Alternative& one : To(sql))
      words.push_back(absl::StrCat(one.change, " ", one.cells, one.same[0] ? " same" : " other"));
    return words;
  }
};

TEST_F(Advice, NamesCoarserKeysThatMakeFewerCells) {
  // Four countries and "not stated" become two groups and "not stated"; one person is in one cell all the
  // same.
  EXPECT_THAT(In("SELECT origin, count(DISTINCT person) FROM event GROUP BY origin"),
              ElementsAre("fold(origin) 3 same"));
  EXPECT_THAT(In("SELECT fold(origin), count(DISTINCT person) FROM event GROUP BY fold(origin)"), IsEmpty());
  EXPECT_THAT(In("SELECT sex, count(*) FROM person GROUP BY sex"), IsEmpty());
}

TEST_F(Advice, NamesMainOfWhereAPersonIsThenInOneCell) {
  const std::string by = "SELECT profile, count(DISTINCT person) FROM person GROUP BY profile";
  const std::vector<Alternative> found = To(by);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].change, "main_of(profile)");
  EXPECT_FALSE(found[0].same[0]);
  // As if it had been asked.
  const auto now = Planned(by), main = Planned(
                                    "SELECT main_of(profile), count(DISTINCT person) FROM person "
                                    "GROUP BY main_of(profile)");
  EXPECT_EQ(found[0].margins[0], static_cast<double>(HalfWidth(main->blocks[0].noise, 0.95)));
  EXPECT_LT(found[0].margins[0], static_cast<double>(HalfWidth(now->blocks[0].noise, 0.95)));
}

TEST_F(Advice, NamesCoarserPeriodsAndLongerOnes) {
  const char* const period = " FROM event WHERE month BETWEEN '2026-01' AND '2026-06' GROUP BY month";
  EXPECT_THAT(In(absl::StrCat("SELECT month, count(*)", period)),
              ElementsAre("quarter(month) 2 same", "year(month) 1 same"));
  // At most three cells a person of six, two of two, one of one.
  EXPECT_THAT(In(absl::StrCat("SELECT month, count(DISTINCT person)", period)),
              ElementsAre("quarter(month) 2 other", "year(month) 1 other"));
  const std::vector<Alternative> longer =
      To("SELECT sex, count(*) FROM event WHERE month BETWEEN '2026-03' AND '2026-04' GROUP BY sex");
  ASSERT_EQ(longer.size(), 1u);
  EXPECT_EQ(longer[0].kind, Alternative::Kind::kWindow);
  EXPECT_EQ(longer[0].change, "2026-01");
  EXPECT_EQ(longer[0].longer, 2);
  EXPECT_TRUE(longer[0].same[0]);
  // The codebook's first month is 2025-11: no further.
  const std::vector<Alternative> little =
      To("SELECT sex, count(*) FROM event WHERE month BETWEEN '2025-12' AND '2026-03' GROUP BY sex");
  ASSERT_EQ(little.size(), 1u);
  EXPECT_EQ(little[0].change, "2025-11");
  EXPECT_EQ(little[0].longer, 1.25);
  EXPECT_THAT(
      In("SELECT sex, count(*) FROM event WHERE month <= '2026-03' AND month >= '2025-11' GROUP BY sex"),
      IsEmpty());
}

TEST_F(Advice, PhantomsAreAtMostWhatIsDisplayed) {
  const auto plan = Planned("SELECT country, needs, count(*) FROM event GROUP BY country, needs");
  ASSERT_TRUE(plan.ok()) << plan.status();
  Display display;
  const Phantoms usual = ExpectedPhantoms(*plan, 0, codebook_, display);
  EXPECT_GT(usual.shown_from, 0);
  EXPECT_GT(usual.expected, 0);
  EXPECT_LE(usual.expected, 1);
  display.phantoms = 0.01;
  const Phantoms strict = ExpectedPhantoms(*plan, 0, codebook_, display);
  EXPECT_GT(strict.shown_from, usual.shown_from);
  EXPECT_LE(strict.expected, 0.01);
  // A table without keys has no empty cell, a mean is judged by its margin.
  EXPECT_EQ(ExpectedPhantoms(*Planned("SELECT count(*) FROM event"), 0, codebook_, display).expected, 0);
  EXPECT_EQ(
      ExpectedPhantoms(*Planned("SELECT sex, avg(income) FROM event GROUP BY sex"), 0, codebook_, display)
          .shown_from,
      0);
}

}  // namespace
}  // namespace penc
