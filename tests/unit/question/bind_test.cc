// Names, literals and spellings.
#include "question/bind.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/unit/question/small_codebook.h"

namespace penc {
namespace {

using ::testing::HasSubstr;

class BindTest : public SmallCodebook {};

TEST_F(BindTest, FindsOwnColumnsFirstThenThePersons) {
  EXPECT_EQ(Where("sex = 'f'"), "person.sex = 'f'");
  EXPECT_EQ(Where("person.sex = 'f'"), "person.sex = 'f'");
  EXPECT_EQ(Where("event.cost = 1"), "cost = 1");
  EXPECT_EQ(Where("height = 1"), "other.height = 1");
  EXPECT_EQ(Canon("SELECT person.sex, count(DISTINCT person) FROM person GROUP BY sex"),
            "SELECT sex, count(DISTINCT person) AS \"persons\" FROM person GROUP BY sex");
  // Not of another table of events; not where two tables of persons have it.
  EXPECT_THAT(Canon("SELECT count(*) FROM person WHERE cost = 1"), HasSubstr("unknown column: cost"));
  EXPECT_THAT(Where("age = 1"), HasSubstr("\"age\" is in several tables: write person.age"));
  EXPECT_EQ(Where("other.age = 1"), "other.age = 1");
  // In its own table there is no doubt.
  EXPECT_EQ(Canon("SELECT count(*) FROM person WHERE age = 1"),
            "SELECT count(*) AS \"rows\" FROM person WHERE age = 1");
}

TEST_F(BindTest, SaysWhichNameIsUnknownAndWhichIsNear) {
  std::string about;
  absl::Status status = Bound("SELECT count(*) FROM persson").status();
  EXPECT_EQ(RefusalOf(status, &about), v1::REFUSAL_UNKNOWN_TABLE);
  EXPECT_EQ(about, "persson");
  EXPECT_THAT(std::string(status.message()), HasSubstr("did you mean person?"));
  status = Bound("SELECT count(*) FROM event WHERE contry = 'SEN'").status();
  EXPECT_EQ(RefusalOf(status, &about), v1::REFUSAL_UNKNOWN_COLUMN);
  EXPECT_EQ(about, "contry");
  EXPECT_THAT(std::string(status.message()), HasSubstr("did you mean country?"));
  status = Bound("SELECT zzzzzzzz, count(*) FROM event GROUP BY zzzzzzzz").status();
  EXPECT_THAT(std::string(status.message()), HasSubstr("known: origin, country"));
  EXPECT_EQ(RefusalOf(absl::InvalidArgumentError("x"), &about), v1::REFUSAL_UNSPECIFIED);
}

TEST_F(BindTest, KnowsNoColumnThatIsNeverAskable) {
  std::string about;
  for (const char* sql : {"SELECT count(*) FROM person WHERE consent = 'f'",
                          "SELECT consent, count(*) FROM person GROUP BY consent"}) {
    const absl::Status status = Bound(sql).status();
    EXPECT_EQ(RefusalOf(status, &about), v1::REFUSAL_UNKNOWN_COLUMN);
    EXPECT_THAT(std::string(status.message()), testing::Not(HasSubstr("consent,"))) << status;
  }
}

TEST_F(BindTest, NamesNoPersonInATypedQuestionEither) {
  v1::Question question;
  v1::Select& select = *question.mutable_select();
  select.set_table("person");
  select.add_measures()->set_kind(v1::Measure::KIND_ROWS);
  select.mutable_where()->set_column("person.person_ref");
  select.mutable_where()->set_operator_(v1::Condition::OPERATOR_EQUAL);
  select.mutable_where()->add_values()->set_text("X");
  EXPECT_THAT(std::string(Bind(question, codebook_).status().message()),
              HasSubstr("no question can name a person"));
}

TEST_F(BindTest, RefusesTypedQuestionsThatSqlCouldNotSay) {
  v1::Question good;
  good.mutable_select()->set_table("person");
  good.mutable_select()->add_measures()->set_kind(v1::Measure::KIND_ROWS);
  ASSERT_TRUE(Bind(good, codebook_).ok());
  const auto refused = [&](const std::function<void(v1::Question&)>& change) {
    v1::Question question = good;
    change(question);
    const absl::Status status = Bind(question, codebook_).status();
    EXPECT_FALSE(status.ok());
    return std::string(status.message());
  };
  EXPECT_THAT(refused([](auto& q) { q.clear_select(); }), HasSubstr("empty question"));
  EXPECT_THAT(refused([](auto& q) { q.mutable_select()->clear_measures(); }), HasSubstr("1 to 8 measures"));
  EXPECT_THAT(refused([](auto& q) {
                for (int i = 0; i < 8; ++i)
                  q.mutable_select()->add_measures()->set_kind(v1::Measure::KIND_ROWS);
              }),
              HasSubstr("1 to 8 measures"));
  EXPECT_THAT(refused([](auto& q) { q.mutable_select()->add_measures(); }), HasSubstr("what to count"));
  EXPECT_THAT(refused([](auto& q) {
                q.mutable_select()->mutable_measures(0)->set_kind(static_cast<v1::Measure::Kind>(99));
              }),
              HasSubstr("what to count"));
  EXPECT_THAT(refused([](auto& q) { q.mutable_select()->mutable_measures(0)->set_name("a\"b"); }),
              HasSubstr("column title"));
  EXPECT_THAT(
      refused([](auto& q) { q.mutable_select()->mutable_measures(0)->set_name(std::string(64, 'a')); }),
      HasSubstr("column title"));
  EXPECT_THAT(refused([](auto& q) { q.mutable_select()->set_table(std::string(10000, 'a')); }),
              HasSubstr("too long"));
  EXPECT_THAT(refused([](auto& q) { q.mutable_select()->add_by()->set_column(std::string(10000, 'a')); }),
              HasSubstr("too long"));
  EXPECT_THAT(refused([](auto& q) {
                q.mutable_select()->add_by()->set_column("sex");
                q.mutable_select()->mutable_by(0)->set_level(static_cast<v1::Grain::Level>(99));
              }),
              HasSubstr("no such grain"));
  EXPECT_THAT(refused([](auto& q) {
                q.mutable_select()->mutable_where()->set_operator_(v1::Condition::OPERATOR_AND);
              }),
              HasSubstr("conditions expected"));
  EXPECT_THAT(refused([](auto& q) {
                q.mutable_select()->mutable_where()->set_operator_(v1::Condition::OPERATOR_NOT);
              }),
              HasSubstr("one condition expected"));
  EXPECT_THAT(refused([](auto& q) {
                v1::Condition& where = *q.mutable_select()->mutable_where();
                where.set_operator_(v1::Condition::OPERATOR_BETWEEN);
                where.set_column("age");
                where.add_values()->set_integer(1);
              }),
              HasSubstr("incomplete comparison"));
  EXPECT_THAT(refused([](auto& q) { q.mutable_select()->mutable_where()->set_column("sex"); }),
              HasSubstr("incomplete comparison"));
  EXPECT_THAT(refused([](auto& q) { q.set_weight(1001); }), HasSubstr("weight"));
  EXPECT_THAT(refused([](auto& q) { q.set_title(std::string(201, 'a')); }), HasSubstr("title"));
  EXPECT_THAT(refused([](auto& q) { q.set_title("a\x1b[2J"); }), HasSubstr("title"));
  EXPECT_THAT(refused([](auto& q) {
                for (int i = 0; i < 9; ++i) q.mutable_select()->add_by()->set_column("sex");
              }),
              HasSubstr("at most 8"));
}

TEST_F(BindTest, TurnsLiteralsIntoStoredValues) {
  struct Case {
    const char *condition, *canonical;
  };
  for (const Case& c : {
           Case{"country = 'SEN'", "country = 'SEN'"},
           Case{"country <> 'SEN'", "country IN ('MLI', 'GIN', 'it''s')"},
           Case{"country NOT IN ('SEN', 'MLI')", "country IN ('GIN', 'it''s')"},
           Case{"country IN ('MLI', 'SEN', 'GIN', 'it''s')", "country IS NOT NULL"},
           Case{"country IS NULL OR country <> 'SEN'",
                "(country IS NULL OR country IN ('MLI', 'GIN', 'it''s'))"},
           Case{"NOT country IS NULL", "country IS NOT NULL"},
           Case{"cost = 0.5", "cost = 0.5"},
           Case{"cost >= 0.3", "cost BETWEEN 0.5 AND 2"},
           Case{"cost < 0.5", "cost BETWEEN -2 AND 0"},
           Case{"cost <= 0.7", "cost BETWEEN -2 AND 0.5"},
           Case{"cost > -1000000000000", "cost IS NOT NULL"},
           Case{"cost <> 0.3", "cost IS NOT NULL"},
           Case{"cost BETWEEN -0.6 AND 0.6", "cost BETWEEN -0.5 AND 0.5"},
           Case{"cost NOT BETWEEN -0.6 AND 1.6", "(cost BETWEEN -2 AND -1 OR cost = 2)"},
           Case{"cost = '1.5'", "cost = 1.5"},
           Case{"month = '2026-01'", "month = '2026-01'"},
           Case{"month = '2026-Q1'", "month BETWEEN '2026-01' AND '2026-03'"},
           Case{"month = 2026", "month BETWEEN '2026-01' AND '2026-06'"},
           Case{"month < '2026-Q1'", "month BETWEEN '2025-11' AND '2025-12'"},
           Case{"month <= '2026-Q1'", "month BETWEEN '2025-11' AND '2026-03'"},
           Case{"month > '2026-Q1'", "month BETWEEN '2026-04' AND '2026-06'"},
           Case{"month >= '2026'", "month BETWEEN '2026-01' AND '2026-06'"},
           Case{"month <> '2025'", "month BETWEEN '2026-01' AND '2026-06'"},
           Case{"month BETWEEN '2025' AND '2026-Q1'", "month BETWEEN '2025-11' AND '2026-03'"},
           Case{"month IN ('2025', '2026-03', '2026-04')",
                "(month BETWEEN '2025-11' AND '2025-12' OR month BETWEEN '2026-03' AND '2026-04')"},
           Case{"day = '2026-02'", "day BETWEEN '2026-02-01' AND '2026-02-28'"},
           Case{"day > '2026-12-24'", "day BETWEEN '2026-12-25' AND '2026-12-31'"},
           Case{"week = '2026-W05'", "week = '2026-W05'"},
           Case{"needs = 'food'", "needs IN ('food')"},
           Case{"needs <> 'food'", "needs NOT IN ('food')"},
           Case{"NOT needs IN ('food', 'care')", "needs NOT IN ('food', 'care')"},
           Case{"needs = 'food' OR needs = 'care'", "needs IN ('food', 'care')"},
           Case{"needs <> 'food' AND needs <> 'care'", "needs NOT IN ('food', 'care')"},
           Case{"needs IN ('food', 'care', 'roof')", "needs IS NOT NULL"},
           Case{"needs IS NULL", "needs IS NULL"},
           Case{"\"limit\" = 2 AND cost = 1", "(cost = 1 AND \"limit\" = 2)"},
           Case{"cost = 1 OR (cost = 2 AND cost = 1)", "cost = 1"},
           Case{"cost = 1 OR cost IS NULL OR cost IS NOT NULL", ""},
       }) {
    const std::string canonical = Where(c.condition);
    EXPECT_EQ(canonical, *c.canonical == '\0' ? "SELECT count(*) AS \"rows\" FROM event" : c.canonical)
        << c.condition;
  }
}

TEST_F(BindTest, ExplainsLiteralsThatFitNoColumn) {
  EXPECT_THAT(Where("country = 'SENN'"), HasSubstr("SEN"));
  EXPECT_THAT(Where("needs = 'foot'"), HasSubstr("food"));
  EXPECT_THAT(Where("country < 'SEN'"), HasSubstr("codes have no order"));
  EXPECT_THAT(Where("needs BETWEEN 'food' AND 'care'"), HasSubstr("codes have no order"));
  EXPECT_THAT(Where("cost = 'many'"), HasSubstr("\"many\" is not a number"));
  EXPECT_THAT(Where("day = '31/12/2026'"), HasSubstr("write for example '2026-03-31' or coarser"));
  EXPECT_THAT(Where("day = '2026-02-30'"), HasSubstr("not a period"));
  EXPECT_THAT(Where("month = '2026-01-01'"), HasSubstr("write for example '2026-03' or coarser"));
  EXPECT_THAT(Where("week = '2026-Q1'"), HasSubstr("write for example '2026-W13'"));
}

TEST_F(BindTest, RefusesWhatCanNeverBeTrueBeforeAnybodyPaysForIt) {
  for (const char* condition :
       {"cost > 2", "cost = 0.3", "cost = 1 AND cost = 2", "month > '2026-06'", "cost IS NULL AND cost = 1",
        "country = 'SEN' AND (cost = 1 AND cost = 2 OR cost = 5)", "cost BETWEEN 1 AND -1"}) {
    EXPECT_THAT(Where(condition), HasSubstr("can never be true")) << condition;
  }
}

TEST_F(BindTest, TakesCohortsOutOfTheCondition) {
  struct Case {
    const char *condition, *canonical;
  };
  for (const Case& c : {
           Case{"entered = '2026-Q1'", "entered >= '2026-Q1' AND entered <= '2026-Q1'"},
           Case{"entered BETWEEN '2025-Q4' AND '2026-Q3' AND cost = 1",
                "cost = 1 AND entered >= '2025-Q4' AND entered <= '2026-Q3'"},
           Case{"(cost = 1 AND (entered > '2025-Q4' AND entered < '2026-Q3')) AND country = 'SEN'",
                "(country = 'SEN' AND cost = 1) AND entered >= '2026-Q1' AND entered <= '2026-Q2'"},
           Case{"entered IN ('2026-Q2', '2026-Q1', '2026-Q3')",
                "entered >= '2026-Q1' AND entered <= '2026-Q3'"},
           Case{"entered >= '2026-Q1' AND entered >= '2025-Q1'", "entered >= '2026-Q1'"},
       }) {
    EXPECT_EQ(Where(c.condition), c.canonical) << c.condition;
  }
  EXPECT_THAT(Where("entered = '2026-Q1' OR cost = 1"), HasSubstr("not under OR or NOT"));
  EXPECT_THAT(Where("NOT entered = '2026-Q1'"), HasSubstr("not under OR or NOT"));
  EXPECT_THAT(Where("entered NOT IN ('2026-Q1')"), HasSubstr("not under OR or NOT"));
  EXPECT_THAT(Where("entered <> '2026-Q1'"), HasSubstr("entered: write"));
  EXPECT_THAT(Where("entered IS NULL"), HasSubstr("entered: write"));
  EXPECT_THAT(Where("entered IN ('2026-Q1', '2026-Q3')"), HasSubstr("without a gap"));
  EXPECT_THAT(Where("entered = '2026-01'"), HasSubstr("2026-01"));
  EXPECT_THAT(Where("entered > '2026-Q1' AND entered < '2026-Q2'"), HasSubstr("range is empty"));
  EXPECT_THAT(Canon("SELECT sum(entered) FROM event"), HasSubstr("only in WHERE"));
}

TEST_F(BindTest, ReadsEveryGrainThatAColumnHas) {
  const auto by = [&](const std::string& grain) {
    return Canon(absl::StrCat("SELECT ", grain, ", count(*) FROM event GROUP BY ", grain));
  };
  const auto text = [](const std::string& grain) {
    return absl::StrCat("SELECT ", grain, ", count(*) AS \"rows\" FROM event GROUP BY ", grain);
  };
  for (const char* grain : {"country", "fold(country)", "fold(origin)", "needs", "main_of(needs)", "day",
                            "week(day)", "month(day)", "quarter(day)", "year(day)", "quarter(month)",
                            "\"limit\"", "person.sex", "main_of(person.profile)"}) {
    EXPECT_EQ(by(grain), text(grain));
  }
  EXPECT_EQ(by("month(month)"), text("month"));
  EXPECT_EQ(by("country(country)"), text("country"));
  EXPECT_THAT(by("fold(sex)"), HasSubstr("no shorter list"));
  EXPECT_THAT(by("fold(needs)"), HasSubstr("no shorter list"));
  EXPECT_THAT(by("main_of(country)"), HasSubstr("no order"));
  EXPECT_THAT(by("country(sex)"), HasSubstr("not a place"));
  EXPECT_THAT(by("day(month)"), HasSubstr("no such grain"));
  EXPECT_THAT(by("week(month)"), HasSubstr("no such grain"));
  EXPECT_THAT(by("month(week)"), HasSubstr("no such grain"));
  EXPECT_THAT(by("year(cost)"), HasSubstr("no such grain"));
  EXPECT_THAT(Canon("SELECT count(*) FROM event GROUP BY sex, person.sex"), HasSubstr("twice"));
  EXPECT_THAT(Canon("SELECT count(*) FROM event GROUP BY month, month(month)"), HasSubstr("twice"));
}

TEST_F(BindTest, SumsAndAveragesNumbersOnly) {
  EXPECT_EQ(Canon("SELECT sum(cost), avg(person.age) AS \"Âge moyen\" FROM event"),
            "SELECT sum(cost) AS \"sum_cost\", avg(person.age) AS \"Âge moyen\" FROM event");
  EXPECT_THAT(Canon("SELECT sum(country) FROM event"), HasSubstr("needs a number"));
  EXPECT_THAT(Canon("SELECT avg(day) FROM event"), HasSubstr("needs a number"));
}

TEST_F(BindTest, SaysWhichQuestionOfABulletinIsWrong) {
  v1::Bulletin bulletin;
  bulletin.add_questions()->set_sql("SELECT count(*) FROM event");
  bulletin.add_questions()->set_sql("SELECT count(*) FROM nowhere");
  const absl::Status status = BindAll(bulletin, codebook_).status();
  EXPECT_THAT(std::string(status.message()), HasSubstr("question 2"));
  std::string about;
  EXPECT_EQ(RefusalOf(status, &about), v1::REFUSAL_UNKNOWN_TABLE);
  EXPECT_EQ(about, "nowhere");
  bulletin.clear_questions();
  EXPECT_THAT(std::string(BindAll(bulletin, codebook_).status().message()), HasSubstr("1 to 64"));
}

}  // namespace
}  // namespace penc
