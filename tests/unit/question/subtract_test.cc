// Released tables, one less another.
#include "question/subtract.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "privacy/law.h"
#include "question/answer.h"
#include "tests/unit/question/small_codebook.h"

namespace penc {
namespace {

using ::testing::HasSubstr;

const Display kAll{1e9, 1e9};

class Subtraction : public SmallCodebook {
 protected:
  // An answer to the questions whose integers are those of `noisy`, 100 where it has none.
  v1::Answer AnswerTo(const std::vector<std::string>& sql, const std::vector<int64_t>& noisy = {},
                      const Price& price = {Price::Kind::kShare, 100000},
                      const Display& display = kAll) const {
    std::vector<Question> questions;
    for (const std::string& one : sql) {
      const auto bound = Bound(one);
      EXPECT_TRUE(bound.ok()) << one << bound.status();
      questions.push_back(*bound);
    }
    const auto plan = MakePlan(questions, price, codebook_);
    EXPECT_TRUE(plan.ok()) << plan.status();
    Release release{plan->id, std::vector<int64_t>(plan->length, 100)};
    for (size_t i = 0; i < std::min(noisy.size(), release.noisy.size()); ++i) release.noisy[i] = noisy[i];
    v1::Answer answer;
    for (v1::Table& table : ToTables(*plan, codebook_, release, display)) *answer.add_tables() = table;
    answer.set_question_id(plan->id);
    answer.set_edition("2026-Q3");
    answer.set_codebook("small@1");
    answer.add_organisations("one");
    answer.set_answered(1);
    answer.set_asked(1);
    return answer;
  }
  std::string Refused(const TableOf& first, const TableOf& second) const {
    const auto made = Subtract(first, second);
    EXPECT_FALSE(made.ok());
    return std::string(made.status().message());
  }

  const std::string new_ =
      "SELECT sex, count(DISTINCT person) FROM person WHERE entered = '2026-Q3' GROUP BY sex";
  const std::string old_ =
      "SELECT sex, count(DISTINCT person) FROM person WHERE entered = '2025-Q3' GROUP BY sex";
};

TEST_F(Subtraction, OfCountsHasTheMarginOfTheExactLaw) {
  const v1::Answer answer = AnswerTo({new_, old_}, {130, 20, 5, 100, 60, 5});
  const auto made = Subtract({answer, 0}, {answer, 1});
  ASSERT_TRUE(made.ok()) << made.status();
  ASSERT_EQ(made->table().rows_size(), 3);
  Mechanism both = *FromNoise(answer.tables(0).blocks(0).noise());
  both.rate.num *= 2;
  const auto margin = static_cast<double>(HalfWidth(both, 0.95));
  EXPECT_EQ(made->table().columns(0).margin(), margin);
  EXPECT_TRUE(made->exact(0));
  EXPECT_EQ(made->table().rows(0).values(0).value(), 30);
  EXPECT_EQ(made->table().rows(0).values(0).low(), 30 - margin);
  EXPECT_EQ(made->table().rows(0).values(0).high(), 30 + margin);
  EXPECT_EQ(made->table().rows(1).values(0).value(), -40);
  EXPECT_EQ(made->table().rows(2).values(0).value(), 0);
  EXPECT_FALSE(made->other_organisations());
  // The other way round.
  EXPECT_EQ(Subtract({answer, 1}, {answer, 0})->table().rows(0).values(0).value(), -30);
}

TEST_F(Subtraction, UsesTheReleasedIntegersWhereOneOfTheTwoIsTooSmallToBeShown) {
  const v1::Answer answer =
      AnswerTo({new_, old_}, {130, -3, 5, -3, 1, 5}, {Price::Kind::kShare, 20000}, Display());
  ASSERT_EQ(answer.tables(1).rows(0).values(0).shown(), v1::Value::SHOWN_TOO_FEW);
  const auto made = Subtract({answer, 0}, {answer, 1});
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(made->table().rows(0).values(0).value(), 133);
  // Of two such nothing is said.
  EXPECT_EQ(made->table().rows(1).values(0).shown(), v1::Value::SHOWN_TOO_FEW);
  EXPECT_EQ(made->table().hidden_rows(), 2u);
}

TEST_F(Subtraction, OfSumsAndDifferencesIsExactToo) {
  const auto ask = [](const std::string& sex) {
    return "SELECT sum(cost), difference(country = 'SEN', country = 'MLI'), count(*) FROM event WHERE sex = "
           "'" +
           sex + "'";
  };
  const v1::Answer answer = AnswerTo({ask("f"), ask("m")}, {40, 30, 10, 70, 20, 100, 10, 75});
  const auto made = Subtract({answer, 0}, {answer, 1});
  ASSERT_TRUE(made.ok()) << made.status();
  const v1::Block& sum = answer.tables(0).blocks(0);
  const double unit = static_cast<double>(sum.unit_num()) / static_cast<double>(sum.unit_den());
  EXPECT_EQ(made->table().rows(0).values(0).value(), 20 * unit);
  EXPECT_EQ(made->table().rows(0).values(1).value(), 20 - 90);
  EXPECT_EQ(made->table().rows(0).values(2).value(), -5);
  for (bool exact : made->exact()) EXPECT_TRUE(exact);
  Mechanism four = *FromNoise(answer.tables(0).blocks(1).noise());
  four.rate.num *= 4;
  EXPECT_EQ(made->table().columns(1).margin(), static_cast<double>(HalfWidth(four, 0.95)));
}

TEST_F(Subtraction, OfOtherMeasuresLaysTheIntervalsEndToEnd) {
  const auto ask = [](const std::string& sex) {
    return "SELECT avg(income), median(income), share(country = 'SEN'), count(*) FROM event WHERE sex = '" +
           sex + "'";
  };
  const v1::Answer answer = AnswerTo({ask("f"), ask("m")}, std::vector<int64_t>(2000, 5000));
  const auto made = Subtract({answer, 0}, {answer, 1});
  ASSERT_TRUE(made.ok()) << made.status();
  for (int c = 0; c < 3; ++c) {
    const v1::Value &a = answer.tables(0).rows(0).values(c), &b = answer.tables(1).rows(0).values(c);
    const v1::Value& value = made->table().rows(0).values(c);
    ASSERT_EQ(a.shown(), v1::Value::SHOWN_YES);
    EXPECT_EQ(value.value(), a.value() - b.value());
    EXPECT_EQ(value.low(), a.low() - b.high());
    EXPECT_EQ(value.high(), a.high() - b.low());
    EXPECT_FALSE(made->exact(c));
    EXPECT_EQ(made->table().columns(c).margin(), 0);
  }
  EXPECT_TRUE(made->exact(3));
}

TEST_F(Subtraction, OfAnswersAtOtherPricesBoundsBothNoises) {
  const v1::Answer dear = AnswerTo({new_}, {130}, {Price::Kind::kEpsilon, 1024});
  const v1::Answer cheap = AnswerTo({old_}, {100}, {Price::Kind::kEpsilon, 512});
  const auto laplace = Subtract({dear, 0}, {cheap, 0});
  ASSERT_TRUE(laplace.ok()) << laplace.status();
  EXPECT_TRUE(laplace->exact(0));
  EXPECT_GE(laplace->table().columns(0).margin(), cheap.tables(0).columns(0).margin());
  const v1::Answer skellam = AnswerTo({old_}, {100}, {Price::Kind::kShare, 20000});
  ASSERT_EQ(skellam.tables(0).blocks(0).noise().family(), v1::Noise::FAMILY_SKELLAM);
  const auto mixed = Subtract({dear, 0}, {skellam, 0});
  ASSERT_TRUE(mixed.ok()) << mixed.status();
  EXPECT_FALSE(mixed->exact(0));
  EXPECT_EQ(mixed->table().columns(0).margin(),
            static_cast<double>(HalfWidth(*FromNoise(dear.tables(0).blocks(0).noise()), 0.975) +
                                HalfWidth(*FromNoise(skellam.tables(0).blocks(0).noise()), 0.975)));
}

TEST_F(Subtraction, TakesEachCohortLessTheOneBefore) {
  const v1::Answer answer = AnswerTo({"SELECT entered, sex, count(DISTINCT person) FROM person WHERE entered "
                                      "BETWEEN '2025-Q4' AND '2026-Q2' "
                                      "AND sex IS NOT NULL GROUP BY entered, sex"},
                                     {10, 20, 15, 18, 30, 19});
  const auto made = SubtractAlong({answer, 0}, "entered");
  ASSERT_TRUE(made.ok()) << made.status();
  const v1::Table& table = made->table();
  ASSERT_EQ(table.axes(0).categories_size(), 2);
  EXPECT_EQ(table.axes(0).categories(0).code(), "2026-Q1");
  EXPECT_EQ(table.axes(0).categories(1).label().en(), "2026-Q2 less 2026-Q1");
  ASSERT_EQ(table.rows_size(), 4);
  const double expected[] = {5, -2, 15, 1};
  for (int r = 0; r < 4; ++r) {
    EXPECT_EQ(table.rows(r).key(0), static_cast<uint32_t>(r / 2));
    EXPECT_EQ(table.rows(r).key(1), static_cast<uint32_t>(r % 2));
    EXPECT_EQ(table.rows(r).values(0).value(), expected[r]) << r;
  }
  EXPECT_TRUE(made->exact(0));
  EXPECT_FALSE(made->has_second());
  // Any key has an order; what is not stated has nobody before it.
  const v1::Answer by_sex = AnswerTo({new_}, {30, 10, 4});
  const auto sexes = SubtractAlong({by_sex, 0}, "sex");
  ASSERT_TRUE(sexes.ok());
  ASSERT_EQ(sexes->table().rows_size(), 1);
  EXPECT_EQ(sexes->table().rows(0).values(0).value(), -20);
  EXPECT_THAT(std::string(SubtractAlong({by_sex, 0}, "age").status().message()), HasSubstr("it has: sex"));
  const v1::Answer one = AnswerTo({"SELECT count(*) FROM person"});
  EXPECT_THAT(std::string(SubtractAlong({one, 0}, "sex").status().message()), HasSubstr("it has: none"));
}

TEST_F(Subtraction, RefusesTablesThatDoNotFitWithWhatToDo) {
  const v1::Answer answer =
      AnswerTo({new_, old_, "SELECT profile, count(DISTINCT person) FROM person GROUP BY profile",
                "SELECT sex, count(*) FROM person GROUP BY sex",
                "SELECT sex, count(DISTINCT person) FROM event GROUP BY sex",
                "SELECT sex, count(DISTINCT person) FROM person WHERE sex = 'f' GROUP BY sex"});
  EXPECT_THAT(Refused({answer, 0}, {answer, 0}), HasSubstr("the same table twice"));
  EXPECT_THAT(Refused({answer, 0}, {answer, 2}), HasSubstr("the same cells"));
  EXPECT_THAT(Refused({answer, 0}, {answer, 3}), HasSubstr("do not count the same"));
  EXPECT_THAT(Refused({answer, 0}, {answer, 4}), HasSubstr("do not count the same"));
  EXPECT_THAT(Refused({answer, 0}, {answer, 5}), HasSubstr("the same cells"));
  EXPECT_THAT(Refused({answer, 0}, {answer, 6}), HasSubstr("there is no table 7: this answer has 6"));
  v1::Answer other = answer;
  other.set_codebook("small@2");
  EXPECT_THAT(Refused({answer, 0}, {other, 1}), HasSubstr("different codebooks (small@1, small@2)"));
  v1::Answer refusal;
  refusal.mutable_refusal()->set_reason(v1::REFUSAL_STOPPED);
  EXPECT_THAT(Refused({answer, 0}, {refusal, 0}), HasSubstr("a refusal"));
  // The same question is another table in another edition, or of another organisation.
  other = answer;
  other.set_edition("2026-Q2");
  EXPECT_TRUE(Subtract({answer, 0}, {other, 0}).ok());
  other = answer;
  *other.mutable_organisations(0) = "two";
  const auto made = Subtract({answer, 0}, {other, 0});
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_TRUE(made->other_organisations());
}

TEST_F(Subtraction, BelievesNothingOfADamagedFile) {
  const v1::Answer good = AnswerTo({new_, old_});
  const auto refused = [&](const std::function<void(v1::Table&)>& damage) {
    v1::Answer bad = good;
    damage(*bad.mutable_tables(0));
    EXPECT_FALSE(Subtract({bad, 0}, {bad, 1}).ok());
  };
  refused([](v1::Table& table) { table.clear_rows(); });
  refused([](v1::Table& table) { table.mutable_rows(0)->clear_values(); });
  refused([](v1::Table& table) { table.mutable_rows(0)->set_key(0, 3); });
  refused([](v1::Table& table) { table.mutable_rows(0)->add_key(0); });
  refused([](v1::Table& table) { table.mutable_rows(0)->mutable_values(0)->set_low(std::nan("")); });
  refused([](v1::Table& table) { table.set_question("DROP TABLE person"); });
  // Laws that no plan has, or integers that are not those shown: what is shown is all that is used.
  for (const auto& damage : std::vector<std::function<void(v1::Block&)>>{
           [](v1::Block& block) { block.clear_noise(); },
           [](v1::Block& block) { block.mutable_noise()->set_parameter_den(0); },
           [](v1::Block& block) { block.mutable_noise()->set_rate_num(4000000000u); },
           [](v1::Block& block) { block.clear_noisy(); }, [](v1::Block& block) { block.set_noisy(0, 7); },
           [](v1::Block& block) { block.set_fan(2); }, [](v1::Block& block) { block.set_column(1); }}) {
    v1::Answer bad = good;
    damage(*bad.mutable_tables(0)->mutable_blocks(0));
    const auto made = Subtract({bad, 0}, {bad, 1});
    ASSERT_TRUE(made.ok()) << made.status();
    EXPECT_FALSE(made->exact(0));
  }
}

}  // namespace
}  // namespace penc
