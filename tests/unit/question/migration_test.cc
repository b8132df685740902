// Questions to the shipped codebook: spellings, names, plans.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/file.h"
#include "codebook/read.h"
#include "question/bind.h"
#include "question/plan.h"

namespace penc {
namespace {

using ::testing::HasSubstr;

class MigrationQuestions : public ::testing::Test {
 protected:
  MigrationQuestions() {
    const std::string path = PENC_SOURCE_DIR "/policy/codebook/migration.yaml";
    codebook_ = *ReadCodebook(path, *ReadFile(path));
  }
  absl::StatusOr<Question> Bound(const std::string& sql) {
    v1::Question question;
    question.set_sql(sql);
    return Bind(question, codebook_);
  }
  std::string Canon(const std::string& sql) {
    const auto bound = Bound(sql);
    EXPECT_TRUE(bound.ok()) << sql << ": " << bound.status();
    return bound.ok() ? CanonicalText(*bound, codebook_) : "";
  }
  absl::StatusOr<Plan> Planned(const std::string& sql, Price price = {}) {
    ASSIGN_OR_RETURN(Question question, Bound(sql));
    return MakePlan({std::move(question)}, price, codebook_);
  }

  Codebook codebook_;
};

TEST_F(MigrationQuestions, SpellingsOfOneQuestionAreOneCanonicalText) {
  struct Pair {
    const char *a, *b;
  };
  for (const Pair& pair : {
           Pair{"SELECT sex, count(DISTINCT person) FROM person GROUP BY sex",
                "select count(distinct PERSON), sex from person group by 2"},
           Pair{"SELECT count(*) FROM person WHERE sex = 'f' OR sex = 'm'",
                "SELECT count(*) FROM person WHERE sex IN ('m', 'f', 'f')"},
           Pair{"SELECT count(*) FROM person WHERE NOT (sex = 'f' OR sex IS NULL)",
                "SELECT count(*) FROM person WHERE sex <> 'f'"},
           Pair{"SELECT count(*) FROM person WHERE sex = 'f' AND reason = 'family'",
                "SELECT count(*) FROM person WHERE (reason = 'family') AND sex IN ('f')"},
           Pair{"SELECT count(*) FROM person WHERE reg_month >= '2026-01' AND reg_month <= '2026-03'",
                "SELECT count(*) FROM person WHERE reg_month = '2026-Q1'"},
           Pair{"SELECT count(*) FROM person WHERE reg_month BETWEEN '2026-Q1' AND '2026-Q2'",
                "SELECT count(*) FROM person WHERE reg_month > '2025' AND reg_month < '2026-07'"},
           Pair{"SELECT count(*) FROM incident WHERE person.sex = 'f'",
                "SELECT count(*) FROM incident WHERE sex = 'f'"},
           Pair{"SELECT count(*) FROM recruitment_complaint WHERE recruitment_cost < 100500",
                "SELECT count(*) FROM recruitment_complaint WHERE recruitment_cost <= 100000"},
           Pair{"SELECT date_trunc('quarter', reg_month), count(*) FROM person WHERE reg_month BETWEEN "
                "'2026-Q1' AND '2026-Q2' GROUP BY 1",
                "SELECT quarter(reg_month), count(*) FROM person WHERE reg_month BETWEEN '2026-01' AND "
                "'2026-06' GROUP BY quarter(reg_month)"},
       }) {
    EXPECT_EQ(Canon(pair.a), Canon(pair.b));
  }
}

TEST_F(MigrationQuestions, TheCanonicalTextMeansTheSameQuestion) {
  for (const char* sql : {
           "SELECT fold(nationality), sex, count(DISTINCT person), count(*) FROM person WHERE reg_month "
           "BETWEEN '2025-Q4' AND '2026-Q3' GROUP BY fold(nationality), sex",
           "SELECT main_of(protection_profile), count(DISTINCT person) FROM person WHERE protection_profile "
           "= 'uasc' AND entered >= '2026-Q1' GROUP BY main_of(protection_profile)",
           "SELECT count(*) FROM incident WHERE (country = 'DZA' OR incident_type IS NULL) AND NOT "
           "person.sex IN ('u', 'x') AND protection_profile NOT IN ('none')",
           "SELECT avg(recruitment_cost) AS cost, sum(monthly_income) FROM recruitment_complaint WHERE "
           "recruitment_cost BETWEEN 1000 AND 50000 AND entered BETWEEN '2025-Q4' AND '2026-Q3'",
           "SELECT country(adm1), count(*) FROM person GROUP BY country(adm1)",
       }) {
    const std::string canonical = Canon(sql);
    EXPECT_EQ(Canon(canonical), canonical) << sql;
  }
}

TEST_F(MigrationQuestions, UnknownNamesAreTypedRefusalsThatNameTheNearest) {
  std::string about;
  const absl::Status column = Bound("SELECT sexe, count(*) FROM person GROUP BY sexe").status();
  EXPECT_EQ(RefusalOf(column, &about), v1::REFUSAL_UNKNOWN_COLUMN);
  EXPECT_THAT(std::string(column.message()), HasSubstr("sex"));
  const absl::Status table = Bound("SELECT count(*) FROM persons").status();
  EXPECT_EQ(RefusalOf(table, &about), v1::REFUSAL_UNKNOWN_TABLE);
  EXPECT_EQ(about, "persons");
  // Never askable, as if it were not there.
  EXPECT_EQ(RefusalOf(Bound("SELECT count(*) FROM person WHERE consent_stats = '1'").status(), &about),
            v1::REFUSAL_UNKNOWN_COLUMN);
  EXPECT_EQ(Bound("SELECT count(*) FROM person WHERE sex = 'woman'").status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(Bound("SELECT count(*) FROM person WHERE sex = 'f' OR entered = '2026-Q1'").ok());
}

TEST_F(MigrationQuestions, PlansBoundWhatOnePersonAdds) {
  struct Row {
    const char* sql;
    uint64_t cells, l0, linf, l1;
  };
  for (const Row& row : {
           // Constant keys: one cell a person.
           Row{"SELECT sex, count(DISTINCT person) FROM person WHERE sex IS NOT NULL GROUP BY sex", 4, 1, 1,
               1},
           Row{"SELECT sex, count(DISTINCT person) FROM incident GROUP BY sex", 5, 1, 1, 1},
           // Several codes at once: as many cells as codes.
           Row{"SELECT protection_profile, count(DISTINCT person) FROM person GROUP BY protection_profile",
               17, 5, 1, 5},
           Row{"SELECT main_of(protection_profile), count(DISTINCT person) FROM person GROUP BY "
               "main_of(protection_profile)",
               17, 1, 1, 1},
           // No key: one cell.
           Row{"SELECT count(DISTINCT person) FROM incident", 1, 1, 1, 1},
       }) {
    const auto plan = Planned(row.sql);
    ASSERT_TRUE(plan.ok()) << row.sql << plan.status();
    const Block& block = plan->blocks[0];
    EXPECT_EQ(block.cells, row.cells) << row.sql;
    EXPECT_EQ(block.per_person.l0, row.l0) << row.sql;
    EXPECT_EQ(block.per_person.linf, row.linf) << row.sql;
    EXPECT_EQ(block.per_person.l1, row.l1) << row.sql;
  }
  const auto rows = Planned("SELECT country, count(*) FROM incident GROUP BY country");
  ASSERT_TRUE(rows.ok());
  EXPECT_EQ(rows->blocks[0].per_person.linf, rows->blocks[0].per_person.l1);  // all rows may share a cell
  const auto mean = Planned("SELECT avg(recruitment_cost) FROM recruitment_complaint");
  ASSERT_TRUE(mean.ok());
  ASSERT_EQ(mean->blocks.size(), 2u);
  EXPECT_LE(mean->blocks[0].per_person.linf, 256u);
}

TEST_F(MigrationQuestions, TablesThatAreTooLargeAreRefusedBeforeTheyAreLaidOut) {
  // 251^4 cells and more.
  const absl::Status many = Planned(
                                "SELECT nationality, origin_country, dest_country, country, count(*) FROM "
                                "person GROUP BY nationality, origin_country, dest_country, country")
                                .status();
  EXPECT_EQ(many.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(many.message()), HasSubstr("cells"));
}

TEST_F(MigrationQuestions, AnotherPriceIsAnotherPlanAndTheSameIsTheSame) {
  const char* sql = "SELECT sex, count(DISTINCT person) FROM person GROUP BY sex";
  EXPECT_EQ(Planned(sql)->id, Planned(sql)->id);
  EXPECT_NE(Planned(sql)->id, Planned(sql, {Price::Kind::kShare, 30000})->id);
  EXPECT_FALSE(Planned(sql, {Price::Kind::kShare, 0}).ok());
  EXPECT_FALSE(Planned(sql, {Price::Kind::kEpsilon, 0}).ok());
  const auto margin = Planned(sql, {Price::Kind::kMargin, 10});
  ASSERT_TRUE(margin.ok()) << margin.status();
}

}  // namespace
}  // namespace penc
