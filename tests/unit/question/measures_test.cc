// Quantiles, spreads, shares, differences, bands: how they are asked, what they release, what they read out
// of it.
#include <gmock/gmock.h>

#include <cmath>

#include "question/measures/measure.h"
#include "question/release.h"
#include "tests/unit/question/small_codebook.h"

namespace penc {
namespace {

class Measures : public SmallCodebook {
 protected:
  Plan Whole(const std::string& sql) const { return Planned(sql, {Price::Kind::kShare, 1000000}).value(); }
  // The estimates of an exact vector under a law of practically no noise.
  std::vector<EstimatedRow> Exactly(const std::string& sql, const std::vector<int64_t>& exact) const {
    const Plan plan = Planned(sql, {Price::Kind::kEpsilon, 64 * 1024}).value();
    PENC_CHECK(plan.length == exact.size());
    return Estimate(plan, codebook_, {plan.id, exact}, {1e9, 1e9})[0].rows;
  }
};

TEST_F(Measures, AreAskedInTheWordsOfSqlAndReadBackToThemselves) {
  for (const auto& [asked, canonical] : std::vector<std::pair<std::string, std::string>>{
           {"median(income)", "percentile_cont(0.5) WITHIN GROUP (ORDER BY income) AS \"median_income\""},
           {"percentile_cont(0.25) WITHIN GROUP (ORDER BY income)",
            "percentile_cont(0.25) WITHIN GROUP (ORDER BY income) AS \"p25_income\""},
           {"percentile_cont(.125) WITHIN GROUP (ORDER BY income) AS x",
            "percentile_cont(0.125) WITHIN GROUP (ORDER BY income) AS \"x\""},
           {"variance(cost)", "variance(cost) AS \"variance_cost\""},
           {"stddev(cost)", "stddev(cost) AS \"stddev_cost\""},
           {"share(sex = 'f')", "share(person.sex = 'f') AS \"share\""},
           {"share(country IN ('MLI', 'SEN') AND sex <> 'f')",
            "share((person.sex = 'm' AND country IN ('SEN', 'MLI'))) AS \"share\""},
           {"difference(sex = 'f', sex = 'm') AS gap",
            "difference(person.sex = 'f', person.sex = 'm') AS \"gap\""}}) {
    const std::string text = Canon("SELECT " + asked + " FROM event");
    EXPECT_EQ(text, "SELECT " + canonical + " FROM event");
    EXPECT_EQ(Canon(text), text);
  }
}

TEST_F(Measures, RefuseWhatTheyCannotSayWithWhatToWrite) {
  for (const auto& [asked, says] : std::vector<std::pair<std::string, std::string>>{
           {"percentile_cont(0) WITHIN GROUP (ORDER BY income)", "between 0 and 1"},
           {"percentile_cont(1) WITHIN GROUP (ORDER BY income)", "between 0 and 1"},
           {"percentile_cont(1.5) WITHIN GROUP (ORDER BY income)", "between 0 and 1"},
           {"percentile_cont(0.1234567) WITHIN GROUP (ORDER BY income)", "6 decimals"},
           {"percentile_cont(0.5) WITHIN GROUP (ORDER BY income DESC)", "DESC"},
           {"percentile_cont(income)", "write percentile_cont(0.5) WITHIN GROUP"},
           {"percentile_cont(0.5) WITHIN GROUP (ORDER BY person)", "no question can name a person"},
           {"median(country)", "a median needs a number"},
           {"stddev(country)", "a variance needs a number"},
           {"share(person = 'x')", "no question can name a person"},
           {"share(entered = '2026-Q1')", "entered names cohorts"},
           {"share(consent = 'f')", "unknown column"},
           {"share()", "share(condition)"},
           {"share(sex = 'f', sex = 'm')", "share(condition)"},
           {"difference(sex = 'f')", "share(condition)"},
           {"share(sex = 'f' AND sex = 'm')", "always empty"},
           {"share(sex = 'f') OVER ()", "without OVER"}}) {
    EXPECT_THAT(Canon("SELECT " + asked + " FROM event"), ::testing::HasSubstr(says)) << asked;
  }
  EXPECT_THAT(Canon("SELECT band(cost), count(*) FROM event GROUP BY band(cost)"),
              ::testing::HasSubstr("no bands for this column"));
}

TEST_F(Measures, SeveralQuantilesOfAColumnReadOneTreeForOnePrice) {
  const Plan one = Whole("SELECT median(income) FROM event");
  const Plan three = Whole(
      "SELECT percentile_cont(0.25) WITHIN GROUP (ORDER BY income), median(income), "
      "percentile_cont(0.75) WITHIN GROUP (ORDER BY income) FROM event");
  ASSERT_EQ(one.blocks.size(), three.blocks.size());
  EXPECT_EQ(one.reference_cost.renyi, three.reference_cost.renyi);
  // 1,001 values: leaves of 4, then 16, 64, 256 of them.
  std::vector<uint32_t> widths, fans;
  for (const Block& block : one.blocks) {
    widths.push_back(block.counting.part_width);
    fans.push_back(block.counting.fan);
    EXPECT_EQ(block.per_person.l1, 4u);
    EXPECT_EQ(block.per_person.linf, 4u);
  }
  EXPECT_EQ(widths, (std::vector<uint32_t>{4, 16, 64, 256}));
  EXPECT_EQ(fans, (std::vector<uint32_t>{251, 63, 16, 4}));
}

TEST_F(Measures, AShareCostsWhatOneCountCostsAndADifferenceOfWhoCannotBeBothToo) {
  const auto l0 = [&](const std::string& sql) {
    const Plan plan = Whole(sql);
    EXPECT_EQ(plan.blocks.size(), 1u);
    return plan.blocks[0].per_person.l0;
  };
  EXPECT_EQ(l0("SELECT count(DISTINCT person) FROM person"), 1u);
  EXPECT_EQ(l0("SELECT share(sex = 'f') FROM person"), 1u);
  EXPECT_EQ(l0("SELECT difference(sex = 'f', sex = 'm') FROM person"), 1u);
  EXPECT_EQ(l0("SELECT difference(sex = 'f', age <= 2) FROM person"), 2u);
  EXPECT_EQ(l0("SELECT country, share(sex = 'f') FROM event GROUP BY country"), 3u);
  // Somebody may have been in both countries.
  EXPECT_EQ(l0("SELECT difference(country = 'MLI', country = 'SEN') FROM event"), 2u);
  EXPECT_EQ(l0("SELECT difference(origin = 'MLI', origin = 'SEN') FROM event"), 1u);
}

TEST_F(Measures, ReadOutWhatIsThereWhenThereIsNoNoise) {
  const std::vector<EstimatedRow> share =
      Exactly("SELECT sex, share(age <= 2) FROM person GROUP BY sex", {30, 10, 5, 15, 0, 0});
  EXPECT_NEAR(share[0].values[0].value, 75, 1e-9);
  EXPECT_NEAR(share[1].values[0].value, 25, 1e-9);
  EXPECT_EQ(share[2].values[0].shown, Value::Shown::kTooFew);
  const std::vector<EstimatedRow> difference =
      Exactly("SELECT difference(sex = 'f', sex = 'm') FROM person", {30, 47});
  EXPECT_EQ(difference[0].values[0].value, -17);
  // Six people: ages 0, 1, 1, 2, 5, 5.
  const std::vector<EstimatedRow> median =
      Exactly("SELECT median(age), percentile_cont(0.9) WITHIN GROUP (ORDER BY age) FROM person",
              {1, 2, 1, 0, 0, 2, 4, 2});
  EXPECT_GE(median[0].values[0].value, 1);
  EXPECT_LE(median[0].values[0].value, 2);
  EXPECT_EQ(median[0].values[1].value, 5);
  // Costs of -2, 0 and 1: mean -1/3, variance 14/9. In half steps from the middle: -8, 0, 4.
  const Plan plan =
      Planned("SELECT variance(cost), stddev(cost) FROM event", {Price::Kind::kEpsilon, 64 * 1024}).value();
  ASSERT_EQ(plan.blocks.size(), 3u);
  EXPECT_EQ(plan.blocks[1].counting.square_bound, 8);
  ASSERT_EQ(plan.blocks[0].counting.grid, 1);
  ASSERT_EQ(plan.blocks[1].counting.grid, 1);
  const std::vector<int64_t> exact = {-4, (2 * 64 - 64) + (0 - 64) + (2 * 16 - 64), 3};
  const EstimatedRow row = Estimate(plan, codebook_, {plan.id, exact}, {1e9, 1e9})[0].rows[0];
  EXPECT_NEAR(row.values[0].value, 14.0 / 9, 1e-9);
  EXPECT_NEAR(row.values[1].value, std::sqrt(14.0 / 9), 1e-9);
}

TEST_F(Measures, QuantilesKeepTheirOrderWhateverTheNoise) {
  const Plan plan = Planned(
                        "SELECT percentile_cont(0.1) WITHIN GROUP (ORDER BY income), median(income), "
                        "percentile_cont(0.9) WITHIN GROUP (ORDER BY income) FROM event",
                        {Price::Kind::kShare, 200000})
                        .value();
  uint64_t state = 7;
  for (int trial = 0; trial < 300; ++trial) {
    std::vector<int64_t> noisy;
    for (uint64_t i = 0; i < plan.length; ++i) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      noisy.push_back(static_cast<int64_t>(state >> 40) % 60 - 20);
    }
    const EstimatedRow row = Estimate(plan, codebook_, {plan.id, noisy}, {1e9, 1e9})[0].rows[0];
    if (row.values[0].shown != Value::Shown::kYes) continue;
    for (const Value& value : row.values) {
      EXPECT_LE(value.low, value.value);
      EXPECT_LE(value.value, value.high);
      EXPECT_GE(value.low, 0);
      EXPECT_LE(value.high, 100000);
    }
    EXPECT_LE(row.values[0].low, row.values[1].low);
    EXPECT_LE(row.values[1].high, row.values[2].high);
  }
}

TEST_F(Measures, BandsAreTheCodebooksAndMayNotOverlap) {
  std::string book = kSmallCodebook;
  const std::string column = "step: 100, sensitivity: public, fr: Revenu";
  ASSERT_NE(book.find(column), std::string::npos);
  const auto with = [&](const std::string& bands) {
    std::string changed = book;
    changed.replace(changed.find(column), 9, "step: 100, bands: " + bands);
    return ReadCodebook("small.yaml", changed);
  };
  const absl::StatusOr<Codebook> banded = with("[0, 1000, 20000]");
  ASSERT_TRUE(banded.ok()) << banded.status();
  EXPECT_NE(banded->hash, codebook_.hash);
  codebook_ = *banded;
  const Plan plan =
      Whole("SELECT band(income), count(*) FROM event WHERE income >= 500 GROUP BY band(income)");
  std::vector<std::string> names;
  for (const Category& category : plan.questions[0].domain.axes[0].categories) names.push_back(category.code);
  EXPECT_EQ(names, (std::vector<std::string>{"0–900", "1000–19900", "20000–100000"}));
  EXPECT_THAT(with("[0, 20000, 1000]").status().message(), ::testing::HasSubstr("overlaps the one before"));
  EXPECT_THAT(with("[1000, 20000]").status().message(), ::testing::HasSubstr("the lowest value"));
  EXPECT_THAT(with("[0, 150]").status().message(), ::testing::HasSubstr("is not a value of this column"));
}

}  // namespace
}  // namespace penc
