// What remains of the noise at every number of answers that a network may have: over all who answered, and
// over the honest ones alone, whose shares must make the wanted law at the least. Thousands of organisations
// answer between levels. Fewer than 100 comparisons of 10^-8 each (expect_law.h).
#include <gtest/gtest.h>

#include <cstdio>

#include "crypto/secure_random.h"
#include "federation/parameters.h"
#include "privacy/noise_share.h"
#include "tests/statistical/expect_law.h"

namespace penc {
namespace {

struct Network {
  const char* name;
  Mechanism mechanism;
  uint32_t offices, dishonest, fewest;
  size_t cells;
  std::vector<uint32_t> answered;  // empty: every number from the fewest on
};
void PrintTo(const Network& network, std::ostream* out) { *out << network.name; }

class ResidualNoise : public ::testing::TestWithParam<Network> {
 protected:
  // What office number `office` leaves in the sum when components from `staying` on stay. (That the others
  // are taken away bit for bit is noise_share_test's.)
  void AddShares(uint32_t office, size_t staying, std::vector<int64_t>& sum) const {
    SeededExpander random(NoiseSeed(office));
    AddBaseShare(network_.mechanism, schedule_, random, absl::MakeSpan(sum));
    for (size_t j = staying; j < schedule_.components(); ++j)
      AddComponent(network_.mechanism, schedule_, j, NoiseSeed(1000000 + uint64_t{office} * 1000 + j), 0, 1,
                   absl::MakeSpan(sum));
  }

  const Network network_ = GetParam();
  const ShareSchedule schedule_ = {network_.dishonest,
                                   LevelsFor(network_.offices, network_.dishonest, network_.fewest)};
};

TEST_P(ResidualNoise, IsTheStatedLawAtEveryNumberOfAnswers) {
  std::vector<uint32_t> numbers = network_.answered;
  for (uint32_t m = network_.fewest; network_.answered.empty() && m <= network_.offices; ++m)
    numbers.push_back(m);
  std::printf("seed %llu\n", static_cast<unsigned long long>(kNoiseSeed));
  for (uint32_t answered : numbers) {
    SCOPED_TRACE(answered);
    const size_t staying = schedule_.StayingFrom(answered);
    const RemainingRate rate = RemainingNoise(schedule_, answered);
    Mechanism law = network_.mechanism;
    std::vector<int64_t> sum(network_.cells, 0);
    for (uint32_t office = 0; office < answered - network_.dishonest; ++office)
      AddShares(office, staying, sum);
    law.rate = {answered - network_.dishonest, rate.den};
    EXPECT_FALSE(law.rate < (Ratio{1, 1})) << "less than the wanted noise";
    ExpectLaw(law, sum);
    for (uint32_t office = answered - network_.dishonest; office < answered; ++office)
      AddShares(office, staying, sum);
    law.rate = {answered, rate.den};
    EXPECT_EQ(rate.num, answered);
    ExpectLaw(law, sum);
  }
}

constexpr Family kLaplace = Family::kDiscreteLaplace, kSkellam = Family::kSkellam;

// Levels of a thousand: the fewest (500), one below the next level, levels, the last but one, all.
const std::vector<uint32_t> kOfThousand = {500, 518, 519, 700, 999, 1000};

INSTANTIATE_TEST_SUITE_P(
    Networks, ResidualNoise,
    ::testing::Values(Network{"five", {kLaplace, {1, 2}}, 5, 2, 5, 200000, {}},
                      Network{"six", {kLaplace, {2, 3}}, 6, 2, 5, 200000, {}},
                      Network{"eight", {kLaplace, {1, 1}}, 8, 2, 5, 200000, {}},
                      Network{"eight, four dishonest", {kLaplace, {1, 4}}, 8, 4, 7, 200000, {}},
                      Network{"eighteen", {kLaplace, {1, 1}}, 18, 3, 9, 100000, {}},
                      Network{"eighteen, five dishonest", {kLaplace, {1, 5}}, 18, 5, 9, 50000, {10, 13, 17}},
                      Network{"a thousand", {kLaplace, {1, 1}}, 1000, 150, 500, 20000, kOfThousand},
                      Network{"Skellam, six", {kSkellam, {9, 1}}, 6, 2, 5, 100000, {}},
                      Network{"Skellam, eight", {kSkellam, {24, 1}}, 8, 2, 5, 100000, {}},
                      Network{"Skellam, eighteen", {kSkellam, {1, 2}}, 18, 3, 9, 50000, {9, 12, 15, 18}},
                      Network{"Skellam, a thousand", {kSkellam, {24, 1}}, 1000, 150, 500, 5000, {519, 900}}));

}  // namespace
}  // namespace penc
