#include "question/distinct_estimate.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/status.h"
#include "privacy/law.h"

namespace penc {
namespace {

constexpr double kZ95 = 1.959963984540054;  // P(|N(0, 1)| <= kZ95) = 95 %
constexpr double kMostGain = 1e4;
constexpr double kLeastEmpty = 1e-3;  // share of empty buckets; linear counting says nothing below

using Row = std::vector<double>;

// [s][y]: P(s + noise, kept within 0 … n, is y).
std::vector<Row> Kept(const Mechanism& noise, size_t n) {
  Row from(n + 2, 0), at(n + 1);  // P(X >= k), P(X = k)
  at[0] = Covered(noise, 0);
  from[0] = (1 + at[0]) / 2;
  for (size_t k = 1; k <= n + 1; ++k) from[k] = UpperTail(noise, k);
  for (size_t k = 1; k <= n; ++k) at[k] = from[k] - from[k + 1];
  std::vector<Row> kept(n + 1, Row(n + 1));
  for (size_t s = 0; s <= n; ++s) {
    for (size_t y = 1; y < n; ++y) kept[s][y] = at[s > y ? s - y : y - s];
    kept[s][0] = from[s];
    kept[s][n] = from[n - s];
  }
  return kept;
}

// Gauss with the largest pivot. `a` is used up.
absl::optional<Row> Solve(std::vector<Row> a, Row x) {
  const size_t n = x.size();
  for (size_t i = 0; i < n; ++i) {
    size_t pivot = i;
    for (size_t r = i + 1; r < n; ++r) {
      if (std::fabs(a[r][i]) > std::fabs(a[pivot][i])) pivot = r;
    }
    if (a[pivot][i] == 0) return absl::nullopt;
    std::swap(a[i], a[pivot]);
    std::swap(x[i], x[pivot]);
    for (size_t r = i + 1; r < n; ++r) {
      const double factor = a[r][i] / a[i][i];
      if (factor == 0) continue;
      for (size_t c = i; c < n; ++c) a[r][c] -= factor * a[i][c];
      x[r] -= factor * x[i];
    }
  }
  for (size_t i = n; i-- > 0;) {
    for (size_t c = i + 1; c < n; ++c) x[i] -= a[i][c] * x[c];
    x[i] /= a[i][i];
  }
  return x;
}

// F_j(s) = C(n - s, j) / C(n, j) for j = n and j = n - 1: the chance that a random j of the organisations
// left a bucket empty that s of them marked.
Row EmptyOfAll(size_t n) {
  Row f(n + 1, 0);
  f[0] = 1;
  return f;
}
Row EmptyOfAllButOne(size_t n) {
  Row f = EmptyOfAll(n);
  f[1] = 1 / static_cast<double>(n);
  return f;
}

// A person leaves a given bucket empty with probability 1 - 1/b.
double EmptyShare(double buckets, double persons) { return std::exp(persons * std::log1p(-1 / buckets)); }
double PersonsAt(double buckets, double empty) { return std::log(empty) / std::log1p(-1 / buckets); }

// Variance of the share of empty buckets that so many persons leave.
double OccupancyVariance(double buckets, double persons) {
  const double empty = EmptyShare(buckets, persons);
  const double two = std::exp(persons * std::log1p(-2 / buckets));  // two given buckets are empty
  return std::max(0.0, (1 - 1 / buckets) * two + empty / buckets - empty * empty);
}

// Where a monotone predicate turns from `holds` at `from` to false at `to`.
template <typename Holds>
double Turn(double from, double to, Holds holds) {
  for (int i = 0; i < 100; ++i) {
    const double middle = (from + to) / 2;
    (holds(middle) ? from : to) = middle;
  }
  return from;
}

// Shares of buckets by their sum, kept within 0 … n.
struct Shares {
  double buckets;
  Row of;

  template <typename Of>
  double Mean(Of value) const {
    double sum = 0;
    for (size_t y = 0; y < of.size(); ++y) sum += of[y] * value(y);
    return sum;
  }
};

Shares SharesOf(absl::Span<const int64_t> noisy, size_t n) {
  Shares shares{static_cast<double>(noisy.size()), Row(n + 1, 0)};
  for (int64_t y : noisy)
    shares.of[static_cast<size_t>(std::clamp<int64_t>(y, 0, static_cast<int64_t>(n)))] += 1;
  for (double& share : shares.of) share /= shares.buckets;
  return shares;
}

Value TooFew() {
  Value value;
  value.shown = Value::Shown::kTooFew;
  return value;
}

Value All(const Shares& shares, const Row& g) {
  const double b = shares.buckets;
  const double empty = shares.Mean([&](size_t y) { return g[y]; });
  const double noise = std::max(0.0, shares.Mean([&](size_t y) { return g[y] * (g[y] - 1); })) / b;
  if (empty <= kLeastEmpty) return TooFew();
  const double point = std::max(0.0, PersonsAt(b, empty));
  const auto off = [&](double persons, double sign) {
    return EmptyShare(b, persons) + sign * kZ95 * std::sqrt(noise + OccupancyVariance(b, persons)) - empty;
  };
  const double most = PersonsAt(b, kLeastEmpty);
  if (off(most, 1) >= 0) return TooFew();
  Value value;
  value.high = Turn(point, most, [&](double persons) { return off(persons, 1) >= 0; });
  value.low = off(0, -1) <= 0 ? 0 : Turn(0, point, [&](double persons) { return off(persons, -1) > 0; });
  const double bias = b * (noise + OccupancyVariance(b, point)) / (2 * empty * empty);
  value.value = std::clamp(point - bias, value.low, value.high);
  return value;
}

void SeenTwice(const Shares& shares, const Row& g, const Row& h, DistinctPersons& out) {
  const double b = shares.buckets, n = static_cast<double>(g.size() - 1);
  const double empty = shares.Mean([&](size_t y) { return g[y]; });
  const double but_one = shares.Mean([&](size_t y) { return h[y]; });
  if (but_one <= kLeastEmpty) return;
  // Relative variance of one bucket's part.
  const double v = shares.Mean([&](size_t y) { return g[y] * g[y]; }) / (empty * empty) - 1;
  const double w = shares.Mean([&](size_t y) { return h[y] * h[y]; }) / (but_one * but_one) - 1;
  const double bias = (n * w - (n - 1) * v) / 2;
  const double point = -b * (n * std::log(but_one) - (n - 1) * std::log(empty)) - bias;
  const double spread = shares.Mean([&](size_t y) {
    const double part = n * h[y] / but_one - (n - 1) * g[y] / empty;
    return part * part;
  });
  const double half = kZ95 * std::sqrt(std::max(0.0, b * (spread - 1) - std::max(0.0, point)));
  out.shared = {Value::Shown::kYes, std::max(0.0, point), std::max(0.0, point - half),
                std::max(0.0, point + half)};
  const double once = std::max(0.0, n * (but_one / empty - 1));  // buckets marked once, per empty one
  out.shared_beyond = b * (n * std::log1p(once / n) - std::log1p(once));
}

}  // namespace

uint32_t BucketBitsFor(uint64_t expected_persons) {
  uint32_t bits = kFewestBucketBits;
  while (bits < kMostBucketBits && expected_persons > (uint64_t{7} << bits) / 10) ++bits;
  return bits;
}

absl::optional<std::vector<double>> InverseNoise(const Mechanism& noise, const std::vector<double>& f) {
  PENC_CHECK(f.size() >= 2);
  absl::optional<Row> g = Solve(Kept(noise, f.size() - 1), f);
  if (!g.has_value()) return absl::nullopt;
  double largest = 0;
  for (double x : f) largest = std::max(largest, std::fabs(x));
  for (double x : *g) {
    if (!(std::fabs(x) <= kMostGain * largest)) return absl::nullopt;
  }
  return g;
}

DistinctPersons EstimateDistinct(absl::Span<const int64_t> noisy, uint32_t organisations,
                                 const Mechanism& noise) {
  PENC_CHECK(organisations >= 1 && noisy.size() >= (size_t{1} << kFewestBucketBits));
  DistinctPersons out{TooFew(), TooFew(), 0};
  const absl::optional<Row> g = InverseNoise(noise, EmptyOfAll(organisations));
  if (!g.has_value()) return out;
  const Shares shares = SharesOf(noisy, organisations);
  out.all = All(shares, *g);
  if (organisations < 2 || out.all.shown != Value::Shown::kYes) return out;
  if (const absl::optional<Row> h = InverseNoise(noise, EmptyOfAllButOne(organisations)); h.has_value())
    SeenTwice(shares, *g, *h, out);
  return out;
}

absl::optional<double> ExpectedDistinctMargin(double persons, uint32_t bucket_bits, uint32_t organisations,
                                              const Mechanism& noise) {
  const absl::optional<Row> g = InverseNoise(noise, EmptyOfAll(organisations));
  if (!g.has_value()) return absl::nullopt;
  const std::vector<Row> kept = Kept(noise, organisations);
  const double b = std::exp2(bucket_bits), load = persons / b;
  const double empty = EmptyShare(b, persons);
  // As if nobody were seen twice: the marks of a bucket are then Poisson, those beyond n counted as n.
  double squares = 0, weight = std::exp(-load), left = 1;
  for (size_t s = 0; s <= organisations; ++s) {
    const double here = s == organisations ? left : weight;
    for (size_t y = 0; y <= organisations; ++y) squares += here * kept[s][y] * (*g)[y] * (*g)[y];
    left = std::max(0.0, left - weight);
    weight *= load / static_cast<double>(s + 1);
  }
  const double noise_variance = std::max(0.0, squares - empty) / b;
  const double deviation = std::sqrt(noise_variance + OccupancyVariance(b, persons));
  if (empty - kZ95 * deviation <= kLeastEmpty) return absl::nullopt;
  return kZ95 * deviation * b / empty;
}

}  // namespace penc
