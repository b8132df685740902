// Drawn frequencies against the exact law, by relative entropy: for n draws over k bins, P(n KL(drawn || law)
// >= x) <= e^-x (e x / (k - 1))^(k - 1) for x > k - 1 holds at every n (Agrawal, "Finite-Sample Concentration
// of the Multinomial in Relative Entropy", 2020), so the stated false alarm of 10^-8 a test is no
// approximation. Seeds are fixed and recorded.
#include "privacy/sampler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "privacy/laplace_sampler.h"
#include "privacy/law.h"
#include "privacy/skellam_sampler.h"

namespace penc {
namespace {

// A reproducible source for tests (SplitMix64) that counts what it gave.
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
    bytes_ += out.size();
  }
  uint64_t bytes() const { return bytes_; }

 private:
  uint64_t state_;
  uint64_t bytes_ = 0;
};

// A few words, then all zeros or all ones.
class ScriptedSource : public RandomSource {
 public:
  ScriptedSource(std::vector<uint64_t> first, uint8_t after) : first_(std::move(first)), after_(after) {}
  void Fill(absl::Span<uint8_t> out) override {
    std::fill(out.begin(), out.end(), after_);
    if (!first_.empty()) std::memcpy(out.data(), first_.data(), 8 * first_.size());
    first_.clear();
  }

 private:
  std::vector<uint64_t> first_;
  uint8_t after_;
};

constexpr double kLogFalseAlarm = 18.4;  // -ln 10^-8

// The x at which the bound of the head comment is 10^-8.
double Threshold(double degrees) {
  double x = degrees;
  while (x - degrees * (1 + std::log(x / degrees)) < kLogFalseAlarm) x += 0.1;
  return x;
}

void ExpectFrequencies(const std::vector<double>& law, const std::vector<double>& drawn) {
  double draws = 0, mass = 0, divergence = 0;
  for (double count : drawn) draws += count;
  for (double p : law) mass += p;
  ASSERT_NEAR(mass, 1, 1e-9);
  for (size_t i = 0; i < law.size(); ++i) {
    if (drawn[i] > 0) divergence += drawn[i] * std::log(drawn[i] / (draws * law[i]));
  }
  EXPECT_LT(divergence, Threshold(static_cast<double>(law.size()) - 1)) << law.size() << " bins";
}

// About 50 bins by size, everything beyond 99.99 % in one bin at each end; and the residues modulo 16, which
// a digit drawn wrongly would bend.
void ExpectFollowsItsLaw(const Mechanism& m, const NoiseSampler& sampler, uint64_t seed, int draws) {
  const auto last = static_cast<int64_t>(HalfWidth(m, 0.9999));
  const int64_t width = last / 25 + 1, bins = last / width + 1;
  const int64_t far = static_cast<int64_t>(HalfWidth(m, 1 - 1e-12)) + 1;
  std::vector<double> law(2 * bins + 1), drawn(2 * bins + 1), law16(16), drawn16(16);
  // Bin 0 holds 0 alone, bin +-i what lies from (i - 1) width + 1 to i width in size.
  const auto bin_of = [&](int64_t x) {
    const int64_t i = std::min<int64_t>(bins, (std::llabs(x) + width - 1) / width);
    return bins + (x < 0 ? -i : i);
  };
  double above = Covered(m, 0);
  law[bins] = law16[0] = above;
  for (int64_t k = 1; k <= far; ++k) {
    const double covered = k == far ? 1 : Covered(m, k);
    for (int64_t x : {k, -k}) {
      law[bin_of(x)] += (covered - above) / 2;
      law16[(x % 16 + 16) % 16] += (covered - above) / 2;
    }
    above = covered;
  }
  SeededSource source(seed);
  Words words(source);
  std::vector<int64_t> cells(draws);
  sampler.AddTo(absl::MakeSpan(cells), words);
  for (int64_t x : cells) {
    drawn[bin_of(x)] += 1;
    drawn16[(x % 16 + 16) % 16] += 1;
  }
  ExpectFrequencies(law, drawn);
  ExpectFrequencies(law16, drawn16);
}

class SamplerLaw : public ::testing::TestWithParam<Mechanism> {};

TEST_P(SamplerLaw, DrawsFollowTheExactLaw) {
  ExpectFollowsItsLaw(GetParam(), *MakeSampler(GetParam()), 20261123, 1000003);
}

INSTANTIATE_TEST_SUITE_P(Laplace, SamplerLaw,
                         ::testing::Values(Mechanism{Family::kDiscreteLaplace, {1, 1}},
                                           Mechanism{Family::kDiscreteLaplace, {5, 1}},
                                           Mechanism{Family::kDiscreteLaplace, {205, 1024}},
                                           Mechanism{Family::kDiscreteLaplace, {1, 1000}}));
INSTANTIATE_TEST_SUITE_P(Skellam, SamplerLaw,
                         ::testing::Values(Mechanism{Family::kSkellam, {1, 1000}},
                                           Mechanism{Family::kSkellam, {1, 8}},
                                           Mechanism{Family::kSkellam, {2, 1}},
                                           Mechanism{Family::kSkellam, {119, 5}},
                                           Mechanism{Family::kSkellam, {10007, 7}}));

TEST(SkellamSampler, TheRareLongDrawFollowsTheSameLaw) {
  // With six first bits most draws are undecided at first and go the way that the product goes once in 2^50.
  const Mechanism m{Family::kSkellam, {3, 1}};
  ExpectFollowsItsLaw(m, *MakeSkellamSampler(m.parameter, 6), 7, 20000);
}

TEST(SkellamSampler, InvertsItsDistributionAtEveryPointOfAGrid) {
  // The draw is the k with F(k - 1) <= U < F(k): here for U = u 2^-12 and for U just below (u + 1) 2^-12.
  for (const Ratio mu : {Ratio{1, 8}, Ratio{3, 1}, Ratio{24, 1}}) {
    const Mechanism m{Family::kSkellam, mu};
    const auto sampler = MakeSkellamSampler(mu, 12);
    const auto distribution = [&](int64_t k) { return k >= 0 ? 1 - UpperTail(m, k + 1) : UpperTail(m, -k); };
    for (uint64_t u = 1; u + 1 < 4096; ++u) {
      for (const uint8_t after : {uint8_t{0}, uint8_t{255}}) {
        ScriptedSource source({u << 52 | (after == 0 ? 0 : (uint64_t{1} << 52) - 1)}, after);
        Words words(source);
        // All ones for ever is (u + 1) 2^-12 itself, which no finite number of bits is; the draw stops
        // before.
        const double point = std::ldexp(static_cast<double>(after == 0 ? u : u + 1), -12);
        const int64_t k = sampler->Draw(words);
        EXPECT_LE(distribution(k - 1), point + 1e-12) << u;
        EXPECT_GE(distribution(k), point - 1e-12) << u;
      }
    }
  }
}

TEST(SkellamSampler, IsExactToTheLastOf128BitsHoweverSmallItsVariance) {
  // The first 128 bits of F(k), by the series of e^-mu I_k(mu) in integers (tests/vectors/noise_share_v1.py):
  // U that goes on with zeros is below F(k), with ones above it.
  struct Point {
    Ratio mu;
    int64_t k;
    uint64_t high, low;
  };
  const Ratio least{1, uint64_t{1} << 40}, small{1, 1 << 20};
  for (const Point& f :
       {Point{least, -2, 0x0, 0x1fffffffffe5}, Point{least, -1, 0x7fffff, 0xffffa00000000035},
        Point{least, 0, 0xffffffffff800000, 0x5fffffffffca},
        Point{least, 1, 0xffffffffffffffff, 0xffffe0000000001a}, Point{small, -3, 0x0, 0x555550aaaad11110},
        Point{small, -2, 0x1ffffe, 0x5555635554fbbbbd}, Point{small, -1, 0x7ffffa00003, 0x55553e0000866663},
        Point{small, 0, 0xfffff800005ffffc, 0xaaaac1ffff79999c},
        Point{{1, 1000}, -3, 0x16e2ef00, 0x4d6371fcf4c30276},
        Point{{1, 1000}, -1, 0x20be51edfe091d, 0xfcaa4a39d54f7322},
        Point{{1, 210}, 0, 0xff648488cdb6af84, 0xa346a1d1683d1808},
        Point{{24, 1}, -3, 0x4dc1632824a930a3, 0x8012fc0eefd6ec1b},
        Point{{24, 1}, 1, 0x9efefc83a5577476, 0x8c771fa33dda3b3b}}) {
    const auto sampler = MakeSkellamSampler(f.mu);
    for (const uint8_t after : {uint8_t{0}, uint8_t{255}}) {
      ScriptedSource source({f.high, f.low}, after);
      Words words(source);
      EXPECT_EQ(sampler->Draw(words), after == 0 ? f.k : f.k + 1) << ToString(f.mu) << " " << f.k;
    }
  }
}

TEST(SkellamSampler, TakesOneWordADrawWhateverIsDrawn) {
  // Work that depends on the noise could be timed. A second word is needed once in about 2^55 draws here.
  SeededSource source(3);
  Words words(source);
  std::vector<int64_t> cells(512 * 200 + 1);
  MakeSkellamSampler({24, 1})->AddTo(absl::MakeSpan(cells), words);
  EXPECT_EQ(source.bytes(), 201u * 512 * 8);
}

TEST(LaplaceSampler, TakesTheSameBitsADrawButForTies) {
  // a = 1: digits 0 to 5 and what lies above, twice, of 16 bits each: 3.5 words. A tie of 16 bits takes 16
  // more: 14 2^-16 of them a draw, 21 expected in 10^5 draws; more than 512 words' worth of them never
  // happens.
  SeededSource source(4);
  Words words(source);
  std::vector<int64_t> cells(100000);
  MakeLaplaceSampler({1, 1})->AddTo(absl::MakeSpan(cells), words);
  const uint64_t expected = 350000;
  EXPECT_GE(source.bytes() / 8, expected);
  EXPECT_LE(source.bytes() / 8, expected + 2 * 512);
}

TEST(LaplaceSampler, WhatLiesAboveItsDigitsFollowsTheSameLaw) {
  // With digits that end near the standard deviation, the path that the product goes once in 2^64 is walked
  // often.
  for (const Ratio a : {Ratio{1, 1}, Ratio{1, 37}}) {
    ExpectFollowsItsLaw({Family::kDiscreteLaplace, a}, *MakeLaplaceSampler(a, 1), 13, 1000003);
  }
}

TEST(LaplaceSampler, ATieIsDecidedByTheBitsThatFollow) {
  // a = 1: the lowest digit is 1 with probability 1 / (1 + e) = 0x0.44d9 5851... The first chunk of 16 bits
  // ties.
  for (const auto& [next, drawn] : {std::pair{0x5850, 1}, std::pair{0x5852, 0}}) {
    ScriptedSource source({0xffffffff000044d9u | static_cast<uint64_t>(next) << 16}, 255);
    Words words(source);
    EXPECT_EQ(MakeLaplaceSampler({1, 1})->Draw(words),
              drawn);  // all other digits: 1.11... is above them, so 0
  }
}

TEST(LaplaceSampler, VeryWideNoiseHasItsVariance) {
  const Mechanism m{Family::kDiscreteLaplace, {1, 20000000}};
  SeededSource source(11);
  Words words(source);
  const auto sampler = MakeSampler(m);
  double squares = 0;
  const int draws = 200000;
  for (int i = 0; i < draws; ++i) squares += std::pow(static_cast<double>(sampler->Draw(words)), 2);
  EXPECT_NEAR(squares / draws / Variance(m), 1, 0.05);  // ten standard errors
}

TEST(SkellamSampler, VarianceBeyondOneTableAddsUp) {
  const Mechanism m{Family::kSkellam, {uint64_t{3} << 28, 1}};
  SeededSource source(12);
  Words words(source);
  std::vector<int64_t> cells(20000);
  MakeSampler(m)->AddTo(absl::MakeSpan(cells), words);
  double squares = 0;
  for (int64_t x : cells) squares += std::pow(static_cast<double>(x), 2);
  EXPECT_NEAR(squares / 20000 / Variance(m), 1, 0.1);  // ten standard errors
}

TEST(AddNoise, AddsToWhatIsThere) {
  // The same bits on zeros and on other cells: the difference is the cells.
  for (const Mechanism m :
       {Mechanism{Family::kDiscreteLaplace, {1, 3}}, Mechanism{Family::kSkellam, {24, 1}}}) {
    SeededSource one(5), two(5);
    std::vector<int64_t> zeros(37), cells(37);
    for (int i = 0; i < 37; ++i) cells[i] = (int64_t{1} << 40) - 77 * i;
    AddNoise(m, one, absl::MakeSpan(zeros));
    AddNoise(m, two, absl::MakeSpan(cells));
    for (int i = 0; i < 37; ++i) EXPECT_EQ(cells[i] - zeros[i], (int64_t{1} << 40) - 77 * i);
  }
}

}  // namespace
}  // namespace penc
