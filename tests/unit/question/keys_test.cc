#include "question/keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "codebook/read.h"
#include "question/answer.h"
#include "question/bind.h"

namespace penc {
namespace {

using ::testing::HasSubstr;

constexpr char kCodebook[] = R"(codebook: small
version: 1
reference_promise: {epsilon: 8, delta: DELTA}
closing: quarter
codes:
  sex: [{code: f, fr: F, en: F}, {code: m, fr: M, en: M}]
tables:
  person:
    unit: person
    columns:
      town: {type: text, open: true, max: 20, sensitivity: public}
  complaint:
    unit: event
    caps: {cells: 4, rows: 6}
    columns:
      agency: {type: text, open: true, sensitivity: public}
      other: {type: text, open: true, sensitivity: public}
      sex: {type: code, codes: sex, sensitivity: public}
      cost: {type: integer, range: [0, 100], sensitivity: public}
)";

class Keys : public ::testing::Test {
 protected:
  static Codebook Book(const std::string& delta = "1e-6") {
    std::string text = kCodebook;
    text.replace(text.find("DELTA"), 5, delta);
    return ReadCodebook("codebook.yaml", text).value();
  }
  absl::StatusOr<Plan> TryPlan(const std::vector<std::string>& sqls, const Price& price = {}) const {
    v1::Bulletin bulletin;
    for (const std::string& sql : sqls) bulletin.add_questions()->set_sql(sql);
    absl::StatusOr<std::vector<Question>> questions = BindAll(bulletin, book_);
    if (!questions.ok()) return questions.status();
    return MakePlan(*std::move(questions), price, book_);
  }
  Plan PlanOf(const std::string& sql, const Price& price = {}) const { return TryPlan({sql}, price).value(); }
  v1::Refusal WhyNot(const std::string& sql) const {
    std::string about;
    return RefusalOf(TryPlan({sql}).status(), &about);
  }

  Codebook book_ = Book();
};

TEST_F(Keys, OnlyGroup) {
  for (const char* sql :
       {"SELECT count(*) FROM complaint WHERE agency = 'sud'",
        "SELECT count(*) FROM complaint WHERE agency IS NULL",
        "SELECT count(*) FROM complaint WHERE NOT (sex = 'f' AND agency IN ('a', 'b'))",
        "SELECT sum(agency) FROM complaint", "SELECT median(agency) FROM complaint",
        "SELECT share(agency = 'sud') FROM complaint", "SELECT stddev(agency) FROM complaint",
        "SELECT agency, other, count(*) FROM complaint GROUP BY agency, other",
        "SELECT agency, count(*) FROM complaint WHERE agency = 'a' GROUP BY agency"}) {
    EXPECT_EQ(WhyNot(sql), v1::REFUSAL_OPEN_LIST) << sql;
  }
  EXPECT_FALSE(TryPlan({"SELECT fold(agency), count(*) FROM complaint GROUP BY fold(agency)"}).ok());
  EXPECT_TRUE(TryPlan({"SELECT agency, count(*) FROM complaint GROUP BY agency"}).ok());
  EXPECT_TRUE(TryPlan({"SELECT town, sex, sum(cost) FROM complaint GROUP BY town, sex"}).ok());
}

TEST_F(Keys, ArePartOfThePlanAndOfItsPrice) {
  const Plan plan = PlanOf("SELECT agency, sex, count(DISTINCT person) FROM complaint GROUP BY agency, sex");
  ASSERT_EQ(plan.selections.size(), 1u);
  const KeyStep& step = plan.selections[0];
  EXPECT_EQ(step.law.keys, 4u);
  EXPECT_NEAR(static_cast<double>(step.law.delta), 2e9, 2);  // 2 % of a tenth of 1e-6
  EXPECT_EQ(plan.questions[0].domain.cells, 257u * 3);
  EXPECT_EQ(plan.length, 257u * 3);
  const Promise reference = *ParsePromise("8", "1e-6");
  const Order order = OrderOf(reference);
  const Cost keys = CostOf(step.law, order), all = CostAt(plan, order);
  EXPECT_EQ(all.delta, step.law.delta);
  const double price = static_cast<double>(RenyiBudget(reference)) / 50;
  EXPECT_LE(static_cast<double>(all.renyi), price);
  EXPECT_NEAR(static_cast<double>(keys.renyi), 0.75 * price, 0.02 * price);
  EXPECT_NEAR(static_cast<double>(all.renyi - keys.renyi), 0.25 * price, 0.02 * price);
  // A person has one town: one key, so fewer persons suffice.
  const Plan town = PlanOf("SELECT town, count(*) FROM complaint GROUP BY town");
  EXPECT_EQ(town.selections[0].law.keys, 1u);
  EXPECT_EQ(town.selections[0].most, 20u);
  const auto half = [](const Plan& p) { return KeySelector::Make(p.selections[0].law)->PersonsFor(500'000); };
  EXPECT_LT(half(town), half(plan));
  // The same plan has the same id; another law another one.
  EXPECT_EQ(plan.id, PlanOf("SELECT agency, sex, count(DISTINCT person) FROM complaint GROUP BY 1, 2").id);
  EXPECT_NE(plan.id, PlanOf("SELECT agency, sex, count(DISTINCT person) FROM complaint GROUP BY 1, 2",
                            {Price::Kind::kShare, 20001})
                         .id);
}

TEST_F(Keys, AreBoughtByEpsilonTooButNotByAMargin) {
  const char* const sql = "SELECT town, count(DISTINCT person) FROM person GROUP BY town";
  const Plan plan = PlanOf(sql, {Price::Kind::kEpsilon, 1024});
  EXPECT_EQ(plan.selections[0].law.epsilon_1024, 768u);
  EXPECT_EQ(CostAt(plan, Order{9}).pure, uint64_t{1024} << 30);
  EXPECT_GT(plan.selections[0].law.delta, 0u);
  const auto margin = TryPlan({sql}, {Price::Kind::kMargin, 20});
  EXPECT_THAT(std::string(margin.status().message()), HasSubstr("--budget"));
  book_ = Book("0");
  EXPECT_FALSE(TryPlan({sql}).ok());
  EXPECT_TRUE(TryPlan({"SELECT sex, count(*) FROM complaint GROUP BY sex"}).ok());
}

TEST_F(Keys, LeaveOtherPlansAsTheyWere) {
  const Plan plan = PlanOf("SELECT sex, count(*) FROM complaint GROUP BY sex");
  EXPECT_TRUE(plan.selections.empty());
  EXPECT_EQ(CostAt(plan, Order{9}).delta, 0u);
}

TEST_F(Keys, AreTheDomainOfWhatIsCounted) {
  const Plan plan = TryPlan({"SELECT sex, count(*) FROM complaint GROUP BY sex",
                             "SELECT agency, sex, count(*), sum(cost) FROM complaint GROUP BY agency, sex",
                             "SELECT town, count(*) FROM complaint GROUP BY town"})
                        .value();
  ASSERT_EQ(plan.selections.size(), 2u);
  const Plan counted = WithWords(plan, {{{7, "est", "Est"}, {3, "sud", "SUD"}}, {}});
  EXPECT_EQ(counted.id, plan.id);
  const Domain& domain = counted.questions[1].domain;
  EXPECT_EQ(domain.cells, 9u);
  const Axis& axis = domain.axes[0];
  ASSERT_EQ(axis.categories.size(), 3u);
  // What leaves is what all spellings share: whose spelling came first would tell of that person.
  EXPECT_EQ(axis.categories[1].code, "sud");
  EXPECT_EQ(axis.categories[1].label.fr, "sud");
  EXPECT_TRUE(axis.categories[2].null);
  EXPECT_EQ(axis.category_of[7], 0u);
  EXPECT_EQ(axis.category_of[3], 1u);
  EXPECT_EQ(axis.category_of[kNull], 2u);
  EXPECT_EQ(axis.category_of[5], kNoCategory);
  EXPECT_EQ(counted.questions[2].domain.cells, 1u);
  uint64_t first = 0;
  for (const Block& block : counted.blocks) {
    EXPECT_EQ(block.first, first);
    first += block.cells;
  }
  EXPECT_EQ(counted.length, first);
  EXPECT_LT(counted.length, plan.length);
  // And the price is the plan's, whatever was chosen.
  EXPECT_EQ(CostAt(counted, Order{9}).renyi, CostAt(plan, Order{9}).renyi);
  const auto explained = ExplainPlan(plan, book_);
  EXPECT_FALSE(explained[0].has_selection());
  EXPECT_EQ(explained[1].selection().keys(), 4u);
  EXPECT_GT(explained[1].selection().persons_most(), explained[1].selection().persons_half());
}

}  // namespace
}  // namespace penc
