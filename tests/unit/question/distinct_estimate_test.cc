// The estimator of different persons, held against laws written down a second time.
#include "question/distinct_estimate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace penc {
namespace {

using Shown = Value::Shown;

Mechanism Laplace(uint64_t num, uint64_t den, Ratio rate = {1, 1}) {
  return {Family::kDiscreteLaplace, {num, den}, rate};
}

// P(X = k) for |k| <= 400 of one discrete Laplace, at index k + 400; `times` of them added.
std::vector<double> LaplaceOf(double a, int times) {
  std::vector<double> one(801), sum(801, 0);
  for (int k = -400; k <= 400; ++k) one[k + 400] = std::tanh(a / 2) * std::exp(-a * std::abs(k));
  sum[400] = 1;
  for (int i = 0; i < times; ++i) {
    std::vector<double> next(801, 0);
    for (int x = 0; x <= 800; ++x) {
      for (int y = 0; y <= 800; ++y) {
        if (x + y >= 400 && x + y <= 1200) next[x + y - 400] += sum[x] * one[y];
      }
    }
    sum = next;
  }
  return sum;
}

double Expected(const std::vector<double>& law, const std::vector<double>& g, int s) {
  const int n = static_cast<int>(g.size()) - 1;
  double sum = 0;
  for (int k = -400; k <= 400; ++k) sum += law[k + 400] * g[std::clamp(s + k, 0, n)];
  return sum;
}

TEST(InverseNoise, GivesBackEveryFunctionInTheMean) {
  for (int n : {1, 2, 5, 18}) {
    for (int times : {1, 2, 3}) {
      for (uint64_t den : {1, 2, 4}) {
        std::vector<double> f(n + 1);
        for (int s = 0; s <= n; ++s) f[s] = std::sin(1.0 + s);
        const auto g = InverseNoise(Laplace(1, den, {static_cast<uint64_t>(times), 1}), f);
        ASSERT_TRUE(g.has_value());
        const std::vector<double> law = LaplaceOf(1.0 / static_cast<double>(den), times);
        for (int s = 0; s <= n; ++s) EXPECT_NEAR(Expected(law, *g, s), f[s], 1e-7) << n << times << den;
      }
    }
  }
}

TEST(InverseNoise, OfOneLaplaceIsTheSecondDifference) {
  const double p = std::exp(-0.5), c = p / ((1 - p) * (1 - p));
  const std::vector<double> f = {1, 0.5, -2, 7, 0.25};
  const std::vector<double> g = *InverseNoise(Laplace(1, 2), f);
  for (int y = 1; y <= 3; ++y) EXPECT_NEAR(g[y], f[y] - c * (f[y + 1] - 2 * f[y] + f[y - 1]), 1e-9);
  EXPECT_NEAR(g[0], f[0] + p / (1 - p) * (f[0] - f[1]), 1e-9);
  EXPECT_NEAR(g[4], f[4] + p / (1 - p) * (f[4] - f[3]), 1e-9);
}

// The Skellam of the same variance as a Laplace at epsilon 1/4: its inverse would swing beyond e^31.
TEST(InverseNoise, OfAWideSkellamIsRefusedAndOfAsWideALaplaceIsNot) {
  const std::vector<double> f = {1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  EXPECT_FALSE(InverseNoise({Family::kSkellam, {32, 1}}, f).has_value());
  EXPECT_TRUE(InverseNoise(Laplace(1, 4), f).has_value());
  const std::vector<int64_t> nothing(1 << 12, 0);
  EXPECT_EQ(EstimateDistinct(nothing, 18, {Family::kSkellam, {32, 1}}).all.shown, Shown::kTooFew);
}

TEST(DistinctEstimate, WithHardlyAnyNoiseIsLinearCounting) {
  const int b = 1 << 12;
  std::vector<int64_t> sums(b, 0);
  for (int i = 0; i < 1000; ++i) sums[i] = 1;     // of one organisation
  for (int i = 1000; i < 1500; ++i) sums[i] = 2;  // of two
  const DistinctPersons found = EstimateDistinct(sums, 3, Laplace(40, 1));
  const double counted = std::log(1 - 1500.0 / b) / std::log(1 - 1.0 / b);
  EXPECT_NEAR(found.all.value, counted, 1);
  EXPECT_LT(found.all.low, counted);
  EXPECT_GT(found.all.high, counted);
  // One organisation in a bucket: sum of the organisations' own is 3 b ln(1 + 1000 / 2596 / 3).
  const double own = 3 * b * std::log1p(1000.0 / 2596 / 3);
  EXPECT_NEAR(found.shared.value, counted - own, 2);
  EXPECT_NEAR(found.shared_beyond, own - b * std::log1p(1000.0 / 2596), 1);
}

TEST(DistinctEstimate, OfEmptyBucketsIsNobody) {
  const std::vector<int64_t> sums(1 << 12, 0);
  const DistinctPersons found = EstimateDistinct(sums, 5, Laplace(40, 1));
  EXPECT_EQ(found.all.shown, Shown::kYes);
  EXPECT_EQ(found.all.value, 0);
  EXPECT_EQ(found.all.low, 0);
  EXPECT_EQ(found.shared.value, 0);
}

// Each sum as often as the law of one Laplace of 1 / den says.
std::vector<int64_t> Noisy(int64_t sum, uint64_t den, size_t buckets) {
  const std::vector<double> law = LaplaceOf(1.0 / static_cast<double>(den), 1);
  std::vector<int64_t> sums;
  double below = 0;
  for (int k = -400; k <= 400; ++k) {
    below += law[k + 400];
    while (static_cast<double>(sums.size()) + 0.5 < below * static_cast<double>(buckets))
      sums.push_back(sum + k);
  }
  sums.resize(buckets, sum + 400);
  return sums;
}

TEST(DistinctEstimate, SaysNothingWhereBucketsAreFull) {
  for (uint64_t den : {1, 2, 4}) {
    const DistinctPersons found = EstimateDistinct(Noisy(2, den, 1 << 12), 3, Laplace(1, den));
    EXPECT_EQ(found.all.shown, Shown::kTooFew) << den;
    EXPECT_EQ(found.shared.shown, Shown::kTooFew) << den;
  }
}

TEST(DistinctEstimate, OfNoiseAloneIsNobodyWithinTheMargin) {
  const DistinctPersons found = EstimateDistinct(Noisy(0, 1, 1 << 16), 5, Laplace(1, 1));
  EXPECT_EQ(found.all.shown, Shown::kYes);
  EXPECT_EQ(found.all.low, 0);
  EXPECT_NEAR(found.all.value, 0, 2);
  EXPECT_NEAR(found.all.high, *ExpectedDistinctMargin(0, 16, 5, Laplace(1, 1)), 20);
}

TEST(DistinctEstimate, SaysNothingWhereTheNoiseIsWiderThanTheEmptyShare) {
  std::vector<int64_t> sums = Noisy(1, 10, 1 << 9);
  const std::vector<int64_t> empty = Noisy(0, 10, 1 << 9);
  sums.insert(sums.end(), empty.begin(), empty.end());
  EXPECT_EQ(EstimateDistinct(sums, 3, Laplace(1, 10)).all.shown, Shown::kTooFew);
}

TEST(DistinctEstimate, OfOneOrganisationKnowsNoOverlap) {
  std::vector<int64_t> sums(1 << 12, 0);
  std::fill(sums.begin(), sums.begin() + 500, 1);
  const DistinctPersons found = EstimateDistinct(sums, 1, Laplace(4, 1));
  EXPECT_EQ(found.all.shown, Shown::kYes);
  EXPECT_EQ(found.shared.shown, Shown::kTooFew);
}

TEST(Buckets, AreSoManyThatAboutHalfAPersonFallsInEach) {
  const struct {
    uint64_t persons;
    uint32_t bits;
  } rows[] = {{0, 10},     {1, 10},      {716, 10},    {717, 11},    {4400, 13},    {91750, 17},
              {91751, 18}, {100000, 18}, {734003, 20}, {734004, 20}, {1 << 30, 20}, {UINT64_MAX, 20}};
  for (const auto& [persons, bits] : rows) EXPECT_EQ(BucketBitsFor(persons), bits) << persons;
}

TEST(Buckets, AsThePlannerChoosesThemAreWithinATenthOfTheBestMargin) {
  const Mechanism noise = Laplace(1, 1, {18, 15});
  for (double persons : {1000.0, 4400.0, 30000.0, 100000.0, 500000.0}) {
    const uint32_t chosen = BucketBitsFor(static_cast<uint64_t>(persons));
    double best = 1e300;
    for (uint32_t bits = kFewestBucketBits; bits <= kMostBucketBits; ++bits)
      best = std::min(best, ExpectedDistinctMargin(persons, bits, 18, noise).value_or(1e300));
    EXPECT_LT(*ExpectedDistinctMargin(persons, chosen, 18, noise), 1.1 * best) << persons;
  }
}

TEST(ExpectedMargin, KeepsTheTwoTargets) {
  // 18 of 18 offices, three presumed dishonest, epsilon 1.
  const Mechanism noise = Laplace(1, 1, {18, 15});
  EXPECT_LT(*ExpectedDistinctMargin(100000, BucketBitsFor(100000), 18, noise), 3000);
  EXPECT_LT(*ExpectedDistinctMargin(4400, BucketBitsFor(4400), 18, noise), 440);
  EXPECT_FALSE(ExpectedDistinctMargin(100000, 12, 18, noise).has_value());
}

}  // namespace
}  // namespace penc
