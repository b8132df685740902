#include "question/sql.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "base/utf8.h"

namespace penc {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string Parsed(absl::string_view sql) {
  const auto select = ParseSql(sql);
  if (!select.ok()) return std::string(select.status().message());
  google::protobuf::TextFormat::Printer printer;
  printer.SetSingleLineMode(true);
  std::string text;
  printer.PrintToString(*select, &text);
  if (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

// The message of a refusal; both languages say the same place.
std::string Refused(absl::string_view sql) {
  const auto select = ParseSql(sql);
  EXPECT_FALSE(select.ok()) << sql;
  if (select.ok()) return "accepted";
  EXPECT_EQ(select.status().code(), absl::StatusCode::kInvalidArgument);
  const Text said = Explain(select.status());
  EXPECT_FALSE(said.fr.empty());
  EXPECT_FALSE(said.en.empty());
  EXPECT_EQ(FirstInvalidUtf8(said.fr), absl::string_view::npos) << said.fr;
  EXPECT_EQ(FirstInvalidUtf8(said.en), absl::string_view::npos) << said.en;
  return said.en;
}

std::string Times(int n, absl::string_view text) {
  std::string out;
  for (int i = 0; i < n; ++i) absl::StrAppend(&out, text);
  return out;
}

TEST(ParseSql, ReadsMeasuresKeysAndCondition) {
  EXPECT_EQ(
      Parsed("SELECT sex, fold(nationality), count(DISTINCT person) AS people, count(*), sum(cost), "
             "avg(cost) AS mean FROM person WHERE sex = 'f' GROUP BY sex, fold(nationality)"),
      "table: \"person\" measures { kind: KIND_PERSONS name: \"people\" } measures { kind: KIND_ROWS } "
      "measures { kind: KIND_SUM column: \"cost\" } measures { kind: KIND_MEAN column: \"cost\" name: "
      "\"mean\" } where { operator: OPERATOR_EQUAL column: \"sex\" values { text: \"f\" } } by { column: "
      "\"sex\" } by { column: \"nationality\" level: LEVEL_FOLD }");
}

TEST(ParseSql, ReadsEveryComparison) {
  const auto where = [](absl::string_view condition) {
    const auto select = ParseSql(absl::StrCat("SELECT count(*) FROM t WHERE ", condition));
    if (!select.ok()) return std::string(select.status().message());
    google::protobuf::TextFormat::Printer printer;
    printer.SetSingleLineMode(true);
    std::string text;
    printer.PrintToString(select->where(), &text);
    if (!text.empty() && text.back() == ' ') text.pop_back();
    return text;
  };
  EXPECT_EQ(where("a = 1"), "operator: OPERATOR_EQUAL column: \"a\" values { integer: 1 }");
  EXPECT_EQ(where("a <> -1"), "operator: OPERATOR_NOT_EQUAL column: \"a\" values { integer: -1 }");
  EXPECT_EQ(where("a != 'é''x'"),
            "operator: OPERATOR_NOT_EQUAL column: \"a\" values { text: \"\\303\\251\\'x\" }");
  EXPECT_EQ(where("a < 1.50"), "operator: OPERATOR_LESS column: \"a\" values { decimal: \"1.50\" }");
  EXPECT_EQ(where("a <= -1.5"),
            "operator: OPERATOR_LESS_OR_EQUAL column: \"a\" values { decimal: \"-1.5\" }");
  EXPECT_EQ(where("a > 3000000000"),
            "operator: OPERATOR_GREATER column: \"a\" values { decimal: \"3000000000\" }");
  EXPECT_EQ(where("a >= -2147483648"),
            "operator: OPERATOR_GREATER_OR_EQUAL column: \"a\" values { decimal: \"-2147483648\" }");
  EXPECT_EQ(where("a IN ('x', 'y')"),
            "operator: OPERATOR_IN column: \"a\" values { text: \"x\" } values { text: \"y\" }");
  EXPECT_EQ(
      where("a NOT IN (-1, 2)"),
      "operator: OPERATOR_NOT children { operator: OPERATOR_IN column: \"a\" values { integer: -1 } values { "
      "integer: 2 } }");
  EXPECT_EQ(where("p.a BETWEEN -3 AND -1"),
            "operator: OPERATOR_BETWEEN column: \"p.a\" values { integer: -3 } values { integer: -1 }");
  EXPECT_EQ(
      where("a NOT BETWEEN 1 AND 2"),
      "operator: OPERATOR_NOT children { operator: OPERATOR_BETWEEN column: \"a\" values { integer: 1 } "
      "values { integer: 2 } }");
  EXPECT_EQ(where("a IS NULL"), "operator: OPERATOR_IS_NULL column: \"a\"");
  EXPECT_EQ(where("a IS NOT NULL"), "operator: OPERATOR_IS_NOT_NULL column: \"a\"");
  EXPECT_EQ(
      where("NOT (a = 1 OR b = 2) AND c = 3"),
      "operator: OPERATOR_AND children { operator: OPERATOR_NOT children { operator: OPERATOR_OR children { "
      "operator: OPERATOR_EQUAL column: \"a\" values { integer: 1 } } children { operator: OPERATOR_EQUAL "
      "column: \"b\" values { integer: 2 } } } } children { operator: OPERATOR_EQUAL column: \"c\" values { "
      "integer: 3 } }");
}

TEST(ParseSql, ReadsDatesByEveryGrain) {
  for (const char* level : {"day", "week", "month", "quarter", "year"}) {
    const std::string plain =
        Parsed(absl::StrCat("SELECT ", level, "(d), count(*) FROM t GROUP BY ", level, "(d)"));
    EXPECT_THAT(plain, HasSubstr("by { column: \"d\" level: LEVEL_"));
    EXPECT_EQ(Parsed(absl::StrCat("SELECT date_trunc('", level, "', d), count(*) FROM t GROUP BY 1")), plain);
    EXPECT_EQ(Parsed(absl::StrCat("SELECT ", level, "(d) AS x, count(*) FROM t GROUP BY x")), plain);
  }
}

TEST(ParseSql, TakesKeysByNumberByAliasAndUnnamed) {
  const std::string plain =
      Parsed("SELECT count(*), sex, main_of(profile) FROM t GROUP BY sex, main_of(profile)");
  EXPECT_EQ(Parsed("SELECT count(*), sex, main_of(profile) FROM t GROUP BY 2, 3"), plain);
  EXPECT_EQ(Parsed("SELECT count(*), sex AS s, main_of(profile) AS p FROM t GROUP BY s, p"), plain);
  EXPECT_EQ(Parsed("SELECT count(*) FROM t GROUP BY sex, main_of(profile)"), plain);
  EXPECT_EQ(Parsed("select COUNT ( * ) -- words\n from T /* more */ group BY Sex, MAIN_OF(profile);"), plain);
}

TEST(ParseSql, TakesKeywordsInQuotesAsNames) {
  EXPECT_EQ(
      Parsed("SELECT count(*) AS \"Été\" FROM \"order\" WHERE \"limit\" = 1 AND year = 2026"),
      "table: \"order\" measures { kind: KIND_ROWS name: \"\\303\\211t\\303\\251\" } where { operator: "
      "OPERATOR_AND children { operator: OPERATOR_EQUAL column: \"limit\" values { integer: 1 } } children { "
      "operator: OPERATOR_EQUAL column: \"year\" values { integer: 2026 } } }");
}

struct Case {
  const char* sql;
  const char* place;
  const char* says;
};

TEST(ParseSql, RefusesWhateverIsOutsideWithItsPlaceAndWhatWouldDo) {
  const Case cases[] = {
      {"", "line 1, column 1: ", "begins with SELECT"},
      {"-- nothing", "line 1, column 1 «--»: ", "begins with SELECT"},
      {"DELETE FROM t", "line 1, column 1 «DELETE»: ", "begins with SELECT"},
      {"EXPLAIN SELECT count(*) FROM t", "line 1, column 1 «EXPLAIN»: ", "begins with SELECT"},
      {"SELECT count(*) FROM t; SELECT count(*) FROM t",
       "line 1, column 25 «SELECT»: ", "one question at a time"},
      {"SELECT count(*) FROM t LIMIT 5", "line 1, column 24 «LIMIT»: ", "all cells"},
      {"SELECT count(*) FROM t WHERE c = 'LIMIT' LIMIT 5", "line 1, column 42 «LIMIT»: ", "all cells"},
      {"SELECT count(*)\nFROM t\n  OFFSET 5", "line 3, column 3 «OFFSET»: ", "all cells"},
      {"SELECT count(*) FROM t FETCH FIRST ROW ONLY", "line 1, column 24 «FETCH»: ", "all cells"},
      {"SELECT a, count(*) FROM t GROUP BY a ORDER BY a", "line 1, column 38 «ORDER»: ", "codebook's order"},
      {"SELECT a, count(*) FROM t GROUP BY a HAVING count(*) > 1",
       "line 1, column 38 «HAVING»: ", "exact numbers"},
      {"SELECT count(*) FROM t JOIN u ON a = b", "line 1, column 24 «JOIN»: ", "person.column"},
      {"SELECT count(*) FROM t LEFT JOIN u USING (a)", "line 1, column 24 «LEFT»: ", "person.column"},
      {"SELECT count(*) FROM t, u", "line 1, column 17 «FROM»: ", "exactly one table"},
      {"SELECT count(*)", "line 1, column 1 «SELECT»: ", "exactly one table"},
      {"SELECT count(*) FROM (SELECT 1) x", "line 1, column 23 «SELECT»: ", "no subquery"},
      {"SELECT count(*) FROM t WHERE a IN (SELECT b FROM u)", "line 1, column 36 «SELECT»: ", "no subquery"},
      {"SELECT count(*) FROM t WHERE EXISTS (SELECT 1)", "line 1, column 38 «SELECT»: ", "no subquery"},
      {"SELECT count(*) FROM t UNION SELECT count(*) FROM u", "line 1, column 24 «UNION»: ", "two questions"},
      {"SELECT count(*) FROM t EXCEPT SELECT 1", "line 1, column 24 «EXCEPT»: ", "two questions"},
      {"WITH x AS (SELECT 1) SELECT count(*) FROM x", "line 1, column 1 «WITH»: ", "no subquery"},
      {"SELECT count(*) INTO u FROM t", "line 1, column 17 «INTO»: ", "writes nothing"},
      {"SELECT DISTINCT a, count(*) FROM t GROUP BY a",
       "line 1, column 8 «DISTINCT»: ", "count(DISTINCT person)"},
      {"SELECT DISTINCT ON (a) a FROM t", "line 1, column 8 «DISTINCT»: ", "count(DISTINCT person)"},
      {"SELECT * FROM t", "line 1, column 8 «*»: ", "no row leaves"},
      {"SELECT t.* FROM t", "line 1, column 8 «t»: ", "no row leaves"},
      {"SELECT count(person) FROM t", "line 1, column 8 «count»: ", "count(DISTINCT person)"},
      {"SELECT count(DISTINCT sex) FROM t", "line 1, column 8 «count»: ", "count(DISTINCT person)"},
      {"SELECT sum(DISTINCT a) FROM t", "line 1, column 8 «sum»: ", "no DISTINCT"},
      {"SELECT max(a) FROM t", "line 1, column 8 «max»: ", "unknown function"},
      {"SELECT sum(a, b) FROM t", "line 1, column 8 «sum»: ", "name of a column"},
      {"SELECT sum(a + 1) FROM t", "line 1, column 14 «+»: ", "computes nothing"},
      {"SELECT sum(a * b) FROM t", "line 1, column 14 «*»: ", "computes nothing"},
      {"SELECT sum(a) - sum(b) FROM t", "line 1, column 15 «-»: ", "computes nothing"},
      {"SELECT count(*) OVER () FROM t", "line 1, column 8 «count»: ", "without OVER"},
      {"SELECT count(*) FILTER (WHERE a = 1) FROM t", "line 1, column 8 «count»: ", "without OVER"},
      {"SELECT sex, count(*) FROM t", "line 1, column 8 «sex»: ", "must be in GROUP BY"},
      {"SELECT sex FROM t GROUP BY sex", "line 1, column 1 «SELECT»: ", "what to count is missing"},
      {"SELECT 1, count(*) FROM t", "line 1, column 8 «1»: ", "a column of GROUP BY"},
      {"SELECT person, count(*) FROM t GROUP BY person",
       "line 1, column 8 «person»: ", "no question can name a person"},
      {"SELECT count(*) FROM t WHERE person = 'X'",
       "line 1, column 30 «person»: ", "no question can name a person"},
      {"SELECT count(*) FROM t WHERE person_ref IN ('X')",
       "line 1, column 30 «person_ref»: ", "no question can name a person"},
      {"SELECT count(*) FROM t WHERE t.person = 'X'",
       "line 1, column 30 «t»: ", "no question can name a person"},
      {"SELECT count(*) FROM t GROUP BY 2", "line 1, column 33 «2»: ", "not a column of the SELECT"},
      {"SELECT count(*) FROM t GROUP BY 1", "line 1, column 33 «1»: ", "not a column of the SELECT"},
      {"SELECT count(*) FROM t GROUP BY a, a", "line 1, column 24 «GROUP»: ", "twice"},
      {"SELECT count(*) FROM t GROUP BY CUBE (a)",
       "line 1, column 33 «CUBE»: ", "only ROLLUP(a, b) gives totals"},
      {"SELECT count(*) FROM t GROUP BY a, ROLLUP (b), c", "line 1, column 36 «ROLLUP»: ", "once, and last"},
      {"SELECT count(*) FROM t GROUP BY ROLLUP (a, (b, c))",
       "line 1, column 33 «ROLLUP»: ", "keys one by one"},
      {"SELECT count(*), grouping(a) FROM t GROUP BY ROLLUP (a)",
       "line 1, column 18 «grouping»: ", "expected: a column of GROUP BY"},
      {"SELECT count(*) FROM t GROUP BY DISTINCT a",
       "line 1, column 33 «DISTINCT»: ", "count(DISTINCT person)"},
      {"SELECT lower(a), count(*) FROM t GROUP BY lower(a)",
       "line 1, column 8 «lower»: ", "unknown function"},
      {"SELECT date_trunc('century', a), count(*) FROM t GROUP BY 1",
       "line 1, column 8 «date_trunc»: ", "unknown function"},
      {"SELECT count(*) FROM t u", "line 1, column 22 «t»: ", "no table alias"},
      {"SELECT count(*) FROM s.t", "line 1, column 22 «s»: ", "no schema"},
      {"SELECT count(*) FROM f()", "line 1, column 17 «FROM»: ", "name of a table"},
      {"SELECT count(*) FROM t WHERE a LIKE 'x%'", "line 1, column 32 «LIKE»: ", "no text pattern"},
      {"SELECT count(*) FROM t WHERE a ~ 'x'", "line 1, column 32 «~»: ", "computes nothing"},
      {"SELECT count(*) FROM t WHERE a || b = 'x'", "line 1, column 32 «||»: ", "computes nothing"},
      {"SELECT count(*) FROM t WHERE a::text = 'x'", "line 1, column 31 «::»: ", "computes nothing"},
      {"SELECT count(*) FROM t WHERE a = $1", "line 1, column 34 «$1»: ", "computes nothing"},
      {"SELECT count(*) FROM t WHERE a = E'x'", "line 1, column 34 «E'x'»: ", "written in ' '"},
      {"SELECT count(*) FROM t WHERE a = $$x$$", "line 1, column 34 «$$x$$»: ", "written in ' '"},
      {"SELECT count(*) FROM t WHERE a = B'1'", "line 1, column 34 «B'1'»: ", "computes nothing"},
      {"SELECT count(*) FROM t WHERE a = NULL", "line 1, column 34 «NULL»: ", "write IS NULL"},
      {"SELECT count(*) FROM t WHERE a = TRUE", "line 1, column 34 «TRUE»: ", "a text in ' ' or a number"},
      {"SELECT count(*) FROM t WHERE a = b", "line 1, column 34 «b»: ", "a value written here"},
      {"SELECT count(*) FROM t WHERE a = lower('X')", "line 1, column 34 «lower»: ", "a value written here"},
      {"SELECT count(*) FROM t WHERE 1 = a", "line 1, column 32 «=»: ", "column on the left"},
      {"SELECT count(*) FROM t WHERE quarter(d) = '2026-Q1'",
       "line 1, column 30 «quarter»: ", "name of a column is expected on the left"},
      {"SELECT count(*) FROM t WHERE a IS TRUE", "line 1, column 30 «a»: ", "expected: column = value"},
      {"SELECT count(*) FROM t WHERE a IS DISTINCT FROM 1",
       "line 1, column 35 «DISTINCT»: ", "count(DISTINCT"},
      {"SELECT count(*) FROM t WHERE a BETWEEN SYMMETRIC 1 AND 2",
       "line 1, column 40 «SYMMETRIC»: ", "no place"},
      {"SELECT count(*) FROM t WHERE CASE WHEN a = 1 THEN 1 END = 1",
       "line 1, column 30 «CASE»: ", "computes nothing"},
      {"SELECT count(*) FROM t WHERE a", "line 1, column 30 «a»: ", "expected: column = value"},
      {"SELECT count(*) FROM t WHERE (a, b) = (1, 2)",
       "line 1, column 30 «(»: ", "name of a column is expected"},
      {"SELECT count(*) FROM t WHERE a = = 3", "line 1, column 34 «=»: ", "syntax error"},
      {"SELECT count(*) FROM t WHERE (a = 1", "line 1, column 36: ", "syntax error"},
      {"SELECT count(*) FROM t WHERE a = 'x", "line 1, column 34 «'x»: ", "unterminated"},
      {"SELECT count(*) FROM t WHERE a = 1 FOR UPDATE", "line 1, column 36 «FOR»: ", "no place"},
      {"(SELECT 1) UNION (SELECT 2)", "line 1, column 2 «SELECT»: ", "no subquery"},
  };
  for (const Case& c : cases) {
    const std::string said = Refused(c.sql);
    EXPECT_THAT(said, StartsWith(c.place)) << c.sql;
    EXPECT_THAT(said, HasSubstr(c.says)) << c.sql;
  }
}

TEST(ParseSql, CountsColumnsInCharactersAlsoAfterAccents) {
  EXPECT_THAT(Refused("SELECT count(*) FROM t WHERE a = 'éàü' LIMIT 5"),
              StartsWith("line 1, column 40 «LIMIT»"));
  EXPECT_THAT(Refused("SELECT count(*) FROM t WHERE a = 'éàü' AND = 5"), StartsWith("line 1, column 44 «=»"));
  EXPECT_THAT(Refused("SELECT count(*) FROM t WHERE a = 'éàü' AND b = c"),
              StartsWith("line 1, column 48 «c»"));
  EXPECT_THAT(Refused(absl::StrCat("SELECT count(*) FROM t WHERE ", Times(100, "é"), " LIKE 'x'")),
              StartsWith("line 1, column 131 «LIKE»"));
  // A long word is shortened between characters.
  EXPECT_THAT(Refused(absl::StrCat("SELECT count(*) FROM t WHERE a = E'", Times(100, "é"), "'")),
              HasSubstr("é…»: "));
}

TEST(ParseSql, RefusesWhatIsNotText) {
  EXPECT_THAT(Refused(std::string("SELECT count(*) FROM t\0 LIMIT", 29)), HasSubstr("not UTF-8"));
  EXPECT_THAT(Refused("SELECT count(*) FROM t WHERE a = '\xff'"), HasSubstr("not UTF-8"));
  EXPECT_THAT(Refused("SELECT count(*) FROM t WHERE a = '\xc3"), HasSubstr("not UTF-8"));
}

// Each of these overflowed a stack of 8 MiB, or might: the parser recurses over what it reads.
TEST(ParseSql, SurvivesDeepNestingOfEveryKind) {
  const absl::string_view head = "SELECT count(*) FROM t WHERE ";
  for (const std::string& sql :
       {absl::StrCat(head, Times(5000, "("), "a = 1", Times(5000, ")")),
        absl::StrCat(head, "1", Times(8000, "+1")), absl::StrCat(head, Times(7000, "- "), "a = 1"),
        absl::StrCat(head, "1", Times(5000, "::a")), absl::StrCat(head, Times(4000, "NOT "), "a = 1"),
        absl::StrCat(head, Times(5000, "f("), "1"), absl::StrCat("SELECT 1", Times(1000, " UNION SELECT 1")),
        absl::StrCat(head, "a", Times(5000, "[1]")), absl::StrCat(head, "a", Times(1500, " COLLATE b")),
        absl::StrCat(head, "a", Times(7000, "*a")), absl::StrCat(head, "a", Times(800, " AT TIME ZONE 'x'")),
        absl::StrCat(head, "a", Times(900, " OPERATOR(=) a")),
        absl::StrCat("SELECT ", Times(400, "CASE a WHEN 1 THEN "), "1", Times(400, " END")),
        absl::StrCat(head, Times(60, "(NOT "), "a = 1", Times(60, ")"), Times(60, " AND (NOT a = 1)")),
        absl::StrCat(head, "a", Times(5000, ".a"), " = 1")}) {
    ASSERT_LE(sql.size(), kLongestSql);
    // Threads of a server have no larger stack than this.
    std::thread([&] { EXPECT_FALSE(ParseSql(sql).ok()) << sql.substr(0, 60); }).join();
  }
}

TEST(ParseSql, ReadsLongQuestionsThatAreFlat) {
  EXPECT_TRUE(ParseSql(absl::StrCat("SELECT count(*) FROM t WHERE a = 1", Times(1500, " OR a = 2"))).ok());
  EXPECT_TRUE(ParseSql(absl::StrCat("SELECT count(*) FROM t WHERE a IN (1", Times(5000, ",22"), ")")).ok());
  EXPECT_TRUE(
      ParseSql(absl::StrCat("SELECT count(*) FROM t WHERE a NOT IN (1)", Times(700, " AND a NOT IN (1)")))
          .ok());
  EXPECT_TRUE(
      ParseSql(absl::StrCat("SELECT count(*) FROM t WHERE ", Times(60, "("), "a = 1", Times(60, ")"))).ok());
}

TEST(ParseSql, RefusesMoreThanSixteenKibibytes) {
  const std::string longest = absl::StrCat("SELECT count(*) FROM t", std::string(kLongestSql - 22, ' '));
  EXPECT_TRUE(ParseSql(longest).ok());
  EXPECT_THAT(Refused(longest + " "), HasSubstr("at most 16384 bytes"));
  EXPECT_THAT(Refused(absl::StrCat("SELECT ", Times(100000, "("))), HasSubstr("at most 16384 bytes"));
}

TEST(ParseSql, GivesEveryThreadItsOwnAnswer) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i < 200; ++i) {
        const std::string column = absl::StrCat("c", t, "_", i);
        const auto select = ParseSql(absl::StrCat("SELECT count(*) FROM t WHERE ", column, " = ", i));
        ASSERT_TRUE(select.ok());
        EXPECT_EQ(select->where().column(), column);
        EXPECT_FALSE(ParseSql(absl::StrCat("SELECT ", column, " FROM")).ok());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace penc
