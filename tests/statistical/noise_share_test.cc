// What shares of noise add up to, after the components that may go were taken away again: over all offices,
// over honest ones alone, and where the removed noise is known.
#include "privacy/noise_share.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>

#include "crypto/secure_random.h"
#include "tests/statistical/expect_law.h"

namespace penc {
namespace {

constexpr size_t kCells = 200000;

struct Case {
  const char* name;
  Mechanism mechanism;
  ShareSchedule schedule;
  uint32_t answered;
};
void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

class SumsOfShares : public ::testing::TestWithParam<Case> {
 protected:
  SumsOfShares() { std::printf("seed %llu\n", static_cast<unsigned long long>(kNoiseSeed)); }

  uint64_t ComponentSeed(uint32_t office, size_t j) const { return 1000 + uint64_t{office} * 100 + j; }

  // What office `office` adds to a round.
  std::vector<int64_t> Contributed(uint32_t office) const {
    std::vector<int64_t> cells(kCells, 0);
    SeededExpander random(NoiseSeed(office));
    AddBaseShare(case_.mechanism, case_.schedule, random, absl::MakeSpan(cells));
    for (size_t j = 0; j < case_.schedule.components(); ++j) Component(office, j, 1, cells);
    return cells;
  }
  void Component(uint32_t office, size_t j, int sign, std::vector<int64_t>& cells) const {
    AddComponent(case_.mechanism, case_.schedule, j, NoiseSeed(ComponentSeed(office, j)), 0, sign,
                 absl::MakeSpan(cells));
  }

  // Of these offices, what remains once the opened seeds' noise is taken away; `opened` gets that noise.
  std::vector<int64_t> Remaining(const std::vector<uint32_t>& offices, std::vector<int64_t>* opened) const {
    std::vector<int64_t> sum(kCells, 0);
    for (uint32_t office : offices) {
      const std::vector<int64_t> cells = Contributed(office);
      for (size_t i = 0; i < kCells; ++i) sum[i] += cells[i];
    }
    for (uint32_t office : offices) {
      for (size_t j = 0; j < case_.schedule.StayingFrom(case_.answered); ++j) {
        Component(office, j, -1, sum);
        Component(office, j, 1, *opened);
      }
    }
    return sum;
  }

  Mechanism WithRate(uint64_t num) const {
    Mechanism law = case_.mechanism;
    law.rate = {num, RemainingNoise(case_.schedule, case_.answered).den};
    return law;
  }

  const Case case_ = GetParam();
};

TEST_P(SumsOfShares, FollowTheLawThatIsStated) {
  std::vector<uint32_t> all(case_.answered);
  std::iota(all.begin(), all.end(), 0);
  std::vector<int64_t> opened(kCells, 0);
  ExpectLaw(WithRate(RemainingNoise(case_.schedule, case_.answered).num), Remaining(all, &opened));
}

TEST_P(SumsOfShares, OfAnyHonestOnesAreTheWantedLawAtLeast) {
  const uint32_t honest = case_.answered - case_.schedule.dishonest;
  const uint32_t level = case_.schedule.levels[case_.schedule.StayingFrom(case_.answered)];
  std::mt19937_64 shuffle(kNoiseSeed);
  for (int subset = 0; subset < 3; ++subset) {
    std::vector<uint32_t> offices(case_.answered);
    std::iota(offices.begin(), offices.end(), 0);
    std::shuffle(offices.begin(), offices.end(), shuffle);
    offices.resize(honest);
    std::vector<int64_t> opened(kCells, 0);
    const std::vector<int64_t> sum = Remaining(offices, &opened);
    const Mechanism law = WithRate(honest);
    EXPECT_EQ(law.rate == Ratio({1, 1}), level == case_.answered) << "the wanted law itself at a level";
    EXPECT_FALSE(law.rate < (Ratio{1, 1}));
    ExpectLaw(law, sum);
    // Whoever knows the opened noise learns nothing of what remains: where it is not zero, the law is the
    // same.
    std::vector<int64_t> told;
    for (size_t i = 0; i < kCells; ++i) {
      if (opened[i] > 0) told.push_back(sum[i]);
    }
    if (case_.schedule.StayingFrom(case_.answered) > 0) {
      EXPECT_GT(told.size(), kCells / 1000);
      ExpectLaw(law, told);
    }
  }
}

constexpr Family kLaplace = Family::kDiscreteLaplace, kSkellam = Family::kSkellam;
const std::vector<uint32_t> kOfEighteen = {9, 10, 11, 12, 13, 14, 15, 16, 17, 18};

INSTANTIATE_TEST_SUITE_P(
    Networks, SumsOfShares,
    ::testing::Values(
        Case{"five, nobody silent", {kLaplace, {1, 1}}, {2, {5}}, 5},
        Case{"eight of eight", {kLaplace, {1, 1}}, {2, {5, 6, 7, 8}}, 8},
        Case{"six of eight", {kLaplace, {1, 1}}, {2, {5, 6, 7, 8}}, 6},
        Case{"five of eight", {kLaplace, {1, 1}}, {2, {5, 6, 7, 8}}, 5},
        Case{"seven of eight, between levels", {kLaplace, {1, 7}}, {2, {5, 8}}, 7},
        Case{"eighteen of eighteen", {kLaplace, {1, 1}}, {3, kOfEighteen}, 18},
        Case{"fourteen of eighteen", {kLaplace, {1, 3}}, {3, kOfEighteen}, 14},
        Case{"nine of eighteen", {kLaplace, {5, 2}}, {3, kOfEighteen}, 9},
        Case{"sixteen of eighteen, between levels", {kLaplace, {3, 2}}, {3, {9, 12, 15, 18}}, 16},
        Case{"Skellam, six of eight", {kSkellam, {24, 1}}, {2, {5, 6, 7, 8}}, 6},
        Case{"Skellam, eight of eight", {kSkellam, {1, 2}}, {2, {5, 8}}, 8},
        Case{"Skellam, seven of eight, between levels", {kSkellam, {7, 1}}, {2, {5, 8}}, 7},
        Case{"Skellam, fourteen of eighteen", {kSkellam, {100, 3}}, {3, kOfEighteen}, 14}));

// Blocks are what could go wrong: two cells of one must be independent, so that sum and difference are alike.
TEST(Urn, TwoCellsOfOneBlockAreIndependent) {
  const Mechanism mechanism{kLaplace, {1, 1}};
  const ShareSchedule alone{0, {2}};  // blocks of two cells, base share alone
  std::vector<int64_t> cells(600000, 0);
  SeededExpander random(NoiseSeed(7));
  AddBaseShare(mechanism, alone, random, absl::MakeSpan(cells));
  Mechanism half = mechanism;
  half.rate = {1, 2};
  ExpectLaw(half, cells);
  std::vector<int64_t> sums, differences;
  for (size_t i = 0; i + 1 < cells.size(); i += 2) {
    sums.push_back(cells[i] + cells[i + 1]);
    differences.push_back(cells[i] - cells[i + 1]);
  }
  ExpectLaw(mechanism, sums);
  ExpectLaw(mechanism, differences);
}

}  // namespace
}  // namespace penc
