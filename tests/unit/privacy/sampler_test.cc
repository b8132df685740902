// Chi-square tests against the exact law. Each states its false-alarm rate: 10^-8 a test, by the
// Laurent-Massart bound P(chi2_n >= n + 2 sqrt(n x) + 2x) <= e^-x with x = 18.5. Seeds are fixed and printed.
#include "privacy/sampler.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "privacy/law.h"
#include "privacy/skellam_sampler.h"

namespace penc {
namespace {

// A reproducible source for tests (SplitMix64).
class SeededSource : public RandomSource {
 public:
  explicit SeededSource(uint64_t seed) : state_(seed) {
    ::testing::Test::RecordProperty("seed", std::to_string(seed));
  }
  void Fill(absl::Span<uint8_t> out) override {
    for (uint8_t& byte : out) {
      uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
      z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
      z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
      byte = static_cast<uint8_t>((z ^ (z >> 31)) >> 24);
    }
  }

 private:
  uint64_t state_;
};

double Probability(const Mechanism& m, int64_t k) {
  const uint64_t size = static_cast<uint64_t>(std::llabs(k));
  if (size == 0) return Covered(m, 0);
  return (Covered(m, size) - Covered(m, size - 1)) / 2;
}

void ExpectFollowsItsLaw(const Mechanism& m, const NoiseSampler& sampler, uint64_t seed, int draws) {
  SeededSource source(seed);
  Words words(source);
  std::map<int64_t, double> seen;
  const auto width = static_cast<int64_t>(std::max(1.0, std::sqrt(Variance(m)) / 6));  // cells of a bin
  const int64_t last = static_cast<int64_t>(HalfWidth(m, 0.9999)) / width + 1;
  double sum = 0, squares = 0;
  for (int i = 0; i < draws; ++i) {
    const int64_t x = sampler.Draw(words);
    sum += static_cast<double>(x);
    squares += static_cast<double>(x) * static_cast<double>(x);
    const int64_t bin = static_cast<int64_t>(std::floor(static_cast<double>(x) / static_cast<double>(width)));
    seen[std::max(-last - 1, std::min(last, bin))] += 1;
  }
  double chi2 = 0, inside = 0;
  int bins = 0;
  for (int64_t bin = -last; bin < last; ++bin) {
    double p = 0;
    for (int64_t k = bin * width; k < (bin + 1) * width; ++k) p += Probability(m, k);
    inside += p;
    if (p * draws < 10) continue;  // too few expected: left to the tail below
    chi2 += std::pow(seen[bin] - p * draws, 2) / (p * draws);
    ++bins;
  }
  const double x = 18.5;
  EXPECT_LT(chi2, bins + 2 * std::sqrt(bins * x) + 2 * x) << "seed " << seed;
  const double outside = seen[-last - 1] + seen[last];
  EXPECT_LT(std::fabs(outside - (1 - inside) * draws), 8 * std::sqrt((1 - inside) * draws) + 20)
      << "seed " << seed;
  const double sd = std::sqrt(Variance(m) / draws);
  EXPECT_LT(std::fabs(sum / draws), 6 * sd) << "seed " << seed;
  EXPECT_NEAR(squares / draws / Variance(m), 1, 6 * 2.5 / std::sqrt(draws)) << "seed " << seed;
}

class SamplerLaw : public ::testing::TestWithParam<Mechanism> {};

TEST_P(SamplerLaw, DrawsFollowTheExactLaw) {
  ExpectFollowsItsLaw(GetParam(), *MakeSampler(GetParam()), 20261123, 300000);
}

INSTANTIATE_TEST_SUITE_P(Laplace, SamplerLaw,
                         ::testing::Values(Mechanism{Family::kDiscreteLaplace, {1, 1}},
                                           Mechanism{Family::kDiscreteLaplace, {5, 1}},
                                           Mechanism{Family::kDiscreteLaplace, {205, 1024}},
                                           Mechanism{Family::kDiscreteLaplace, {1, 1000}}));
INSTANTIATE_TEST_SUITE_P(Skellam, SamplerLaw,
                         ::testing::Values(Mechanism{Family::kSkellam, {1, 8}},
                                           Mechanism{Family::kSkellam, {2, 1}},
                                           Mechanism{Family::kSkellam, {119, 5}},
                                           Mechanism{Family::kSkellam, {1000003, 7}}));

TEST(SkellamSampler, TheRareLongDrawFollowsTheSameLaw) {
  // With six first bits nearly every draw is undecided at first and goes the way that the product goes once
  // in 2^50.
  const Mechanism m{Family::kSkellam, {3, 1}};
  ExpectFollowsItsLaw(m, *MakeSkellamSampler(m.parameter, 6), 7, 3000);
}

TEST(LaplaceSampler, VeryWideNoiseHasItsVariance) {
  const Mechanism m{Family::kDiscreteLaplace, {1, 20000000}};
  SeededSource source(11);
  Words words(source);
  const auto sampler = MakeSampler(m);
  double squares = 0;
  const int draws = 200000;
  for (int i = 0; i < draws; ++i) squares += std::pow(static_cast<double>(sampler->Draw(words)), 2);
  EXPECT_NEAR(squares / draws / Variance(m), 1, 0.05);
}

TEST(SkellamSampler, VarianceBeyondOneTableAddsUp) {
  const Mechanism m{Family::kSkellam, {uint64_t{3} << 28, 1}};
  SeededSource source(12);
  Words words(source);
  const auto sampler = MakeSampler(m);
  double squares = 0;
  const int draws = 20000;
  for (int i = 0; i < draws; ++i) squares += std::pow(static_cast<double>(sampler->Draw(words)), 2);
  EXPECT_NEAR(squares / draws / Variance(m), 1, 0.1);
}

}  // namespace
}  // namespace penc
