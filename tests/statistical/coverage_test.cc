// Over seeded releases (1,000 of each plan) the margins of every measure cover the exact vector as often as
// the law says. More of them, in minutes:
//
//   PENC_COVERAGE_RELEASES=10000 build/tests/statistical_test --gtest_filter='Coverage*'
//
// Counts and sums: the share of covered cells differs from the law's own coverage by less than 4.9 standard
// errors (false alarm below 10^-6 a measure); means, medians, spreads, shares: not below 95 % by more than
// that. The truth lies in the middle of the range, so that nothing is clipped.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "absl/strings/numbers.h"
#include "base/file.h"
#include "base/status.h"
#include "codebook/read.h"
#include "crypto/secure_random.h"
#include "privacy/law.h"
#include "privacy/sampler.h"
#include "question/answer.h"
#include "question/bind.h"
#include "question/measures/measure.h"
#include "question/plan.h"
#include "question/release.h"
#include "question/rollup.h"
#include "question/subtract.h"

namespace penc {
namespace {

constexpr uint64_t kSeed = 20261123;

class Coverage : public ::testing::Test {
 protected:
  Coverage() {
    const std::string path = PENC_SOURCE_DIR "/tests/scenarios/codebooks/nlswork.yaml";
    codebook_ = *ReadCodebook(path, *ReadFile(path));
    uint8_t seed[32] = {};
    for (int i = 0; i < 8; ++i) seed[i] = static_cast<uint8_t>(kSeed >> (8 * i));
    random_ = std::make_unique<SeededExpander>(seed);
    if (const char* given = std::getenv("PENC_COVERAGE_RELEASES"))
      PENC_CHECK(absl::SimpleAtoi(given, &releases_) && releases_ >= 1000);
    std::printf("seed %llu, %d releases\n", static_cast<unsigned long long>(kSeed), releases_);
  }

  Plan PlanOf(const std::string& sql, const Price& price) {
    v1::Question question;
    question.set_sql(sql);
    return *MakePlan({*Bind(question, codebook_)}, price, codebook_);
  }

  // The share of (release, cell) pairs whose interval holds `truth` of the cell.
  template <typename Truth>
  double CoveredShare(const Plan& plan, const std::vector<int64_t>& exact, Truth truth) {
    const Display all{1e9, 1e9};
    int covered = 0, seen = 0;
    for (int r = 0; r < releases_; ++r) {
      Release release{plan.id, exact};
      for (const Block& block : plan.blocks) {
        AddNoise(block.noise, *random_, absl::MakeSpan(release.noisy).subspan(block.first, block.cells));
      }
      const std::vector<EstimatedRow> rows = Estimate(plan, codebook_, release, all)[0].rows;
      for (size_t cell = 0; cell < rows.size(); ++cell) {
        const Value& value = rows[cell].values[0];
        if (value.shown != Value::Shown::kYes) continue;
        ++seen;
        covered += value.low <= truth(cell) && truth(cell) <= value.high;
      }
    }
    cells_seen_ = seen;
    const double share = static_cast<double>(covered) / seen;
    std::printf("%s: %.5f of %d covered\n", DefinitionOf(plan.questions[0].question.measures[0].kind).name(),
                share, seen);
    return share;
  }
  double StandardErrors(double share, double expected) const {
    return (share - expected) / std::sqrt(expected * (1 - expected) / cells_seen_);
  }

  Codebook codebook_;
  std::unique_ptr<RandomSource> random_;
  int cells_seen_ = 0, releases_ = 1000;
};

TEST_F(Coverage, OfCountsAndSumsIsThatOfTheExactLaw) {
  for (const char* sql :
       {"SELECT race, count(DISTINCT person) FROM work GROUP BY race",
        "SELECT year, count(*) FROM work GROUP BY year", "SELECT race, sum(hours) FROM work GROUP BY race"}) {
    for (const Price price : {Price{Price::Kind::kShare, 20000}, Price{Price::Kind::kEpsilon, 1024}}) {
      const Plan plan = PlanOf(sql, price);
      const Block& block = plan.blocks[0];
      const int64_t middle = 1000000;
      const double unit = static_cast<double>(block.counting.grid);
      const double share = CoveredShare(plan, std::vector<int64_t>(plan.length, middle),
                                        [&](size_t) { return static_cast<double>(middle) * unit; });
      const double law = Covered(block.noise, HalfWidth(block.noise, 0.95));
      EXPECT_LT(std::fabs(StandardErrors(share, law)), 4.9) << sql << ": " << share << " against " << law;
    }
  }
}

TEST_F(Coverage, OfMeansIsNotBelowWhatIsClaimed) {
  const Plan plan = PlanOf("SELECT race, avg(hours) FROM work GROUP BY race", {Price::Kind::kShare, 100000});
  // 4,000 rows a cell whose mean is 42 hours: half of the range of 168 below its middle.
  std::vector<int64_t> exact(plan.length, 0);
  const Block& amounts = plan.blocks[0];
  const auto half_steps = static_cast<int64_t>(4000 * (2 * 42 - 168) / amounts.counting.grid);
  for (uint64_t i = 0; i < amounts.cells; ++i) {
    exact[amounts.first + i] = half_steps;
    exact[plan.blocks[1].first + i] = 4000;
  }
  const double truth = 84 + static_cast<double>(half_steps * amounts.counting.grid) / 2 / 4000;
  const double share = CoveredShare(plan, exact, [&](size_t) { return truth; });
  EXPECT_GT(StandardErrors(share, 0.95), -4.9) << share;
  EXPECT_GT(cells_seen_, 3000);
}

// Hours from 20 to 60, most at 40: half of 4,000 rows of every cell below, half above.
TEST_F(Coverage, OfMediansIsNotBelowWhatIsClaimed) {
  for (const Price price : {Price{Price::Kind::kShare, 20000}, Price{Price::Kind::kEpsilon, 1024}}) {
    const Plan plan = PlanOf("SELECT race, median(hours) FROM work GROUP BY race", price);
    std::vector<int64_t> exact(plan.length, 0);
    for (const Block& block : plan.blocks) {
      const Counting& counting = block.counting;
      for (uint64_t cell = 0; cell < block.cells / counting.fan; ++cell) {
        for (int64_t hours = 20; hours <= 60; ++hours)
          exact[block.first + cell * counting.fan + static_cast<uint64_t>(hours) / counting.part_width] +=
              10 * (21 - std::abs(hours - 40));
      }
    }
    const double share = CoveredShare(plan, exact, [](size_t) { return 40.0; });
    EXPECT_GT(StandardErrors(share, 0.95), -4.9) << share;
    EXPECT_GT(cells_seen_, 3000);
  }
}

// Every level by itself: cells, totals, the total of all. Detail pays most, so that totals are estimated from
// both; the law of such a sum is not one block's.
TEST_F(Coverage, OfEveryLevelOfARollupIsNotBelowWhatIsClaimed) {
  const std::string rows_asked = "SELECT count(*) FROM work GROUP BY ROLLUP(race, year)",
                    people = "SELECT count(DISTINCT person) FROM work GROUP BY ROLLUP(race)",
                    sums = "SELECT sum(hours) FROM work GROUP BY ROLLUP(year, race)";
  for (const auto& [sql, price] :
       std::vector<std::pair<std::string, Price>>{{rows_asked, {Price::Kind::kShare, 20000}},
                                                  {rows_asked, {Price::Kind::kEpsilon, 1024}},
                                                  {sums, {Price::Kind::kShare, 20000}},
                                                  {people, {Price::Kind::kShare, 20000}},
                                                  {people, {Price::Kind::kEpsilon, 1024}},
                                                  {people, {Price::Kind::kEpsilon, 16 * 1024}}}) {
    const Plan plan = PlanOf(sql, price);
    const Domain& domain = plan.questions[0].domain;
    const std::vector<RollupRow> rows = RowsOf(domain);
    const double unit = static_cast<double>(plan.blocks[0].counting.grid);
    std::vector<int64_t> exact(plan.length, 0);
    std::fill_n(exact.begin(), domain.cells, 1000000);
    AddUpLevels(plan, absl::MakeSpan(exact));
    std::vector<int> covered(domain.rollup.levels.size(), 0), seen = covered;
    for (int r = 0; r < releases_; ++r) {
      Release release{plan.id, exact};
      for (const Block& block : plan.blocks)
        AddNoise(block.noise, *random_, absl::MakeSpan(release.noisy).subspan(block.first, block.cells));
      const EstimatedTable table = Estimate(plan, codebook_, release, {1e9, 1e9})[0];
      for (size_t row = 0; row < rows.size(); ++row) {
        const Value& value = table.rows[row].values[0];
        const double truth = 1000000.0 * rows[row].count * unit;
        ASSERT_EQ(value.shown, Value::Shown::kYes);
        ++seen[rows[row].level];
        covered[rows[row].level] += value.low <= truth && truth <= value.high;
      }
    }
    for (size_t l = 0; l < seen.size(); ++l) {
      const double share = static_cast<double>(covered[l]) / seen[l];
      std::printf("%s level %zu: %.4f\n", sql.c_str(), l, share);
      cells_seen_ = seen[l];
      EXPECT_GT(StandardErrors(share, 0.95), -4.9) << sql << " level " << l << ": " << share;
    }
  }
}

TEST_F(Coverage, OfSpreadsIsNotBelowWhatIsClaimed) {
  const Plan plan =
      PlanOf("SELECT race, stddev(hours) FROM work GROUP BY race", {Price::Kind::kShare, 300000});
  ASSERT_EQ(plan.blocks.size(), 3u);
  // Half of 20,000 rows at 64, half at 104 hours: 20 from the middle, 40 half steps.
  const int64_t rows = 20000;
  std::vector<int64_t> exact(plan.length, 0);
  const int64_t squares = rows * (2 * 40 * 40 - 168 * 168) / plan.blocks[1].counting.grid;
  for (uint64_t i = 0; i < plan.blocks[1].cells; ++i) {
    exact[plan.blocks[1].first + i] = squares;
    exact[plan.blocks[2].first + i] = rows;
  }
  const double second =
      static_cast<double>(squares * plan.blocks[1].counting.grid) / static_cast<double>(rows);
  const double truth = std::sqrt((second + 168.0 * 168) / 2) / 2;
  const double share = CoveredShare(plan, exact, [&](size_t) { return truth; });
  EXPECT_GT(StandardErrors(share, 0.95), -4.9) << share;
  EXPECT_GT(cells_seen_, 3000);
}

TEST_F(Coverage, OfSharesAndDifferencesIsNotBelowWhatIsClaimed) {
  // At epsilon = 852/1024 the half width of 3 is only just wide enough: half a step more gives 93.8 % at 250.
  for (const Price price : {Price{Price::Kind::kShare, 20000}, Price{Price::Kind::kEpsilon, 1024},
                            Price{Price::Kind::kEpsilon, 852}}) {
    for (const int64_t in : {3, 60, 250}) {
      const Plan shares = PlanOf("SELECT year, share(hours > 40) FROM work GROUP BY year", price);
      std::vector<int64_t> exact;
      for (uint64_t i = 0; i < shares.length; ++i) exact.push_back(i % 2 == 0 ? in : 500 - in);
      const double share =
          CoveredShare(shares, exact, [&](size_t) { return 100 * static_cast<double>(in) / 500; });
      EXPECT_GT(StandardErrors(share, 0.95), -4.9) << in << ": " << share;
    }
    const Plan differences =
        PlanOf("SELECT year, difference(hours > 40, hours < 20) FROM work GROUP BY year", price);
    std::vector<int64_t> exact;
    for (uint64_t i = 0; i < differences.length; ++i) exact.push_back(i % 2 == 0 ? 300 : 340);
    const double covered = CoveredShare(differences, exact, [](size_t) { return -40.0; });
    Mechanism both = differences.blocks[0].noise;
    both.rate.num *= 2;
    const double law = Covered(both, HalfWidth(both, 0.95));
    EXPECT_LT(std::fabs(StandardErrors(covered, law)), 4.9) << covered << " against " << law;
  }
}

// Two tables of one release, or of two at other prices, subtracted: counts and sums are covered as often as
// the law of the difference says, or not less where it only bounds; means, medians and shares, whose
// intervals are laid end to end, not less than 95 %.
class CoverageOfSubtraction : public Coverage {
 protected:
  v1::Answer Released(const Plan& plan, const std::vector<int64_t>& exact, const std::string& id) {
    Release release{plan.id, exact};
    for (const Block& block : plan.blocks) {
      AddNoise(block.noise, *random_, absl::MakeSpan(release.noisy).subspan(block.first, block.cells));
    }
    v1::Answer answer;
    for (v1::Table& table : ToTables(plan, codebook_, release, Display{1e9, 1e9}))
      *answer.add_tables() = table;
    answer.set_question_id(id);
    return answer;
  }
  // Of the shown values of so many differences those that hold `truth`.
  double SharesCovered(int releases, const Plan& first, const std::vector<int64_t>& a, const Plan& second,
                       const std::vector<int64_t>& b, double truth) {
    int covered = 0;
    cells_seen_ = 0;
    for (int r = 0; r < releases; ++r) {
      const auto made = Subtract({Released(first, a, "1"), 0}, {Released(second, b, "2"), 0});
      PENC_CHECK(made.ok());
      exact_ = made->exact(0);
      for (const v1::Row& row : made->table().rows()) {
        const v1::Value& value = row.values(0);
        if (value.shown() != v1::Value::SHOWN_YES) continue;
        ++cells_seen_;
        covered += value.low() <= truth && truth <= value.high();
      }
    }
    return static_cast<double>(covered) / cells_seen_;
  }
  bool exact_ = false;
};

TEST_F(CoverageOfSubtraction, OfCountsAndSumsIsThatOfTheExactLawOfTheDifference) {
  const Price cheap{Price::Kind::kShare, 20000}, dear{Price::Kind::kShare, 60000};
  const Price laplace{Price::Kind::kEpsilon, 1024}, wide{Price::Kind::kEpsilon, 300};
  struct Prices {
    Price first, second;
    bool exact;
  };
  for (const Prices& prices :
       {Prices{cheap, cheap, true}, Prices{cheap, dear, true}, Prices{laplace, laplace, true},
        Prices{laplace, wide, true}, Prices{laplace, cheap, false}}) {
    for (const char* sql : {"SELECT year, count(DISTINCT person) FROM work GROUP BY year",
                            "SELECT year, sum(hours) FROM work GROUP BY year"}) {
      const Plan first = PlanOf(sql, prices.first), second = PlanOf(sql, prices.second);
      const double unit = static_cast<double>(first.blocks[0].counting.grid);
      // Ten pairs of prices and measures, whose laws every answer works out anew; a year is a cell.
      const double share = SharesCovered(releases_ / 4, first, std::vector<int64_t>(first.length, 1000030),
                                         second, std::vector<int64_t>(second.length, 1000000), 30 * unit);
      EXPECT_EQ(exact_, prices.exact) << sql;
      if (!prices.exact) {
        EXPECT_GT(StandardErrors(share, 0.95), -4.9) << sql << ": " << share;
        continue;
      }
      const Mechanism &a = first.blocks[0].noise, &b = second.blocks[0].noise;
      const uint64_t m = HalfWidthOfDifference(a, b, 0.95).half_width;
      // The law's own coverage, by the one with which the half width is exact: that of the smallest half
      // widths.
      double low = 0.95, high = 1;
      for (int i = 0; i < 40; ++i) {
        const double middle = (low + high) / 2;
        (HalfWidthOfDifference(a, b, middle).half_width <= m ? low : high) = middle;
      }
      EXPECT_LT(std::fabs(StandardErrors(share, low)), 4.9) << sql << ": " << share << " against " << low;
    }
  }
}

TEST_F(CoverageOfSubtraction, OfMeansMediansAndSharesIsNotBelowWhatIsClaimed) {
  const Price price{Price::Kind::kShare, 100000};
  const Plan means = PlanOf("SELECT race, avg(hours) FROM work GROUP BY race", price);
  const auto of_means = [&](int64_t hours) {
    std::vector<int64_t> exact(means.length, 0);
    const int64_t grid = means.blocks[0].counting.grid;
    for (uint64_t i = 0; i < means.blocks[0].cells; ++i) {
      exact[means.blocks[0].first + i] = 4000 * (2 * hours - 168) / grid;
      exact[means.blocks[1].first + i] = 4000;
    }
    return exact;
  };
  const auto grid = static_cast<double>(means.blocks[0].counting.grid);
  const std::vector<int64_t> longer = of_means(42), shorter = of_means(40);
  const double truth =
      static_cast<double>(longer[means.blocks[0].first] - shorter[means.blocks[0].first]) * grid / 2 / 4000;
  double share = SharesCovered(releases_, means, longer, means, shorter, truth);
  EXPECT_GT(StandardErrors(share, 0.95), -4.9) << share;
  EXPECT_FALSE(exact_);
  const Plan shares = PlanOf("SELECT year, share(hours > 40) FROM work GROUP BY year", price);
  const auto of_shares = [&](int64_t in) {
    std::vector<int64_t> exact;
    for (uint64_t i = 0; i < shares.length; ++i) exact.push_back(i % 2 == 0 ? in : 500 - in);
    return exact;
  };
  share = SharesCovered(releases_, shares, of_shares(250), shares, of_shares(60), 38);
  EXPECT_GT(StandardErrors(share, 0.95), -4.9) << share;
  const Plan medians = PlanOf("SELECT race, median(hours) FROM work GROUP BY race", price);
  const auto of_medians = [&](int64_t middle) {
    std::vector<int64_t> exact(medians.length, 0);
    for (const Block& block : medians.blocks) {
      const Counting& counting = block.counting;
      for (uint64_t cell = 0; cell < block.cells / counting.fan; ++cell) {
        for (int64_t hours = middle - 20; hours <= middle + 20; ++hours)
          exact[block.first + cell * counting.fan + static_cast<uint64_t>(hours) / counting.part_width] +=
              10 * (21 - std::abs(hours - middle));
      }
    }
    return exact;
  };
  share = SharesCovered(releases_, medians, of_medians(44), medians, of_medians(40), 4);
  EXPECT_GT(StandardErrors(share, 0.95), -4.9) << share;
  EXPECT_GT(cells_seen_, 3000);
}

}  // namespace
}  // namespace penc
