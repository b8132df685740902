// GROUP BY entered: people by the edition that first counted them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_replace.h"
#include "question/advice.h"
#include "question/axis.h"
#include "question/sentence.h"
#include "tests/unit/question/small_codebook.h"

namespace penc {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kTrend[] =
    "SELECT entered, sex, count(DISTINCT person) FROM person WHERE entered BETWEEN '2025-Q3' AND '2026-Q2' "
    "GROUP BY entered, sex";

class CohortKey : public SmallCodebook {
 protected:
  std::vector<std::string> CategoriesOf(const std::string& sql) const {
    const auto plan = Planned(sql);
    EXPECT_TRUE(plan.ok()) << plan.status();
    std::vector<std::string> codes;
    if (!plan.ok()) return codes;
    for (const Category& category : plan->questions[0].domain.axes[0].categories)
      codes.push_back(category.code);
    return codes;
  }
  void CloseEvery(const std::string& period) {
    codebook_ = *ReadCodebook(
        "small.yaml", absl::StrReplaceAll(kSmallCodebook, {{"closing: quarter", "closing: " + period}}));
  }
  std::string Refused(const std::string& sql) const {
    const auto plan = Planned(sql);
    EXPECT_FALSE(plan.ok()) << sql;
    return std::string(plan.status().message());
  }
};

TEST_F(CohortKey, HasEveryEditionOfTheRangeAndOnePersonInOneOfThem) {
  const auto plan = Planned(kTrend);
  ASSERT_TRUE(plan.ok()) << plan.status();
  const Domain& domain = plan->questions[0].domain;
  EXPECT_EQ(domain.axes[0].name, "entered");
  EXPECT_THAT(CategoriesOf(kTrend), ElementsAre("2025-Q3", "2025-Q4", "2026-Q1", "2026-Q2"));
  EXPECT_EQ(domain.cells, 12u);  // sex is not always stated
  EXPECT_EQ(CategoriesPerPerson(domain.axes[0], codebook_), 1u);
  EXPECT_EQ(plan->blocks[0].per_person.l0, 1u);
  // The noise and the price are those of the question without the key.
  const auto without = Planned(
      "SELECT sex, count(DISTINCT person) FROM person WHERE entered BETWEEN '2025-Q3' AND '2026-Q2' GROUP BY "
      "sex");
  EXPECT_EQ(plan->reference_cost.renyi, without->reference_cost.renyi);
  EXPECT_EQ(plan->blocks[0].noise.parameter.num, without->blocks[0].noise.parameter.num);
  EXPECT_EQ(plan->cohorts.from, without->cohorts.from);
  EXPECT_EQ(plan->cohorts.to, without->cohorts.to);
  EXPECT_NE(plan->id, without->id);
}

TEST_F(CohortKey, IsReadBackFromItsCanonicalText) {
  EXPECT_EQ(
      Canon(kTrend),
      "SELECT entered, sex, count(DISTINCT person) AS \"persons\" FROM person WHERE entered >= '2025-Q3' "
      "AND entered <= '2026-Q2' GROUP BY entered, sex");
  EXPECT_EQ(Canon(Canon(kTrend)), Canon(kTrend));
  const std::string years =
      "SELECT year(entered), count(*) AS \"rows\" FROM event WHERE entered >= '2025-Q3' AND entered <= "
      "'2026-Q2' GROUP BY year(entered)";
  EXPECT_EQ(Canon(years), years);
  // A quarter is what this network closes.
  EXPECT_EQ(Canon(absl::StrReplaceAll(years, {{"year(", "quarter("}})),
            absl::StrReplaceAll(years, {{"year(entered)", "entered"}}));
}

TEST_F(CohortKey, IsTheSameAsATypedQuestion) {
  v1::Question typed;
  v1::Select& select = *typed.mutable_select();
  select.set_table("person");
  select.add_measures()->set_kind(v1::Measure::KIND_PERSONS);
  select.add_by()->set_column("entered");
  select.add_by()->set_column("sex");
  v1::Condition& where = *select.mutable_where();
  where.set_column("entered");
  where.set_operator_(v1::Condition::OPERATOR_BETWEEN);
  where.add_values()->set_text("2025-Q3");
  where.add_values()->set_text("2026-Q2");
  const auto bound = Bind(typed, codebook_);
  ASSERT_TRUE(bound.ok()) << bound.status();
  EXPECT_EQ(CanonicalText(*bound, codebook_), Canon(kTrend));
}

TEST_F(CohortKey, CoarserPeriodsThanAnEditionHoldSeveral) {
  const std::string range = ", count(*) FROM event WHERE entered BETWEEN ";
  EXPECT_THAT(CategoriesOf("SELECT year(entered)" + range + "'2025-Q3' AND '2026-Q2' GROUP BY year(entered)"),
              ElementsAre("2025", "2026"));
  CloseEvery("month");
  EXPECT_THAT(CategoriesOf("SELECT entered" + range + "'2025-11' AND '2026-01' GROUP BY entered"),
              ElementsAre("2025-11", "2025-12", "2026-01"));
  EXPECT_THAT(
      CategoriesOf("SELECT quarter(entered)" + range + "'2025-11' AND '2026-01' GROUP BY quarter(entered)"),
      ElementsAre("2025-Q4", "2026-Q1"));
  CloseEvery("year");
  EXPECT_THAT(CategoriesOf("SELECT year(entered)" + range + "'2025' AND '2026' GROUP BY year(entered)"),
              ElementsAre("2025", "2026"));
  EXPECT_THAT(Refused("SELECT quarter(entered)" + range + "'2025' AND '2026' GROUP BY quarter(entered)"),
              HasSubstr("longer than an edition: year(entered)"));
}

TEST_F(CohortKey, NeedsBothEndsAndSaysWhatToAdd) {
  for (const char* where :
       {"", " WHERE entered >= '2026-Q1'", " WHERE entered <= '2026-Q1'", " WHERE sex = 'f'"}) {
    EXPECT_THAT(Refused(absl::StrCat("SELECT entered, count(*) FROM person", where, " GROUP BY entered")),
                HasSubstr("add to WHERE: entered BETWEEN 'first' AND 'last'"))
        << where;
  }
  EXPECT_THAT(Refused("SELECT entered, count(*) FROM person WHERE entered BETWEEN '0001-Q1' AND '9999-Q4' "
                      "GROUP BY entered, sex, age, profile, main_of(profile), entered"),
              HasSubstr("twice"));
  EXPECT_THAT(Refused("SELECT month(entered), count(*) FROM person WHERE entered = '2026-Q1' GROUP BY "
                      "month(entered)"),
              HasSubstr("longer than an edition"));
  EXPECT_THAT(Refused("SELECT fold(entered), count(*) FROM person WHERE entered = '2026-Q1' GROUP BY "
                      "fold(entered)"),
              HasSubstr("write entered"));
  EXPECT_THAT(Refused("SELECT sum(entered) FROM person"), HasSubstr("and in GROUP BY"));
}

TEST_F(CohortKey, IsSaidInWordsAndCanBeMadeCoarser) {
  const auto trend = Bound(kTrend);
  ASSERT_TRUE(trend.ok());
  EXPECT_EQ(
      Sentence(*trend, codebook_).fr,
      "Combien de personnes (Personnes), par édition du premier comptage et sexe, personnes comptées pour "
      "la première fois de 2025-Q3 à 2026-Q2 ?");
  EXPECT_EQ(
      Sentence(*trend, codebook_).en,
      "How many people (People), by edition first counted in and sex, people first counted from 2025-Q3 "
      "to 2026-Q2?");
  std::vector<std::string> changes;
  for (const Alternative& one : AlternativesTo(*Planned(kTrend, {Price::Kind::kShare, 20000}), 0, codebook_))
    changes.push_back(absl::StrCat(one.change, " ", one.cells));
  EXPECT_THAT(changes, ElementsAre("year(entered) 6"));
}

}  // namespace
}  // namespace penc
