#include "question/consistent.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <random>

#include "base/status.h"

namespace penc {
namespace {

using ::testing::HasSubstr;
using Matrix = std::vector<std::vector<double>>;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Gaussian elimination with pivots; `b` holds right-hand sides as columns.
Matrix Solve(Matrix a, Matrix b) {
  const size_t n = a.size();
  for (size_t i = 0; i < n; ++i) {
    size_t pivot = i;
    for (size_t r = i; r < n; ++r) pivot = std::fabs(a[r][i]) > std::fabs(a[pivot][i]) ? r : pivot;
    std::swap(a[i], a[pivot]);
    std::swap(b[i], b[pivot]);
    for (size_t r = 0; r < n; ++r) {
      if (r == i) continue;
      const double times = a[r][i] / a[i][i];
      for (size_t c = 0; c < n; ++c) a[r][c] -= times * a[i][c];
      for (size_t c = 0; c < b[r].size(); ++c) b[r][c] -= times * b[i][c];
    }
  }
  for (size_t i = 0; i < n; ++i) {
    for (double& x : b[i]) x /= a[i][i];
  }
  return b;
}

// A forest with its variances, and the same problem as dense normal equations over its leaves.
struct Problem {
  std::vector<uint32_t> parents, levels;
  std::vector<double> variances;
  Matrix under;  // [node][leaf]: 1 where the leaf is below the node

  size_t leaves() const { return under[0].size(); }
  double variance(size_t v) const { return variances[levels[v]]; }

  void Complete() {
    levels.assign(parents.size(), 0);
    std::vector<bool> leaf(parents.size(), true);
    for (size_t v = 0; v < parents.size(); ++v) {
      if (parents[v] == kRoot) continue;
      levels[v] = levels[parents[v]] + 1;
      leaf[parents[v]] = false;
    }
    const size_t count = std::count(leaf.begin(), leaf.end(), true);
    under.assign(parents.size(), std::vector<double>(count, 0));
    size_t next = 0;
    for (uint32_t v = 0; v < parents.size(); ++v) {
      if (!leaf[v]) continue;
      for (uint32_t at = v; at != kRoot; at = parents[at]) under[at][next] = 1;
      ++next;
    }
  }

  // A^T W A, the inverse covariance of the leaves.
  Matrix Normal() const {
    Matrix n(leaves(), std::vector<double>(leaves(), 0));
    for (size_t v = 0; v < parents.size(); ++v) {
      for (size_t i = 0; i < leaves(); ++i) {
        for (size_t j = 0; j < leaves(); ++j) n[i][j] += under[v][i] * under[v][j] / variance(v);
      }
    }
    return n;
  }
  // Sums over the leaves of each node.
  std::vector<double> Totals(const std::vector<double>& leaf_values) const {
    std::vector<double> totals;
    for (const auto& row : under)
      totals.push_back(std::inner_product(row.begin(), row.end(), leaf_values.begin(), 0.0));
    return totals;
  }
  std::vector<double> DenseEstimate(const std::vector<double>& noisy) const {
    Matrix right(leaves(), std::vector<double>(1, 0));
    for (size_t v = 0; v < parents.size(); ++v) {
      for (size_t i = 0; i < leaves(); ++i) right[i][0] += under[v][i] * noisy[v] / variance(v);
    }
    std::vector<double> leaf_values;
    for (const auto& row : Solve(Normal(), right)) leaf_values.push_back(row[0]);
    return Totals(leaf_values);
  }
  double DenseVariance(const std::vector<double>& coefficients) const {
    Matrix right(leaves(), std::vector<double>(1, 0));
    for (size_t v = 0; v < parents.size(); ++v) {
      for (size_t i = 0; i < leaves(); ++i) right[i][0] += under[v][i] * coefficients[v];
    }
    const Matrix solved = Solve(Normal(), right);
    double variance = 0;
    for (size_t i = 0; i < leaves(); ++i) variance += right[i][0] * solved[i][0];
    return variance;
  }
};

// Any shape: ragged leaves, only children, several roots, levels that were not released.
Problem RandomProblem(std::mt19937_64& random) {
  Problem problem;
  const size_t nodes = 1 + random() % 24;
  for (uint32_t v = 0; v < nodes; ++v)
    problem.parents.push_back(v == 0 || random() % 12 == 0 ? kRoot : static_cast<uint32_t>(random() % v));
  problem.Complete();
  const uint32_t deepest = *std::max_element(problem.levels.begin(), problem.levels.end());
  std::vector<bool> has_leaf(deepest + 1, false);
  for (size_t v = 0; v < nodes; ++v) {
    if (std::accumulate(problem.under[v].begin(), problem.under[v].end(), 0.0) == 1 &&
        std::find(problem.parents.begin(), problem.parents.end(), v) == problem.parents.end())
      has_leaf[problem.levels[v]] = true;
  }
  for (uint32_t l = 0; l <= deepest; ++l) {
    problem.variances.push_back(!has_leaf[l] && random() % 4 == 0
                                    ? kInfinity
                                    : std::pow(10.0, static_cast<double>(random() % 500) / 100 - 1));
  }
  return problem;
}

std::vector<double> RandomValues(size_t count, std::mt19937_64& random) {
  std::vector<double> values;
  for (size_t i = 0; i < count; ++i) values.push_back(static_cast<double>(random() % 2001) - 1000);
  return values;
}

ConsistentTree Made(const Problem& problem) {
  absl::StatusOr<ConsistentTree> tree = ConsistentTree::Make(problem.parents, problem.variances);
  PENC_CHECK(tree.ok());
  return *std::move(tree);
}

void ExpectNear(const std::vector<double>& is, const std::vector<double>& wanted, double scale) {
  ASSERT_EQ(is.size(), wanted.size());
  for (size_t i = 0; i < is.size(); ++i) EXPECT_NEAR(is[i], wanted[i], 1e-9 * scale) << i;
}

class OnRandomTrees : public ::testing::TestWithParam<uint64_t> {
 protected:
  std::mt19937_64 random_{GetParam()};
  Problem problem_ = RandomProblem(random_);
};

TEST_P(OnRandomTrees, EstimatesAreThoseOfTheNormalEquations) {
  const std::vector<double> noisy = RandomValues(problem_.parents.size(), random_);
  ExpectNear(Made(problem_).Estimate(noisy), problem_.DenseEstimate(noisy), 1e3);
}

TEST_P(OnRandomTrees, EveryNodeIsTheSumOfItsLeaves) {
  const std::vector<double> noisy = RandomValues(problem_.parents.size(), random_);
  const std::vector<double> values = Made(problem_).Estimate(noisy);
  std::vector<double> of_children(values.size(), 0);
  for (size_t v = 0; v < values.size(); ++v) {
    if (problem_.parents[v] != kRoot) of_children[problem_.parents[v]] += values[v];
  }
  for (size_t v = 0; v < values.size(); ++v) {
    const bool leaf =
        std::find(problem_.parents.begin(), problem_.parents.end(), v) == problem_.parents.end();
    if (leaf) continue;
    EXPECT_NEAR(of_children[v], values[v], 1e-9 * 1e3) << v;
  }
}

TEST_P(OnRandomTrees, FunctionalsHaveTheirExactVarianceAndWeights) {
  const ConsistentTree tree = Made(problem_);
  const std::vector<double> noisy = RandomValues(problem_.parents.size(), random_);
  const std::vector<double> values = tree.Estimate(noisy);
  for (int i = 0; i < 4; ++i) {
    const std::vector<double> coefficients = RandomValues(problem_.parents.size(), random_);
    const Functional of = tree.Of(coefficients);
    const double wanted = problem_.DenseVariance(coefficients);
    EXPECT_NEAR(of.variance, wanted, 1e-9 * wanted);
    const double by_values = std::inner_product(values.begin(), values.end(), coefficients.begin(), 0.0);
    const double by_weights = std::inner_product(noisy.begin(), noisy.end(), of.weights.begin(), 0.0);
    EXPECT_NEAR(by_weights, by_values, 1e-9 * 1e8);
  }
}

// The expectation of a linear estimate is its value at the expectations.
TEST_P(OnRandomTrees, NoFunctionalIsBiased) {
  const ConsistentTree tree = Made(problem_);
  const std::vector<double> exact = problem_.Totals(RandomValues(problem_.leaves(), random_));
  ExpectNear(tree.Estimate(exact), exact, 1e4);
  const std::vector<double> coefficients = RandomValues(exact.size(), random_);
  const std::vector<double> weights = tree.Of(coefficients).weights;
  const double is = std::inner_product(exact.begin(), exact.end(), weights.begin(), 0.0);
  const double wanted = std::inner_product(exact.begin(), exact.end(), coefficients.begin(), 0.0);
  EXPECT_NEAR(is, wanted, 1e-9 * 1e8);
}

TEST_P(OnRandomTrees, VariancesOfNodesAreThoseOfTheirFunctionals) {
  const ConsistentTree tree = Made(problem_);
  const std::vector<double> variances = tree.Variances();
  for (size_t v = 0; v < variances.size(); ++v) {
    std::vector<double> one(variances.size(), 0);
    one[v] = 1;
    EXPECT_NEAR(variances[v], tree.Of(one).variance, 1e-9 * variances[v]) << v;
    EXPECT_LE(variances[v], problem_.variance(v) * (1 + 1e-12)) << v;  // never worse than the count alone
  }
}

TEST_P(OnRandomTrees, LessNoiseAtALevelNeverMakesANodeWorse) {
  const std::vector<double> before = Made(problem_).Variances();
  for (double& variance : problem_.variances) {
    const double was = variance;
    variance = std::isinf(was) ? 1e6 : was / 2;
    const std::vector<double> after = Made(problem_).Variances();
    for (size_t v = 0; v < before.size(); ++v) EXPECT_LE(after[v], before[v] * (1 + 1e-12)) << v;
    // The nodes of that level themselves gain.
    for (size_t v = 0; v < before.size(); ++v) {
      if (&variance != &problem_.variances[problem_.levels[v]]) continue;
      EXPECT_LT(after[v], before[v]) << v;
    }
    variance = was;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, OnRandomTrees, ::testing::Range<uint64_t>(1, 60));

TEST(ConsistentTree, SharesWhatTheTotalKnowsByVariance) {
  // 101 = 60 + 43 does not agree: 2 too many. Total 8, leaves 2 each: 8 / 12 of it is taken from the leaves'
  // sum.
  const auto tree = ConsistentTree::Make({kRoot, 0, 0}, {8, 2});
  ASSERT_TRUE(tree.ok()) << tree.status();
  const std::vector<double> values = tree->Estimate({101, 60, 43});
  EXPECT_NEAR(values[0], 103 - 2.0 / 3, 1e-12);
  EXPECT_NEAR(values[1], 60 - 1.0 / 3, 1e-12);
  EXPECT_NEAR(values[2], 43 - 1.0 / 3, 1e-12);
  EXPECT_NEAR(tree->Variances()[0], 8.0 * 4 / 12, 1e-12);
  EXPECT_EQ(tree->level(2), 1u);
}

TEST(ConsistentTree, OfAQuarterMillionNodesStillAddsUp) {
  std::vector<uint32_t> parents = {kRoot};
  for (uint32_t v = 1; v < 349525; ++v) parents.push_back((v - 1) / 4);  // ten levels of four children
  const auto tree = ConsistentTree::Make(parents, std::vector<double>(10, 5.0));
  ASSERT_TRUE(tree.ok()) << tree.status();
  std::mt19937_64 random(7);
  const std::vector<double> values = tree->Estimate(RandomValues(parents.size(), random));
  double leaves = 0;
  for (size_t v = 0; v < parents.size(); ++v) leaves += tree->level(v) == 9 ? values[v] : 0;
  EXPECT_NEAR(leaves, values[0], 1e-9 * 1e3 * static_cast<double>(1 << 18));
  // A rank: the first half of the leaves, from two of the root's four parts.
  std::vector<double> half(parents.size(), 0);
  half[1] = half[2] = 1;
  const double variance = tree->Of(half).variance;
  EXPECT_GT(variance, 0);
  EXPECT_LT(variance, 10);  // better than the two counts themselves
}

TEST(ConsistentTree, RefusesWhatIsNoTreeAndSaysWhatToChange) {
  struct Row {
    std::vector<uint32_t> parents;
    std::vector<double> variances;
    const char* says;
  };
  for (const Row& row : {
           Row{{}, {}, "no node"},
           Row{{0}, {1}, "node 0: its parent (0) must come before it"},            // its own parent
           Row{{kRoot, 2, 1}, {1, 1}, "node 1: its parent (2) must come before"},  // a cycle
           Row{{kRoot, 0, 9}, {1, 1}, "node 2: its parent (9)"},                   // nobody
           Row{{kRoot, 0, 0}, {1}, "2 levels and 1 variances"},
           Row{{kRoot, 0, 0}, {1, 1, 1}, "2 levels and 3 variances"},
           Row{{kRoot, 0, 0}, {1, 0}, "level 1: its variance must be positive"},
           Row{{kRoot, 0, 0}, {-1, 1}, "level 0: its variance must be positive"},
           Row{{kRoot, 0, 0}, {std::nan(""), 1}, "level 0"},
           Row{{kRoot, 0, 0}, {1, kInfinity}, "node 1: a leaf at a level that was not released"},
           Row{{kRoot, 0, 0, 1}, {1, kInfinity, 1}, "node 2: a leaf at a level"},
       }) {
    const absl::Status status = ConsistentTree::Make(row.parents, row.variances).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << row.says;
    EXPECT_THAT(std::string(status.message()), HasSubstr(row.says));
    EXPECT_NE(Explain(status).fr, Explain(status).en);
  }
}

}  // namespace
}  // namespace penc
