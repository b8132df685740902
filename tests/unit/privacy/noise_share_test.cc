// Shares of noise: rates that telescope, the urn's exact law, components that come back bit for bit, sums
// that follow the law that is stated. Statistical tests use the bound of sampler_test.cc's head comment:
// false alarm 10^-8 each; seeds are fixed.
#include "privacy/noise_share.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <numeric>

#include "crypto/secure_random.h"
#include "privacy/law.h"

namespace penc {
namespace {

constexpr double kLogFalseAlarm = 18.4;  // -ln 10^-8

std::vector<uint8_t> Seed(uint8_t first) {
  std::vector<uint8_t> seed(32, 5);
  seed[0] = first;
  return seed;
}

double Threshold(double degrees) {
  double x = degrees;
  while (x - degrees * (1 + std::log(x / degrees)) < kLogFalseAlarm) x += 0.1;
  return x;
}

// Frequencies of `drawn` against the mechanism's stated law, each value up to the 99.99 % width a bin.
void ExpectLaw(const Mechanism& law, const std::vector<int64_t>& drawn) {
  const auto last = static_cast<int64_t>(HalfWidth(law, 0.9999));
  std::map<int64_t, double> count;
  for (int64_t x : drawn) count[std::clamp(x, -last - 1, last + 1)] += 1;
  const auto n = static_cast<double>(drawn.size());
  double divergence = 0, before = 0;
  for (int64_t k = 0; k <= last + 1; ++k) {
    const double covered = k > last ? 1 : Covered(law, static_cast<uint64_t>(k));
    const double each = k == 0 ? covered : (covered - before) / 2;
    for (int64_t x : {k, -k}) {
      if (count[x] > 0) divergence += count[x] * std::log(count[x] / (n * each));
      if (k == 0) break;
    }
    before = covered;
  }
  EXPECT_LT(divergence, Threshold(2 * static_cast<double>(last) + 2));
}

TEST(NoiseShares, RatesTelescopeExactlyForAllNetworksUpTo128) {
  for (uint64_t n = 5; n <= 128; ++n) {
    for (uint64_t t : {uint64_t{0}, uint64_t{1}, uint64_t{2}, n * 15 / 100, n / 3}) {
      for (uint64_t m = std::max(t + 1, n / 2); m < n; ++m) {
        // 1 / (m - t) - 1 / (m + 1 - t) is the unit fraction of one copy: cross-multiplied, in integers.
        const uint64_t low = m - t, high = m + 1 - t;
        ASSERT_EQ((high - low) * low * high, low * high * (high - low));
        ASSERT_EQ(high - low, 1u);
      }
      ShareSchedule schedule{static_cast<uint32_t>(t), {}};
      for (uint64_t m = std::max(t + 1, n / 2); m <= n; ++m)
        schedule.levels.push_back(static_cast<uint32_t>(m));
      for (uint32_t m : schedule.levels) {
        const RemainingRate rate = RemainingNoise(schedule, m);
        EXPECT_EQ(rate.num, m);
        EXPECT_EQ(rate.den, m - t);
      }
    }
  }
}

TEST(NoiseShares, StayingComponentsFollowTheLevels) {
  const ShareSchedule schedule{2, {5, 8, 10}};
  EXPECT_EQ(schedule.StayingFrom(5), 0u);
  EXPECT_EQ(schedule.StayingFrom(7), 0u);
  EXPECT_EQ(schedule.StayingFrom(8), 1u);
  EXPECT_EQ(schedule.StayingFrom(10), 2u);
  EXPECT_EQ(RemainingNoise(schedule, 7).num, 7u);
  EXPECT_EQ(RemainingNoise(schedule, 7).den, 3u) << "between levels a little more noise stays";
}

// The sum over offices after the components that may go were taken away, of m offices of which t tell theirs.
std::vector<int64_t> Sum(const Mechanism& mechanism, const ShareSchedule& schedule, uint32_t answered,
                         size_t cells) {
  std::vector<int64_t> sum(cells, 0);
  SeededExpander random(Seed(1));
  for (uint32_t office = 0; office < answered; ++office) {
    AddBaseShare(mechanism, schedule, random, absl::MakeSpan(sum));
    for (size_t j = 0; j < schedule.components(); ++j) {
      AddComponent(mechanism, schedule, j, Seed(static_cast<uint8_t>(2 + office * 8 + j)), 0, 1,
                   absl::MakeSpan(sum));
    }
  }
  for (uint32_t office = 0; office < answered; ++office) {
    for (size_t j = 0; j < schedule.StayingFrom(answered); ++j) {
      AddComponent(mechanism, schedule, j, Seed(static_cast<uint8_t>(2 + office * 8 + j)), 0, -1,
                   absl::MakeSpan(sum));
    }
  }
  return sum;
}

struct Case {
  Mechanism mechanism;
  ShareSchedule schedule;
  uint32_t answered;
};
class SumsOfShares : public ::testing::TestWithParam<Case> {};

TEST_P(SumsOfShares, FollowTheRemainingLaw) {
  Case c = GetParam();
  const std::vector<int64_t> sum = Sum(c.mechanism, c.schedule, c.answered, 300000);
  const RemainingRate rate = RemainingNoise(c.schedule, c.answered);
  Mechanism law = c.mechanism;
  law.rate = {rate.num, rate.den};
  ExpectLaw(law, sum);
}

TEST_P(SumsOfShares, WithoutTheDishonestOnesAreExactlyTheWantedLawAtALevel) {
  Case c = GetParam();
  const size_t s = c.schedule.StayingFrom(c.answered);
  if (c.schedule.levels[s] != c.answered) {  // between levels the honest ones leave more
    EXPECT_GT(c.answered, c.schedule.levels[s]);
    return;
  }
  // What m - t offices leave is rate (m - t) / (m - t) = 1.
  std::vector<int64_t> sum(300000, 0);
  SeededExpander random(Seed(99));
  for (uint32_t office = 0; office < c.answered - c.schedule.dishonest; ++office) {
    AddBaseShare(c.mechanism, c.schedule, random, absl::MakeSpan(sum));
    for (size_t j = s; j < c.schedule.components(); ++j) {
      AddComponent(c.mechanism, c.schedule, j, Seed(static_cast<uint8_t>(2 + office * 8 + j)), 0, 1,
                   absl::MakeSpan(sum));
    }
  }
  ExpectLaw(c.mechanism, sum);
}

INSTANTIATE_TEST_SUITE_P(Networks, SumsOfShares,
                         ::testing::Values(Case{{Family::kDiscreteLaplace, {1, 1}}, {2, {5, 6, 7, 8}}, 8},
                                           Case{{Family::kDiscreteLaplace, {1, 1}}, {2, {5, 6, 7, 8}}, 6},
                                           Case{{Family::kDiscreteLaplace, {1, 1}}, {2, {5, 6, 7, 8}}, 5},
                                           Case{{Family::kDiscreteLaplace, {1, 7}}, {2, {5, 8}}, 7},
                                           Case{{Family::kDiscreteLaplace, {3, 2}}, {3, {9, 12, 15, 18}}, 15},
                                           Case{{Family::kSkellam, {24, 1}}, {2, {5, 6, 7, 8}}, 6},
                                           Case{{Family::kSkellam, {1, 2}}, {2, {5, 8}}, 8}));

// The joint law of a block of two cells, exactly: counts (i, j) have C(i) C(j) (1 - q) q^(i + j) with
// C(k) = Gamma(k + 1/2) / (k! Gamma(1/2)). Blocks are what could go wrong: cells of one must be independent.
TEST(NoiseShares, CellsOfOneBlockAreIndependent) {
  const Mechanism mechanism{Family::kDiscreteLaplace, {1, 1}};
  const ShareSchedule schedule{0, {2}};  // v = 2, base share alone
  std::vector<int64_t> cells(600000, 0);
  SeededExpander random(Seed(7));
  AddBaseShare(mechanism, schedule, random, absl::MakeSpan(cells));
  Mechanism half = mechanism;
  half.rate = {1, 2};
  ExpectLaw(half, cells);
  std::vector<int64_t> pairs, differences;
  for (size_t i = 0; i + 1 < cells.size(); i += 2) {
    pairs.push_back(cells[i] + cells[i + 1]);
    differences.push_back(cells[i] - cells[i + 1]);
  }
  ExpectLaw(mechanism, pairs);
  ExpectLaw(mechanism, differences);
}

TEST(NoiseShares, AComponentComesBackBitForBit) {
  for (const Mechanism& mechanism :
       {Mechanism{Family::kDiscreteLaplace, {1, 3}}, Mechanism{Family::kSkellam, {24, 1}}}) {
    const ShareSchedule schedule{2, {5, 7, 8}};
    std::vector<int64_t> cells(10007, 0);
    for (size_t j = 0; j < 2; ++j) AddComponent(mechanism, schedule, j, Seed(9), 3, 1, absl::MakeSpan(cells));
    EXPECT_TRUE(std::any_of(cells.begin(), cells.end(), [](int64_t x) { return x != 0; }));
    for (size_t j = 0; j < 2; ++j)
      AddComponent(mechanism, schedule, j, Seed(9), 3, -1, absl::MakeSpan(cells));
    EXPECT_TRUE(std::all_of(cells.begin(), cells.end(), [](int64_t x) { return x == 0; }));
    std::vector<int64_t> one(50, 0), other(50, 0), longer(5000, 0);
    AddComponent(mechanism, schedule, 0, Seed(9), 0, 1, absl::MakeSpan(one));
    AddComponent(mechanism, schedule, 0, Seed(9), 1, 1, absl::MakeSpan(other));
    AddComponent(mechanism, schedule, 0, Seed(9), 0, 1, absl::MakeSpan(longer));
    EXPECT_NE(one, other) << "blocks have noise of their own";
    EXPECT_TRUE(std::equal(one.begin(), one.end(), longer.begin())) << "a longer vector begins alike";
  }
}

// Found equal by a second program, written from noise_share.md alone.
TEST(NoiseShares, SamplerV1IsFrozen) {
  std::vector<int64_t> laplace(24, 0), skellam(24, 0);
  const ShareSchedule schedule{2, {5, 7}};
  std::vector<uint8_t> seed(32);
  std::iota(seed.begin(), seed.end(), 0);
  AddComponent({Family::kDiscreteLaplace, {1, 20}}, schedule, 0, seed, 1, 1, absl::MakeSpan(laplace));
  AddComponent({Family::kSkellam, {1000, 1}}, schedule, 0, seed, 1, 1, absl::MakeSpan(skellam));
  EXPECT_EQ(laplace, (std::vector<int64_t>{-22, 0, -18, 0, 0,  -1, 1,   0,  0, -5, 8,  0,
                                           0,   2, -2,  0, -3, 0,  -52, 19, 1, -6, -3, 0}));
  EXPECT_EQ(skellam, (std::vector<int64_t>{-19, 2, -17, -14, 7,   -6, -5,  9,  -6, -18, -4,  -13,
                                           -11, 5, 3,   -8,  -12, 0,  -15, -6, -8, 15,  -16, 1}));
}

}  // namespace
}  // namespace penc
