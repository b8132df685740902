// GROUP BY ROLLUP(...): which questions it takes, the cells that it makes, what its levels cost, and numbers
// that agree. The seed is printed.
#include "question/rollup.h"

#include <gmock/gmock.h>

#include <cmath>
#include <map>
#include <random>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "crypto/secure_random.h"
#include "privacy/law.h"
#include "privacy/sampler.h"
#include "question/advice.h"
#include "question/answer.h"
#include "question/measures/measure.h"
#include "question/rollup_estimate.h"
#include "question/sentence.h"
#include "tests/support/seed.h"
#include "tests/unit/question/small_codebook.h"

namespace penc {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kByMonth[] =
    "SELECT year(month), quarter(month), month, count(*) FROM event "
    "GROUP BY ROLLUP(year(month), quarter(month), month)";

class RollupTest : public SmallCodebook {
 protected:
  RollupTest() {
    uint8_t seed[32] = {7};
    random_ = std::make_unique<SeededExpander>(seed);
  }

  // "2025|2025-Q4|2025-11", "2025|2025-Q4|*" of every row.
  static std::vector<std::string> KeysOf(const Domain& domain) {
    std::vector<std::string> rows;
    for (const RollupRow& row : RowsOf(domain)) {
      std::vector<std::string> key;
      const std::vector<uint32_t> categories = KeyOf(domain, row);
      for (size_t k = 0; k < categories.size(); ++k) {
        const std::vector<Category>& of = domain.rollup.keys[k].categories;
        key.push_back(categories[k] == of.size()       ? "*"
                      : of[categories[k]].code.empty() ? "-"
                                                       : of[categories[k]].code);
      }
      rows.push_back(absl::StrJoin(key, "|"));
    }
    return rows;
  }

  // The exact vector where cell i of the finest level holds `of(i)`.
  template <typename Of>
  static std::vector<int64_t> Exact(const Plan& plan, Of of) {
    std::vector<int64_t> exact(plan.length, 0);
    for (const Block& block : plan.blocks) {
      for (uint64_t i = 0; i < block.cells && block.counting.level == 0; ++i) exact[block.first + i] = of(i);
    }
    AddUpLevels(plan, absl::MakeSpan(exact));
    return exact;
  }
  std::vector<int64_t> Noisy(const Plan& plan, std::vector<int64_t> exact) {
    for (const Block& block : plan.blocks)
      AddNoise(block.noise, *random_, absl::MakeSpan(exact).subspan(block.first, block.cells));
    return exact;
  }

  std::unique_ptr<RandomSource> random_;
};

TEST_F(RollupTest, IsAskedInTheWordsOfSqlAndReadsBackToItself) {
  for (const auto& [asked, canonical] : std::vector<std::pair<std::string, std::string>>{
           {"SELECT sex, age, count(*) FROM person GROUP BY ROLLUP(sex, age)",
            "SELECT sex, age, count(*) AS \"rows\" FROM person GROUP BY ROLLUP(sex, age)"},
           {"SELECT count(*) FROM person GROUP BY rollup (sex)",
            "SELECT sex, count(*) AS \"rows\" FROM person GROUP BY ROLLUP(sex)"},
           {"SELECT sex s, age, count(*) FROM person GROUP BY ROLLUP(s, 2)",
            "SELECT sex, age, count(*) AS \"rows\" FROM person GROUP BY ROLLUP(sex, age)"},
           {"SELECT sex, fold(country), country, sum(cost) FROM event GROUP BY sex, ROLLUP(fold(country), "
            "country)",
            "SELECT person.sex, fold(country), country, sum(cost) AS \"sum_cost\" FROM event GROUP BY "
            "person.sex, "
            "ROLLUP(fold(country), country)"},
           {kByMonth,
            "SELECT year(month), quarter(month), month, count(*) AS \"rows\" FROM event GROUP BY "
            "ROLLUP(year(month), quarter(month), month)"}}) {
    EXPECT_EQ(Canon(asked), canonical);
    EXPECT_EQ(Canon(canonical), canonical);
  }
  // One question however it is written; another than without totals.
  const auto id = [&](const std::string& sql) { return Planned(sql)->id; };
  EXPECT_EQ(id("SELECT sex, count(*) FROM person GROUP BY ROLLUP(sex)"),
            id("SELECT sex s, count(*) FROM person GROUP BY ROLLUP(s)"));
  EXPECT_NE(id("SELECT sex, count(*) FROM person GROUP BY ROLLUP(sex)"),
            id("SELECT sex, count(*) FROM person GROUP BY sex"));
}

TEST_F(RollupTest, RefusesWhatIsNoTreeAndWhatDoesNotAddUpWithWhatToAskInstead) {
  for (const auto& [asked, says] : std::vector<std::pair<std::string, std::string>>{
           {"count(*) FROM event GROUP BY ROLLUP(month(day), week(day))",
            "may lie in two of month(day); drop one"},
           {"count(*) FROM event GROUP BY ROLLUP(month(day), year(day))",
            "write the coarser first: ROLLUP(year(day), month(day))"},
           {"count(*) FROM event GROUP BY month, ROLLUP(quarter(month))",
            "month comes before quarter(month)"},
           {"count(*) FROM event GROUP BY ROLLUP(sex, sex)", "a key stands there twice"},
           {"count(*) FROM event GROUP BY ROLLUP(month, month(month))",
            "month stands there twice; keep it once"},
           {"count(*) FROM event GROUP BY ROLLUP(country, fold(country))", "ROLLUP(fold(country), country)"},
           {"count(*) FROM event GROUP BY ROLLUP(sex, needs)", "write main_of(needs)"},
           {"count(*) FROM event GROUP BY needs, ROLLUP(sex)", "count several times in the total"},
           {"avg(cost) FROM event GROUP BY ROLLUP(sex)", "\"avg_cost\" does not add up"},
           {"median(cost) FROM event GROUP BY ROLLUP(sex)", "each level as a question of its own"},
           {"stddev(cost) FROM event GROUP BY ROLLUP(sex)", "does not add up"},
           {"share(sex = 'f') FROM event GROUP BY ROLLUP(country)", "does not add up"},
           {"difference(sex = 'f', sex = 'm') FROM event GROUP BY ROLLUP(country)", "does not add up"},
           {"count(*), count(DISTINCT person) FROM event GROUP BY ROLLUP(sex, country)",
            "one person may be in several cells of country"},
           {"count(*) FROM event GROUP BY CUBE(sex, country)", "only ROLLUP(a, b) gives totals"},
           {"count(*) FROM event GROUP BY GROUPING SETS((sex), (country))", "a question for each"},
           {"count(*) FROM event GROUP BY ()", "only ROLLUP(a, b) gives totals"},
           {"count(*) FROM event GROUP BY ROLLUP(sex), country", "ROLLUP once, and last"},
           {"count(*) FROM event GROUP BY ROLLUP(sex), ROLLUP(country)", "ROLLUP once, and last"},
           {"count(*) FROM event GROUP BY ROLLUP((sex, country))", "keys one by one"},
           {"count(*) FROM event GROUP BY ROLLUP(person)", "no question can name a person"}}) {
    EXPECT_THAT(Canon("SELECT " + asked), HasSubstr(says)) << asked;
  }
  // A typed question says the same.
  v1::Question typed;
  typed.mutable_select()->set_table("person");
  typed.mutable_select()->add_measures()->set_kind(v1::Measure::KIND_ROWS);
  typed.mutable_select()->add_by()->set_column("sex");
  typed.mutable_select()->set_rolled(2);
  EXPECT_THAT(std::string(Bind(typed, codebook_).status().message()),
              HasSubstr("more keys than GROUP BY has"));
  typed.mutable_select()->set_rolled(1);
  EXPECT_EQ(CanonicalText(*Bind(typed, codebook_), codebook_),
            "SELECT sex, count(*) AS \"rows\" FROM person GROUP BY ROLLUP(sex)");
}

TEST_F(RollupTest, HasNoCellThatCannotBe) {
  const Domain domain = Planned(kByMonth)->questions[0].domain;
  EXPECT_THAT(KeysOf(domain), ElementsAre("2025|2025-Q4|2025-11", "2025|2025-Q4|2025-12", "2025|2025-Q4|*",
                                          "2025|*|*", "2026|2026-Q1|2026-01", "2026|2026-Q1|2026-02",
                                          "2026|2026-Q1|2026-03", "2026|2026-Q1|*", "2026|2026-Q2|2026-04",
                                          "2026|2026-Q2|2026-05", "2026|2026-Q2|2026-06", "2026|2026-Q2|*",
                                          "2026|*|*", "-|-|-", "-|-|*", "-|*|*", "*|*|*"));
  // Within a range of WHERE too, and with another key between.
  EXPECT_THAT(
      KeysOf(Planned("SELECT count(*) FROM event WHERE month BETWEEN '2025-12' AND '2026-01' AND sex = 'f' "
                     "GROUP BY ROLLUP(year(month), sex, month)")
                 ->questions[0]
                 .domain),
      ElementsAre("2025|f|2025-12", "2025|f|*", "2025|*|*", "2026|f|2026-01", "2026|f|*", "2026|*|*",
                  "*|*|*"));
  // Codes that do not stand together in their list; a forest.
  EXPECT_THAT(KeysOf(Planned("SELECT count(*) FROM event WHERE country IS NOT NULL AND sex = 'm' "
                             "GROUP BY sex, ROLLUP(fold(country), country)")
                         ->questions[0]
                         .domain),
              ElementsAre("m|sahel|SEN", "m|sahel|MLI", "m|sahel|*", "m|other|GIN", "m|other|it's",
                          "m|other|*", "m|*|*"));
}

TEST_F(RollupTest, AddsUpCohortsToYears) {
  const std::string asked =
      "SELECT year(entered), entered, count(DISTINCT person) FROM person WHERE entered BETWEEN '2025-Q3' AND "
      "'2026-Q1' GROUP BY ROLLUP(year(entered), entered)";
  const auto plan = Planned(asked);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_THAT(KeysOf(plan->questions[0].domain),
              ElementsAre("2025|2025-Q3", "2025|2025-Q4", "2025|*", "2026|2026-Q1", "2026|*", "*|*"));
  EXPECT_EQ(Canon(Canon(asked)), Canon(asked));
  EXPECT_THAT(Canon("SELECT entered, year(entered), count(*) FROM person WHERE entered BETWEEN '2025-Q3' AND "
                    "'2026-Q1' GROUP BY ROLLUP(entered, year(entered))"),
              HasSubstr("write the coarser first"));
}

TEST_F(RollupTest, TakesPersonsWhereEverybodyIsInOneCell) {
  for (const char* sql :
       {"SELECT count(DISTINCT person) FROM person GROUP BY ROLLUP(sex, main_of(profile), age)",
        "SELECT count(DISTINCT person) FROM event GROUP BY ROLLUP(fold(origin), origin, sex)"}) {
    const Plan plan = *Planned(sql);
    EXPECT_EQ(plan.questions[0].caps.cells, 1u);
    EXPECT_EQ(plan.blocks.size(), 4u);
    for (const Block& block : plan.blocks) {
      EXPECT_EQ(block.per_person.l0, 1u);
      EXPECT_EQ(block.per_person.linf, 1u);
      EXPECT_EQ(block.per_person.l1, 1u);
    }
  }
}

TEST_F(RollupTest, BoundsWhatComesTogetherInOneCell) {
  const Plan plan = *Planned("SELECT count(*), sum(income) FROM event GROUP BY ROLLUP(country)");
  ASSERT_EQ(plan.blocks.size(), 4u);
  const Block &cells = plan.blocks[0], &all = plan.blocks[1], &sums = plan.blocks[2], &sum = plan.blocks[3];
  EXPECT_EQ(cells.per_person.l0, 4u);
  EXPECT_EQ(all.per_person.l0, 1u);
  EXPECT_EQ(all.per_person.linf, 4u);
  EXPECT_EQ(all.per_person.l1, 4u);
  // Four amounts rounded apart may exceed the largest of one cell.
  EXPECT_GT(sums.per_person.l1, sums.per_person.linf);
  EXPECT_EQ(sum.per_person.linf, sums.per_person.l1);
  EXPECT_EQ(sum.per_person.l1, sums.per_person.l1);
  EXPECT_EQ(sum.counting.grid, sums.counting.grid);
}

TEST_F(RollupTest, PaysForEveryLevelByTheRootOfItsCells) {
  const Plan plan = *Planned("SELECT count(*) FROM event WHERE country IS NOT NULL GROUP BY ROLLUP(country)");
  const Rollup& rollup = plan.questions[0].domain.rollup;
  EXPECT_EQ(PriceOfLevel(rollup, 0, 3000, false), 2000u);
  EXPECT_EQ(PriceOfLevel(rollup, 1, 3000, false), 1000u);
  EXPECT_NEAR(static_cast<double>(PriceOfLevel(rollup, 0, 3000000, true)), 3e6 / (1 + std::pow(4, -1.0 / 3)),
              2e4);
  // All of them are charged, within what one question is given.
  const Plan alone = *Planned("SELECT count(*) FROM event WHERE country IS NOT NULL GROUP BY country");
  EXPECT_LE(plan.reference_cost.renyi, alone.reference_cost.renyi * 102 / 100);
  EXPECT_GE(plan.reference_cost.renyi, alone.reference_cost.renyi * 95 / 100);
  const auto variance = [](const Block& block) { return Variance(block.noise); };
  EXPECT_LT(variance(alone.blocks[0]), variance(plan.blocks[0]));
  EXPECT_NEAR(variance(plan.blocks[1]) / variance(plan.blocks[0]), 2, 0.2);
  // By epsilon.
  const Plan laplace = *Planned("SELECT count(*), sum(cost) FROM event GROUP BY ROLLUP(country)",
                                {Price::Kind::kEpsilon, 1024});
  uint64_t pure = 0;
  for (const Block& block : laplace.blocks) pure += CostOf(block.noise, block.per_person, {}).pure;
  EXPECT_LE(pure, uint64_t{1} << 40);
  EXPECT_GE(pure, (uint64_t{1} << 40) / 100 * 98);
}

TEST_F(RollupTest, TotalsAreBetterThanSumsOfCellsAndCellsNoWorseThanAlone) {
  for (const char* sql : {"SELECT count(*) FROM event GROUP BY ROLLUP(sex, country)",
                          "SELECT sum(income) FROM event GROUP BY ROLLUP(year(month), month)",
                          "SELECT count(DISTINCT person) FROM event GROUP BY ROLLUP(fold(origin), origin)"}) {
    const Plan plan = *Planned(sql, {Price::Kind::kShare, 50000});
    const PlannedQuestion& planned = plan.questions[0];
    const std::vector<double> margins = MarginsOfLevels(plan, planned, 0, codebook_);
    const std::vector<NoisyBlock> blocks = BlocksOf(plan, planned, 0, {});
    const double unit = DefinitionOf(planned.question.measures[0].kind)
                            .Margin({codebook_, planned.question.measures[0]}, {blocks[0]}) /
                        blocks[0].half95;
    for (size_t l = 0; l < margins.size(); ++l) {
      // By k standard deviations of the level's own noise; of the cells below it, added up.
      EXPECT_LT(margins[l], unit * blocks[l].reach() * 1.05) << sql << l;
    }
    const double cells = static_cast<double>(planned.domain.cells);
    EXPECT_LT(margins.back(), unit * 1.96 * std::sqrt(cells) * blocks[0].deviation) << sql;
    EXPECT_LT(margins.back(), unit * 1.96 * blocks.back().deviation * 1.2) << sql;
  }
}

TEST_F(RollupTest, ReadsOutWhatIsThereWhenThereIsNoNoise) {
  const Plan plan =
      Planned(
          "SELECT sex, age, count(*), sum(age) FROM person WHERE sex IS NOT NULL AND age <= 1 GROUP BY "
          "ROLLUP(sex, age)",
          {Price::Kind::kEpsilon, 64 * 1024})
          .value();
  const auto exact = Exact(plan, [](uint64_t i) { return static_cast<int64_t>(10 * i + 10); });
  const EstimatedTable table = Estimate(plan, codebook_, {plan.id, exact}, {1e9, 1e9})[0];
  std::vector<double> values;
  for (const EstimatedRow& row : table.rows) {
    values.push_back(row.values[0].value);
    EXPECT_EQ(row.values[0].low, row.values[0].value);
    EXPECT_EQ(row.values[0].high, row.values[0].value);
  }
  EXPECT_THAT(values, ElementsAre(10, 20, 30, 30, 40, 70, 100));
  EXPECT_EQ(table.hidden, 0u);
}

TEST_F(RollupTest, AddsUpToTheLastDigitThatIsShown) {
  for (const char* sql : {"SELECT count(*) FROM event GROUP BY ROLLUP(sex, fold(country), country)",
                          "SELECT sum(cost) FROM event GROUP BY ROLLUP(year(month), sex, month)",
                          "SELECT sum(income) FROM event GROUP BY sex, ROLLUP(fold(country), country)"}) {
    const Plan plan = *Planned(sql);
    const Domain& domain = plan.questions[0].domain;
    for (int i = 0; i < 15; ++i) {
      const auto exact = Exact(plan, [&](uint64_t c) { return static_cast<int64_t>(100000 + 17 * c); });
      const std::vector<v1::Table> tables =
          ToTables(plan, codebook_, {plan.id, Noisy(plan, exact)}, {1e9, 1e9});
      const std::vector<RollupRow> rows = RowsOf(domain);
      ASSERT_EQ(static_cast<size_t>(tables[0].rows_size()), rows.size());
      std::vector<double> of_cell(domain.cells);
      for (size_t r = 0; r < rows.size(); ++r) {
        const v1::Value& value = tables[0].rows(static_cast<int>(r)).values(0);
        ASSERT_EQ(value.shown(), v1::Value::SHOWN_YES);
        ASSERT_EQ(value.value(), std::floor(value.value()));
        ASSERT_LE(value.low(), value.value());
        ASSERT_GE(value.high(), value.value());
        if (rows[r].level == 0) {
          of_cell[rows[r].cell] = value.value();
          continue;
        }
        double sum = 0;
        for (uint32_t c = rows[r].first; c < rows[r].first + rows[r].count; ++c)
          sum += of_cell[domain.rollup.order[c]];
        ASSERT_EQ(sum, value.value()) << sql;
      }
    }
  }
}

// Equal weights of two Skellam noises whose half width is only just wide enough: half a step more than it
// would cover 92.8 %. False alarm below 10^-6.
TEST_F(RollupTest, CoversWhereHalfAStepWouldNotDo) {
  Plan plan = *Planned("SELECT count(DISTINCT person) FROM person WHERE sex = 'f' GROUP BY ROLLUP(sex)");
  for (Block& block : plan.blocks) block.noise = {Family::kSkellam, {3125, 1000}, {1, 1}};
  const auto exact = Exact(plan, [](uint64_t) { return 1000; });
  constexpr int kReleases = 20000;
  int covered = 0;
  for (int r = 0; r < kReleases; ++r) {
    const EstimatedTable table = Estimate(plan, codebook_, {plan.id, Noisy(plan, exact)}, {1e9, 1e9})[0];
    covered += table.rows[1].values[0].low <= 1000 && 1000 <= table.rows[1].values[0].high;
  }
  EXPECT_GT(static_cast<double>(covered) / kReleases, 0.95 - 4.9 * std::sqrt(0.95 * 0.05 / kReleases));
}

TEST_F(RollupTest, RoundsEveryNodeUpOrDownSoThatPartsAddUp) {
  std::mt19937_64 numbers(PrintedSeed());
  for (int trial = 0; trial < 300; ++trial) {
    std::vector<uint32_t> parents;
    std::vector<double> values;
    const uint32_t nodes = 1 + numbers() % 60;
    for (uint32_t v = 0; v < nodes; ++v)
      parents.push_back(v == 0 || numbers() % 8 == 0 ? kNoCategory : static_cast<uint32_t>(numbers() % v));
    values.assign(nodes, 0);
    std::vector<bool> leaf(nodes, true);
    for (uint32_t v = nodes; v-- > 0;) {
      if (leaf[v]) values[v] = static_cast<double>(static_cast<int64_t>(numbers() % 4001) - 2000) / 64;
      if (parents[v] == kNoCategory) continue;
      leaf[parents[v]] = false;
      values[parents[v]] += values[v];
    }
    const std::vector<double> whole = RoundedTogether(parents, values);
    std::vector<double> sums(nodes, 0);
    for (uint32_t v = 0; v < nodes; ++v) {
      EXPECT_EQ(whole[v], std::floor(whole[v]));
      EXPECT_LT(std::fabs(whole[v] - values[v]), 1);
      if (parents[v] != kNoCategory) sums[parents[v]] += whole[v];
    }
    for (uint32_t v = 0; v < nodes; ++v) {
      if (!leaf[v]) {
        EXPECT_EQ(sums[v], whole[v]);
      }
    }
  }
}

TEST_F(RollupTest, GivesTheMarginThatWasWantedAtEveryLevel) {
  for (const char* sql : {"SELECT count(*) FROM event GROUP BY ROLLUP(sex, country)",
                          "SELECT count(DISTINCT person) FROM event GROUP BY ROLLUP(fold(origin), origin)",
                          "SELECT count(DISTINCT person), count(*) FROM person GROUP BY ROLLUP(age)"}) {
    const auto plan = Planned(sql, {Price::Kind::kMargin, 40});
    ASSERT_TRUE(plan.ok()) << plan.status();
    for (uint32_t m = 0; m < plan->questions[0].question.measures.size(); ++m) {
      const std::vector<double> margins = MarginsOfLevels(*plan, plan->questions[0], m, codebook_);
      const double widest = *std::max_element(margins.begin(), margins.end());
      EXPECT_LE(widest, 40) << sql;
      EXPECT_GT(widest, 37) << sql;
    }
  }
  EXPECT_THAT(
      std::string(Planned("SELECT sum(income) FROM event GROUP BY ROLLUP(country)", {Price::Kind::kMargin, 1})
                      .status()
                      .message()),
      HasSubstr("counted in steps of"));
  EXPECT_THAT(
      std::string(Planned("SELECT count(*) FROM event GROUP BY ROLLUP(country)", {Price::Kind::kMargin, 1})
                      .status()
                      .message()),
      HasSubstr("than the whole privacy budget, which pays"));
}

TEST_F(RollupTest, SaysItsLevelsBeforeAndItsTotalsAfter) {
  const std::string sql = "SELECT sex, count(*) AS n FROM person WHERE sex IS NOT NULL GROUP BY ROLLUP(sex)";
  const Plan plan = *Planned(sql, {Price::Kind::kShare, 1000000});
  const v1::ExplainedQuestion explained = ExplainPlan(plan, codebook_)[0];
  EXPECT_EQ(explained.cells(), 3u);
  ASSERT_EQ(explained.levels_size(), 2);
  EXPECT_THAT(explained.levels(0).keys(), ElementsAre("sex"));
  EXPECT_EQ(explained.levels(0).cells(), 2u);
  EXPECT_EQ(explained.levels(1).keys_size(), 0);
  EXPECT_EQ(explained.margins(0), explained.levels(0).margins(0));
  EXPECT_GT(explained.levels(1).margins(0), 0);

  const auto exact = Exact(plan, [](uint64_t i) { return i == 0 ? 700 : 300; });
  const v1::Table table = ToTables(plan, codebook_, {plan.id, exact}, {})[0];
  ASSERT_EQ(table.axes_size(), 1);
  ASSERT_EQ(table.axes(0).categories_size(), 3);
  EXPECT_EQ(table.axes(0).categories(2).code(), "(total)");
  EXPECT_TRUE(table.axes(0).categories(2).total());
  EXPECT_EQ(table.rows_size(), 3);
  EXPECT_EQ(table.rows(2).key(0), 2u);
  EXPECT_EQ(table.rows(2).values(0).value(), 1000);
  EXPECT_EQ(table.blocks(0).rolled(), 0u);
  EXPECT_EQ(table.blocks(1).rolled(), 1u);
  EXPECT_THAT(table.reading().en(), HasSubstr("in all: about 1,000 rows"));
  EXPECT_THAT(table.reading().fr(), HasSubstr("en tout: environ"));

  EXPECT_EQ(Sentence(*Bound(sql), codebook_).en,
            "How many records (People), by sex with totals, sex: stated?");
  EXPECT_THAT(
      Sentence(*Bound("SELECT count(*) FROM event GROUP BY sex, ROLLUP(fold(country), country)"), codebook_)
          .fr,
      HasSubstr("par sexe, pays (liste courte) et pays avec les totaux sur pays (liste courte) et pays"));
}

TEST_F(RollupTest, IsAdvisedOnlyWhatIsATree) {
  const auto found = AlternativesTo(
      *Planned("SELECT count(*) FROM event GROUP BY ROLLUP(year(month), month)"), 0, codebook_);
  std::vector<std::string> changes;
  for (const Alternative& one : found) changes.push_back(one.change);
  EXPECT_THAT(changes, ElementsAre("quarter(month)"));
  const Phantoms phantoms = ExpectedPhantoms(*Planned(kByMonth), 0, codebook_, {});
  EXPECT_GT(phantoms.shown_from, 0);
  EXPECT_LE(phantoms.expected, 1);
}

}  // namespace
}  // namespace penc
