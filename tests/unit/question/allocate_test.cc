#include "question/allocate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "privacy/choose.h"
#include "privacy/law.h"
#include "question/answer.h"
#include "tests/unit/question/small_codebook.h"

namespace penc {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kBySex[] = "SELECT sex, count(DISTINCT person) FROM person GROUP BY sex";
constexpr char kByNeeds[] = "SELECT needs, count(*) FROM event GROUP BY needs";
constexpr char kIncome[] = "SELECT sum(income) FROM event";

TableNeed Counts(uint64_t l0, absl::optional<uint64_t> margin, uint32_t weight = 1) {
  TableNeed need;
  need.columns = {{{l0, 1, l0}, {1, 1}}};
  need.margin = margin;
  need.weight = weight;
  return need;
}

// What the plan gives a table of one column: its half width.
uint64_t HalfWidthOf(const TableNeed& need, const Allocation& found, size_t table, const Promise& reference) {
  const uint64_t weights = std::accumulate(found.weights.begin(), found.weights.end(), uint64_t{0});
  const auto part =
      static_cast<uint64_t>(static_cast<unsigned __int128>(TotalPrice(found.share_ppm, reference)) *
                            found.weights[table] / weights);
  const auto chosen = ChooseAtPrice(need.columns[0].person, part, reference);
  EXPECT_TRUE(chosen.ok()) << chosen.status();
  return chosen.ok() ? HalfWidth(*chosen, 0.95) : UINT64_MAX;
}

TEST(Allocate, MeetsEveryMarginAtAPriceThatCannotBeLowered) {
  const Promise reference;
  for (const std::vector<TableNeed>& tables : {
           std::vector<TableNeed>{Counts(1, 20)},
           std::vector<TableNeed>{Counts(1, 20), Counts(1, 20), Counts(1, 20)},
           std::vector<TableNeed>{Counts(1, 20), Counts(5, 31), Counts(24, 100)},
           std::vector<TableNeed>{Counts(3, 12), Counts(1, 500)},  // prices 1,000 to 1 and more
       }) {
    const auto found = Allocate(tables, 1000000, reference);
    ASSERT_TRUE(found.ok()) << found.status();
    EXPECT_EQ(found->kind, Allocation::Kind::kMet);
    EXPECT_EQ(found->share_ppm, found->stated_ppm);
    EXPECT_EQ(found->factor, 1);
    uint64_t cheapest = 0;
    for (size_t t = 0; t < tables.size(); ++t) {
      EXPECT_LE(HalfWidthOf(tables[t], *found, t, reference), *tables[t].margin) << t;
      EXPECT_GE(found->weights[t], 1u);
      EXPECT_LE(found->weights[t], kLargestWeight);
      const Contribution& person = tables[t].columns[0].person;
      cheapest +=
          CostOf(*ChooseForMargin(person, *tables[t].margin, reference), person, OrderOf(reference)).renyi;
    }
    // No division of less than the sum of the single prices does it; whole weights waste little.
    EXPECT_GE(TotalPrice(found->share_ppm, reference), cheapest);
    EXPECT_LE(static_cast<double>(TotalPrice(found->share_ppm, reference)),
              1.01 * static_cast<double>(cheapest));
  }
}

TEST(Allocate, GivesEqualTablesTheWeightOne) {
  const auto found = Allocate({{Counts(1, 20), Counts(1, 20), Counts(1, 20)}}, 1000000, Promise());
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_THAT(found->weights, ElementsAre(1, 1, 1));
}

TEST(Allocate, WidensAllMarginsByTheLeastCommonFactorWhereThePriceIsTooSmall) {
  const Promise reference;
  const std::vector<TableNeed> tables = {Counts(1, 40), Counts(5, 60), Counts(2, 300)};
  const uint64_t all = Allocate(tables, 1000000, reference)->stated_ppm;
  const auto offered = static_cast<uint32_t>(all / 4);
  const auto found = Allocate(tables, offered, reference);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->kind, Allocation::Kind::kScaled);
  EXPECT_EQ(found->stated_ppm, all);
  EXPECT_LE(found->share_ppm, offered);
  for (size_t t = 0; t < tables.size(); ++t)
    EXPECT_LE(static_cast<double>(HalfWidthOf(tables[t], *found, t, reference)),
              found->factor * static_cast<double>(*tables[t].margin));
  // A quarter of the price: margins twice as wide, but for whole numbers.
  EXPECT_NEAR(found->factor, 2, 0.1);
  // By one percent less they cannot be paid.
  std::vector<TableNeed> narrower = tables;
  for (TableNeed& table : narrower)
    table.margin = static_cast<uint64_t>(0.97 * found->factor * static_cast<double>(*table.margin));
  EXPECT_GT(Allocate(narrower, 1000000, reference)->share_ppm, offered);
}

TEST(Allocate, MoreMoneyNeverMakesTheFactorWorse) {
  const Promise reference;
  const std::vector<TableNeed> tables = {Counts(1, 4), Counts(3, 5)};
  double before = 1e9;
  for (const uint32_t offered : {1000u, 5000u, 20000u, 100000u, 400000u}) {
    const auto found = Allocate(tables, offered, reference);
    ASSERT_TRUE(found.ok()) << found.status();
    EXPECT_LE(found->share_ppm, offered);
    EXPECT_LT(found->factor, before) << offered;
    before = found->factor;
  }
}

TEST(Allocate, LeavesTheRestToTablesWithoutAMargin) {
  const Promise reference;
  const std::vector<TableNeed> tables = {Counts(1, 20), Counts(1, absl::nullopt, 3),
                                         Counts(1, absl::nullopt, 1)};
  const uint64_t alone = Allocate({{Counts(1, 20)}}, 1000000, reference)->share_ppm;
  const auto found = Allocate(tables, static_cast<uint32_t>(5 * alone), reference);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->share_ppm, 5 * alone);
  EXPECT_LE(HalfWidthOf(tables[0], *found, 0, reference), 20u);
  // A fifth, and three parts to one of four fifths.
  EXPECT_NEAR(found->weights[1], 3.0 * found->weights[2], 3);
  EXPECT_NEAR(found->weights[1] + found->weights[2], 4.0 * found->weights[0], 0.03 * found->weights[1]);

  const absl::Status nothing = Allocate(tables, static_cast<uint32_t>(alone), reference).status();
  EXPECT_EQ(nothing.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(nothing.message()), HasSubstr("nothing is left for the questions without one"));
}

TEST(Allocate, SaysWhatTheWholeBudgetPaysWhereNoBudgetPaysTheMargins) {
  const std::vector<TableNeed> tables = {Counts(1, 1), Counts(24, 1)};
  const auto found = Allocate(tables, 1000000, Promise());
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->kind, Allocation::Kind::kScaled);
  EXPECT_GT(found->stated_ppm, 1000000u);
  EXPECT_LE(found->share_ppm, 1000000u);
  EXPECT_GT(found->factor, 1);
}

TEST(Allocate, KnowsPurePromisesToo) {
  Promise pure;
  pure.delta_mantissa = 0;
  const auto found = Allocate({{Counts(1, 20), Counts(2, 40)}}, 1000000, pure);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_NEAR(found->weights[0], found->weights[1],
              0.1 * found->weights[0]);  // twice the l1, twice the margin
}

class Margins : public SmallCodebook {
 protected:
  absl::StatusOr<Plan> Bulletin(const std::vector<std::string>& sql, const Price& price,
                                const std::vector<uint32_t>& weights = {}) const {
    std::vector<Question> questions;
    for (const std::string& one : sql) {
      ASSIGN_OR_RETURN(Question question, Bound(one));
      if (!weights.empty()) question.weight = weights[questions.size()];
      questions.push_back(std::move(question));
    }
    return MakePlan(std::move(questions), price, codebook_);
  }
  std::vector<double> MarginsOf(const Plan& plan, size_t question) const {
    const v1::ExplainedQuestion explained = ExplainPlan(plan, codebook_)[question];
    return {explained.margins().begin(), explained.margins().end()};
  }
  Promise Reference() const { return *ParsePromise("8", "1e-6"); }
};

TEST_F(Margins, ThePlanMadeFromTheWeightsKeepsThem) {
  const std::vector<std::string> sql = {kBySex, kByNeeds, kIncome,
                                        "SELECT count(DISTINCT person), count(*) FROM event"};
  const std::vector<absl::optional<uint64_t>> wanted = {20, 90, 1500000, 40};
  const auto laid_out = Bulletin(sql, {Price::Kind::kShare, 1000000});
  ASSERT_TRUE(laid_out.ok()) << laid_out.status();
  const auto needs = NeedsOf(*laid_out, wanted, codebook_);
  ASSERT_TRUE(needs.ok()) << needs.status();
  const auto found = Allocate(*needs, 1000000, Reference());
  ASSERT_TRUE(found.ok()) << found.status();
  ASSERT_EQ(found->kind, Allocation::Kind::kMet) << found->stated_ppm;
  const auto plan = Bulletin(sql, {Price::Kind::kShare, found->share_ppm}, found->weights);
  ASSERT_TRUE(plan.ok()) << plan.status();
  for (size_t q = 0; q < sql.size(); ++q) {
    for (double margin : MarginsOf(*plan, q)) EXPECT_LE(margin, static_cast<double>(*wanted[q])) << sql[q];
  }
  EXPECT_LE(plan->reference_cost.renyi, TotalPrice(found->share_ppm, Reference()));
}

TEST_F(Margins, AWeightThatTheAllocationMayGiveIsOneThatAQuestionMayHave) {
  v1::Question question;
  question.set_sql(kBySex);
  question.set_weight(kLargestWeight);
  EXPECT_TRUE(Bind(question, codebook_).ok());
  question.set_weight(kLargestWeight + 1);
  EXPECT_FALSE(Bind(question, codebook_).ok());
}

// The margin of a sum was taken in steps of its column, so that it came out 100 times as wide as asked.
TEST_F(Margins, OfASumIsInUnitsOfTheAnswer) {
  const auto plan = Bulletin({kIncome}, {Price::Kind::kMargin, 1500000});
  ASSERT_TRUE(plan.ok()) << plan.status();
  const double margin = MarginsOf(*plan, 0)[0];
  EXPECT_LE(margin, 1500000);
  EXPECT_GT(margin, 1300000);
}

TEST_F(Margins, OfSeveralMeasuresHoldForEachOfThem) {
  const auto plan = Bulletin({"SELECT sex, count(DISTINCT person), count(*) FROM event GROUP BY sex"},
                             {Price::Kind::kMargin, 30});
  ASSERT_TRUE(plan.ok()) << plan.status();
  const std::vector<double> margins = MarginsOf(*plan, 0);
  ASSERT_EQ(margins.size(), 2u);
  for (double margin : margins) {
    EXPECT_LE(margin, 30);
    EXPECT_GE(margin, 28);  // no more is paid than that
  }
  // Each has what it alone would have had.
  const auto alone = Bulletin({"SELECT sex, count(*) FROM event GROUP BY sex"}, {Price::Kind::kMargin, 30});
  EXPECT_EQ(plan->blocks[1].noise.parameter, alone->blocks[0].noise.parameter);
}

TEST_F(Margins, OfABulletinHoldInEveryTable) {
  const auto plan = Bulletin({kBySex, kByNeeds}, {Price::Kind::kMargin, 40});
  ASSERT_TRUE(plan.ok()) << plan.status();
  for (size_t q = 0; q < 2; ++q) {
    EXPECT_LE(MarginsOf(*plan, q)[0], 40) << q;
    EXPECT_GE(MarginsOf(*plan, q)[0], 38) << q;
  }
}

TEST_F(Margins, ThatNobodyCanPayOrSetAreRefusedWithWhatWouldDo) {
  struct Row {
    std::vector<std::string> sql;
    uint64_t margin;
    const char* says;
  };
  for (const Row& row : {
           Row{{kBySex}, 0, "at least 1"},
           Row{{"SELECT avg(income) FROM event"},
               10,
               "question 1, avg_income: its margin depends on the answer"},
           Row{{kBySex, "SELECT count(*), avg(income) FROM event"}, 10, "question 2, avg_income"},
           Row{{kIncome}, 100, "counted in steps of"},
           Row{{kByNeeds}, 1, "more than the whole privacy budget, which pays ±"},
       }) {
    const absl::Status status = Bulletin(row.sql, {Price::Kind::kMargin, row.margin}).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << row.says;
    EXPECT_THAT(std::string(status.message()), HasSubstr(row.says));
  }
  // What it names is paid, and the next narrower is not.
  const std::string says(Bulletin({kByNeeds}, {Price::Kind::kMargin, 1}).status().message());
  const uint64_t pays = std::stoull(says.substr(says.rfind("±") + std::string("±").size()));
  EXPECT_TRUE(Bulletin({kByNeeds}, {Price::Kind::kMargin, pays}).ok()) << says;
  EXPECT_FALSE(Bulletin({kByNeeds}, {Price::Kind::kMargin, pays - 1}).ok()) << says;
}

}  // namespace
}  // namespace penc
