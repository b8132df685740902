#include "privacy/noise_share.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/status.h"
#include "crypto/hash.h"
#include "crypto/secure_random.h"
#include "privacy/skellam_sampler.h"

namespace penc {
namespace {

constexpr uint64_t kPiece = 4096;  // cells

// ---- draws of sampler v1: each takes 64-bit words from the stream, in the order written here

// Uniform in [0, n): the top bits of one word, again while they are not below n. None for n = 1.
inline uint64_t Below(uint64_t n, Words& words) {
  if (n == 1) return 0;
  const int drop = __builtin_clzll(n - 1);
  for (;;) {
    const uint64_t x = words.Next() >> drop;
    if (x < n) return x;
  }
}

// True with probability exp(-a / b), 0 <= a <= b.
inline bool BernoulliExp(uint64_t a, uint64_t b, Words& words) {
  uint64_t k = 1;
  while (Below(b * k, words) < a) ++k;
  return (k & 1) != 0;
}

// P(T = y) proportional to exp(-y num / den).
uint64_t Geometric(const Ratio& a, Words& words) {
  uint64_t u = 0;
  do {
    u = Below(a.den, words);
  } while (!BernoulliExp(u, a.den, words));
  uint64_t v = 0;
  while (BernoulliExp(1, 1, words)) ++v;
  return (u + a.den * v) / a.num;
}

// Adds sign * i.i.d. NB(1 / v, exp(-a)) to the cells: in blocks of v cells, T balls by the urn.
void AddUrn(const Ratio& a, uint64_t v, int64_t sign, Words& words, absl::Span<int64_t> cells) {
  std::vector<uint64_t> balls;
  for (uint64_t first = 0; first < cells.size(); first += v) {
    const uint64_t t = Geometric(a, words);
    balls.clear();
    for (uint64_t j = 0; j < t; ++j) {
      const uint64_t u = Below(j + 1, words);
      balls.push_back(u == j ? Below(v, words) : balls[u]);
      if (first + balls.back() < cells.size()) cells[first + balls.back()] += sign;
    }
    if (!balls.empty()) explicit_bzero(balls.data(), balls.size() * sizeof(balls[0]));
  }
}

// ---- streams of a component

std::string BigEndian(uint64_t value, int bytes) {
  std::string out;
  for (int i = bytes - 1; i >= 0; --i) out.push_back(static_cast<char>(value >> (8 * i) & 0xff));
  return out;
}

enum Part : uint8_t { kPlus = 0, kMinus = 1, kFirstWords = 2, kFurtherWords = 3 };

// ChaCha20 under HKDF(seed, salt "penc sampler v1", block ‖ index ‖ part).
class Stream {
 public:
  Stream(absl::Span<const uint8_t> seed, uint32_t block, uint64_t index, Part part)
      : key_(HkdfSha256({reinterpret_cast<const char*>(seed.data()), seed.size()}, "penc sampler v1",
                        absl::StrCat(BigEndian(block, 4), BigEndian(index, 8), BigEndian(part, 1)), 32)),
        expander_({reinterpret_cast<const uint8_t*>(key_.data()), key_.size()}),
        words_(expander_) {}
  ~Stream() { explicit_bzero(key_.data(), key_.size()); }
  Words& words() { return words_; }

 private:
  std::string key_;
  SeededExpander expander_;
  Words words_;
};

Ratio Times(const Ratio& r, const Ratio& rate) {
  const Ratio part = Reduced(rate);
  const Ratio left = Reduced({r.num, part.den}), right = Reduced({part.num, r.den});
  PENC_CHECK(left.num == 0 || right.num <= UINT64_MAX / left.num);
  PENC_CHECK(right.den <= UINT64_MAX / left.den);
  return {left.num * right.num, left.den * right.den};
}

// The geometric draws multiply den by small counters; levels are numbers of organisations.
void Check(const Mechanism& mechanism, const ShareSchedule& schedule) {
  const Ratio& p = mechanism.parameter;
  PENC_CHECK(p.num > 0 && p.den > 0 && p.den < uint64_t{1} << 48 && mechanism.rate == Ratio({1, 1}));
  PENC_CHECK(!schedule.levels.empty() && schedule.dishonest < schedule.levels.front());
  PENC_CHECK(std::adjacent_find(schedule.levels.begin(), schedule.levels.end(), std::greater_equal<>()) ==
             schedule.levels.end());
}

}  // namespace

size_t ShareSchedule::StayingFrom(uint32_t answered) const {
  PENC_CHECK(answered >= levels.front());
  const auto beyond = std::upper_bound(levels.begin(), levels.end(), answered);
  return static_cast<size_t>(beyond - levels.begin()) - 1;
}

Ratio ShareSchedule::BaseRate() const { return {1, uint64_t{levels.back()} - dishonest}; }

Ratio ShareSchedule::ComponentRate(size_t j) const {
  PENC_CHECK(j < components());
  const uint64_t low = levels[j] - dishonest, high = levels[j + 1] - dishonest;
  return {high - low, low * high};
}

void AddBaseShare(const Mechanism& mechanism, const ShareSchedule& schedule, RandomSource& random,
                  absl::Span<int64_t> cells) {
  Check(mechanism, schedule);
  const Ratio rate = schedule.BaseRate();
  Words words(random);
  if (mechanism.family == Family::kDiscreteLaplace) {
    AddUrn(mechanism.parameter, rate.den, 1, words, cells);
    AddUrn(mechanism.parameter, rate.den, -1, words, cells);
  } else {
    MakeSkellamSampler(Times(mechanism.parameter, rate))->AddTo(cells, words);
  }
}

void AddComponent(const Mechanism& mechanism, const ShareSchedule& schedule, size_t j,
                  absl::Span<const uint8_t> seed, uint32_t block, int sign, absl::Span<int64_t> cells,
                  int first_bits) {
  Check(mechanism, schedule);
  PENC_CHECK(seed.size() == 32 && (sign == 1 || sign == -1));
  const Ratio rate = schedule.ComponentRate(j);
  if (mechanism.family == Family::kDiscreteLaplace) {
    for (uint64_t copy = 0; copy < rate.num; ++copy) {
      AddUrn(mechanism.parameter, rate.den, sign, Stream(seed, block, copy, kPlus).words(), cells);
      AddUrn(mechanism.parameter, rate.den, -sign, Stream(seed, block, copy, kMinus).words(), cells);
    }
    return;
  }
  const CanonicalSkellam sampler(Times(mechanism.parameter, rate), first_bits);
  Stream first(seed, block, 0, kFirstWords);
  const MoreBits more = [&](size_t cell, uint64_t n) {
    Stream further(seed, block, cell, kFurtherWords);
    for (uint64_t skip = 0; skip < n; ++skip) further.words().Next();
    return further.words().Next();
  };
  for (size_t at = 0; at < cells.size(); at += kPiece) {
    sampler.AddTo(cells.subspan(at, std::min<size_t>(kPiece, cells.size() - at)), sign, at, first.words(),
                  more);
  }
}

RemainingRate RemainingNoise(const ShareSchedule& schedule, uint32_t answered) {
  return {answered, schedule.levels[schedule.StayingFrom(answered)] - schedule.dishonest};
}

}  // namespace penc
