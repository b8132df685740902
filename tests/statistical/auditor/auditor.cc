#include "tests/statistical/auditor/auditor.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "tests/statistical/auditor/bounds.h"

namespace penc::audit {
namespace {

constexpr size_t kThresholds = 300;  // tried of each score
constexpr size_t kFewPlaces = 6;     // up to which places are also compared in pairs

struct Score {
  std::string name;
  std::function<int64_t(const Seen&)> of;
};

// An event: scores of at least `from`, or below it.
struct Event {
  int64_t from = 0;
  bool below = false;
  bool more_often_with = true;
};

// Every fourth experiment serves to fit scores, every fourth to choose an event, the others to count it.
enum class Part { kFit, kChoose, kCount };
std::vector<Seen> PartOf(const std::vector<Seen>& all, Part part) {
  std::vector<Seen> some;
  for (size_t i = 0; i < all.size(); ++i) {
    const Part of = i % 4 == 0 ? Part::kFit : i % 4 == 1 ? Part::kChoose : Part::kCount;
    if (of == part) some.push_back(all[i]);
  }
  return some;
}

double MeanAt(const std::vector<Seen>& seen, size_t place) {
  double sum = 0;
  for (const Seen& one : seen) sum += static_cast<double>(one[place]);
  return sum / static_cast<double>(seen.size());
}

// Likelihood ratios over all places: of noise with a peak, and of noise like a bell. Weights are small whole
// numbers, so that equal evidence gives equal scores.
void AddLikelihoods(const std::vector<Seen>& with, const std::vector<Seen>& without, std::vector<Score>& out) {
  const size_t places = with[0].size();
  std::vector<int64_t> base(places), step(places), weight(places);
  std::vector<double> scale(places);
  for (size_t p = 0; p < places; ++p) {
    const double centre = MeanAt(without, p);
    base[p] = std::llround(centre);
    step[p] = std::llround(MeanAt(with, p) - centre);
    double spread = 0;
    for (const Seen& one : without) spread += std::fabs(static_cast<double>(one[p]) - centre);
    scale[p] = std::max(0.1, spread / static_cast<double>(without.size()));
  }
  const double least = *std::min_element(scale.begin(), scale.end());
  for (size_t p = 0; p < places; ++p) weight[p] = std::llround(16 * least / scale[p]);
  out.push_back({"peaked likelihood", [=](const Seen& seen) {
                   int64_t sum = 0;
                   for (size_t p = 0; p < seen.size(); ++p) {
                     const int64_t y = seen[p] - base[p];
                     sum += weight[p] * (std::llabs(y) - std::llabs(y - step[p]));
                   }
                   return sum;
                 }});
  out.push_back({"bell-shaped likelihood", [=](const Seen& seen) {
                   int64_t sum = 0;
                   for (size_t p = 0; p < seen.size(); ++p)
                     sum += weight[p] * weight[p] * step[p] * (seen[p] - base[p]);
                   return sum;
                 }});
}

std::vector<Score> ScoresOf(const std::vector<Seen>& with, const std::vector<Seen>& without) {
  const size_t places = with[0].size();
  std::vector<Score> scores;
  for (size_t p = 0; p < places; ++p) {
    scores.push_back({absl::StrCat("number ", p + 1), [p](const Seen& seen) { return seen[p]; }});
    for (size_t q = p + 1; q < places && places <= kFewPlaces; ++q) {
      scores.push_back({absl::StrCat("number ", p + 1, " less number ", q + 1),
                        [p, q](const Seen& seen) { return seen[p] - seen[q]; }});
    }
  }
  if (places > 1) AddLikelihoods(with, without, scores);
  return scores;
}

std::vector<int64_t> SortedScores(const std::vector<Seen>& seen, const Score& score) {
  std::vector<int64_t> values;
  values.reserve(seen.size());
  for (const Seen& one : seen) values.push_back(score.of(one));
  std::sort(values.begin(), values.end());
  return values;
}
uint64_t CountOf(const std::vector<int64_t>& sorted, const Event& event) {
  const auto below =
      static_cast<uint64_t>(std::lower_bound(sorted.begin(), sorted.end(), event.from) - sorted.begin());
  return event.below ? below : sorted.size() - below;
}

// About what `n` experiments will prove; `sign` below zero: at the least. Never a bound, only to choose by.
double Guess(uint64_t n, uint64_t x, double sign) {
  const auto all = static_cast<double>(n);
  const double p = (static_cast<double>(x) + 0.5) / (all + 1);
  const double z = std::sqrt(-2 * std::log(kMiss / 2));
  return std::clamp(p + sign * (z * std::sqrt(p * (1 - p) / all) + (sign > 0 ? 8 / all : 0)), 0.0, 1.0);
}

}  // namespace

Proven Audit(const Experiments& experiments, const Proves& proves) {
  const auto part = [&](Part which) {
    return std::make_pair(PartOf(experiments.with, which), PartOf(experiments.without, which));
  };
  const auto [fit_with, fit_without] = part(Part::kFit);
  const auto [choose_with, choose_without] = part(Part::kChoose);
  const auto [count_with, count_without] = part(Part::kCount);
  PENC_CHECK(!fit_with.empty() && experiments.with.size() == experiments.without.size());

  const std::vector<Score> scores = ScoresOf(fit_with, fit_without);
  double promised = -1;
  Event best;
  const Score* by = nullptr;
  for (const Score& score : scores) {
    const std::vector<int64_t> with = SortedScores(choose_with, score),
                               without = SortedScores(choose_without, score);
    std::vector<int64_t> thresholds = with;
    thresholds.insert(thresholds.end(), without.begin(), without.end());
    std::sort(thresholds.begin(), thresholds.end());
    thresholds.erase(std::unique(thresholds.begin(), thresholds.end()), thresholds.end());
    const size_t stride = thresholds.size() / kThresholds + 1;
    for (size_t t = 0; t < thresholds.size(); t += stride) {
      for (const bool below : {false, true}) {
        for (const bool more_often_with : {false, true}) {
          const Event event{thresholds[t], below, more_often_with};
          const double proven =
              proves(Guess(with.size(), CountOf(more_often_with ? with : without, event), -1),
                     Guess(with.size(), CountOf(more_often_with ? without : with, event), 1));
          if (proven <= promised) continue;
          promised = proven;
          best = event;
          by = &score;
        }
      }
    }
  }
  const std::vector<int64_t> with = SortedScores(count_with, *by), without = SortedScores(count_without, *by);
  const double often = LeastChance(with.size(), CountOf(best.more_often_with ? with : without, best));
  const double rarely = LargestChance(with.size(), CountOf(best.more_often_with ? without : with, best));
  return {proves(often, rarely), absl::StrCat(by->name, best.below ? " below " : " from ", best.from)};
}

}  // namespace penc::audit
