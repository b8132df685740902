// Shares of noise: rates that telescope, the urn's exact law, components that come back bit for bit. What
// they add up to: tests/statistical/noise_share_test.cc.
#include "privacy/noise_share.h"

#include <gmp.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <string>

#include "absl/strings/escaping.h"
#include "crypto/secure_random.h"

namespace penc {
namespace {

std::vector<uint8_t> Seed(uint8_t first) {
  std::vector<uint8_t> seed(32, 5);
  seed[0] = first;
  return seed;
}

// Whether 1 / (n - t) plus the components from `first` on is 1 / (levels[first] - t), in fractions without
// rounding.
bool Telescopes(const ShareSchedule& schedule, size_t first) {
  mpq_t sum, term;
  mpq_inits(sum, term, nullptr);
  const auto add = [&](const Ratio& rate) {
    mpq_set_ui(term, rate.num, rate.den);
    mpq_canonicalize(term);
    mpq_add(sum, sum, term);
  };
  add(schedule.BaseRate());
  for (size_t j = first; j < schedule.components(); ++j) add(schedule.ComponentRate(j));
  const bool equal = mpq_cmp_ui(sum, 1, schedule.levels[first] - schedule.dishonest) == 0;
  mpq_clears(sum, term, nullptr);
  return equal;
}

TEST(NoiseShares, RatesTelescopeExactlyForAllNetworksUpTo128) {
  for (uint32_t n = 5; n <= 128; ++n) {
    for (uint32_t t = 0; t + 3 <= n; t += 1 + t / 4) {
      // Every number from the fewest, and a few of them.
      ShareSchedule all{t, {}}, some{t, {}};
      for (uint32_t m = t + 1; m <= n; ++m) all.levels.push_back(m);
      for (uint32_t m = t + 1; m < n; m += 1 + (m - t) / 3) some.levels.push_back(m);
      some.levels.push_back(n);
      for (const ShareSchedule& schedule : {all, some}) {
        for (size_t s = 0; s < schedule.levels.size(); ++s) {
          const uint32_t m = schedule.levels[s];
          ASSERT_TRUE(Telescopes(schedule, s)) << n << " " << t << " " << m;
          ASSERT_EQ(schedule.StayingFrom(m), s);
          const RemainingRate rate = RemainingNoise(schedule, m);
          ASSERT_EQ(rate.num, m);
          ASSERT_EQ(rate.den, m - t);
        }
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

// Bits that a test chose: the words given, then words of ones, on which the urn's geometric draws say zero.
class Scripted : public RandomSource {
 public:
  explicit Scripted(std::vector<uint64_t> words) : words_(std::move(words)) {}
  void Fill(absl::Span<uint8_t> out) override {
    std::memset(out.data(), 0xff, out.size());
    const size_t bytes = std::min(out.size(), 8 * words_.size());
    if (bytes > 0) std::memcpy(out.data(), words_.data(), bytes);
    words_.clear();
  }

 private:
  std::vector<uint64_t> words_;
};

// All ways of `t` balls into `v` cells: the words that lead to each, and its probability times t! v^t.
struct Ways {
  uint64_t v, t;
  std::map<std::vector<int64_t>, uint64_t> weight;

  void From(const std::vector<uint64_t>& words, uint64_t j, uint64_t each) {
    const auto word = [](uint64_t x, uint64_t n) { return n == 1 ? 0 : x << __builtin_clzll(n - 1); };
    if (j == t) {
      std::vector<int64_t> cells(v, 0);
      Scripted random(words);
      const ShareSchedule alone{0, {static_cast<uint32_t>(v)}};
      AddBaseShare({Family::kDiscreteLaplace, {1, 1}}, alone, random, absl::MakeSpan(cells));
      weight[cells] += each;
      return;
    }
    for (uint64_t u = 0; u <= j; ++u) {
      std::vector<uint64_t> more = words;
      if (j > 0) more.push_back(word(u, j + 1));
      if (u < j) {
        From(more, j + 1, each * v);
        continue;
      }
      for (uint64_t cell = 0; cell < v; ++cell) {
        std::vector<uint64_t> last = more;
        if (v > 1) last.push_back(word(cell, v));
        From(last, j + 1, each);
      }
    }
  }
};

// Integers only: given T, counts (k_1 ... k_v) have probability prod (1/v)(1/v + 1) ... (1/v + k - 1) / k!,
// that is T! / prod k! times prod of 1 (1 + v) ... (1 + (k - 1) v), over T! v^T.
TEST(NoiseShares, AnUrnHasItsExactLaw) {
  for (uint64_t v = 1; v <= 4; ++v) {
    for (uint64_t t = 0; t <= 5; ++t) {
      // bern(1, 1) succeeds on a top bit of 0 and then top bits 01, fails on a top bit of 1.
      std::vector<uint64_t> words;
      for (uint64_t i = 0; i < t; ++i) words.insert(words.end(), {0, uint64_t{1} << 62});
      words.push_back(uint64_t{1} << 63);
      Ways ways{v, t, {}};
      ways.From(words, 0, 1);
      uint64_t whole = 1, sum = 0;
      for (uint64_t i = 1; i <= t; ++i) whole *= i * v;
      for (const auto& [cells, weight] : ways.weight) {
        uint64_t expected = 1, balls = 0;
        for (int64_t count : cells) {
          ASSERT_GE(count, 0);
          for (uint64_t k = 0; k < static_cast<uint64_t>(count); ++k) {
            expected = expected * ++balls * (1 + k * v) / (k + 1);  // balls over k + 1: a binomial so far
          }
        }
        EXPECT_EQ(balls, t);
        EXPECT_EQ(weight, expected) << "v " << v << " t " << t;
        sum += weight;
      }
      EXPECT_EQ(sum, whole);
    }
  }
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

TEST(NoiseShares, NothingIsWrittenBeyondTheVector) {
  for (const Mechanism& mechanism :
       {Mechanism{Family::kDiscreteLaplace, {1, 50}}, Mechanism{Family::kSkellam, {240, 1}}}) {
    const ShareSchedule schedule{2, {5, 7, 8}};  // blocks of 15, 30 and 6 cells: none ends at 50
    std::vector<int64_t> cells(200, 0);
    SeededExpander random(Seed(3));
    for (int again = 0; again < 20; ++again) {
      AddBaseShare(mechanism, schedule, random, absl::MakeSpan(cells).subspan(0, 50));
      for (size_t j = 0; j < schedule.components(); ++j) {
        AddComponent(mechanism, schedule, j, Seed(static_cast<uint8_t>(again)), 0, 1,
                     absl::MakeSpan(cells).subspan(0, 50));
      }
    }
    EXPECT_LT(std::count(cells.begin(), cells.begin() + 50, 0), 25);
    EXPECT_EQ(std::count(cells.begin() + 50, cells.end(), 0), 150);
  }
}

// One line of the file of vectors.
class Line {
 public:
  explicit Line(std::string text) : text_(std::move(text)) {}
  std::string Text(const std::string& name) const {
    const char* from = After(name) + 1;
    return std::string(from, std::strchr(from, '"'));
  }
  uint64_t Number(const std::string& name) const { return std::strtoull(After(name), nullptr, 10); }
  std::vector<int64_t> Numbers(const std::string& name) const {
    std::vector<int64_t> numbers;
    for (const char* at = After(name) + 1; *at != ']';) {
      char* end = nullptr;
      numbers.push_back(std::strtoll(at, &end, 10));
      at = *end == ',' ? end + 1 : end;
    }
    return numbers;
  }

 private:
  const char* After(const std::string& name) const {
    const std::string key = "\"" + name + "\": ";
    const size_t at = text_.find(key);
    if (at == std::string::npos) ADD_FAILURE() << name << " in " << text_;
    return text_.c_str() + at + key.size();
  }
  std::string text_;
};

// Computed by the script beside the file, a second implementation. Never changes: whoever must
// change a line makes a new sampler.
TEST(NoiseShares, SamplerV1IsFrozen) {
  std::ifstream in(PENC_SOURCE_DIR "/tests/vectors/noise_share_v1.jsonl");
  int laplace = 0, skellam = 0;
  for (std::string text; std::getline(in, text);) {
    const Line line(text);
    const bool is_laplace = line.Text("family") == "laplace";
    ++(is_laplace ? laplace : skellam);
    const Mechanism mechanism{is_laplace ? Family::kDiscreteLaplace : Family::kSkellam,
                              {line.Number("num"), line.Number("den")}};
    ShareSchedule schedule{static_cast<uint32_t>(line.Number("dishonest")), {}};
    for (int64_t level : line.Numbers("levels")) schedule.levels.push_back(static_cast<uint32_t>(level));
    const std::string seed = absl::HexStringToBytes(line.Text("seed"));
    std::vector<int64_t> cells(line.Number("length"), 0), expected(cells);
    const std::vector<int64_t> at = line.Numbers("at"), noise = line.Numbers("noise");
    ASSERT_EQ(at.size(), noise.size());
    for (size_t i = 0; i < at.size(); ++i) expected[static_cast<size_t>(at[i])] = noise[i];
    AddComponent(mechanism, schedule, line.Number("component"),
                 {reinterpret_cast<const uint8_t*>(seed.data()), seed.size()},
                 static_cast<uint32_t>(line.Number("block")), 1, absl::MakeSpan(cells),
                 static_cast<int>(line.Number("first_bits")));
    EXPECT_EQ(cells, expected) << line.Text("id");
  }
  EXPECT_EQ(laplace, 7);
  EXPECT_EQ(skellam, 6);
}

}  // namespace
}  // namespace penc
