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
  std::function<int64_t(Seen)> of;
};

// An event: scores of at least `from`, or below it.
struct Event {
  int64_t from = 0;
  bool below = false;
  bool more_often_with = true;
};

// Every fourth experiment serves to fit scores, every fourth to choose an event, the others to count it.
enum class Part { kFit, kChoose, kCount };
void ForEach(const History& history, Part part, const std::function<void(Seen)>& visit) {
  for (size_t i = 0; i < history.size(); ++i) {
    const Part of = i % 4 == 0 ? Part::kFit : i % 4 == 1 ? Part::kChoose : Part::kCount;
    if (of == part) visit(history.at(i));
  }
}

double MeanOf(const History& history, const std::function<double(Seen)>& what) {
  double sum = 0, n = 0;
  ForEach(history, Part::kFit, [&](Seen seen) {
    sum += what(seen);
    n += 1;
  });
  return sum / n;
}

// Likelihood ratios over all places: of noise with a peak, and of noise like a bell. Weights are whole
// numbers, so that equal evidence gives equal scores.
void AddLikelihoods(const Experiments& experiments, std::vector<Score>& out) {
  const size_t places = experiments.with.places();
  std::vector<int64_t> base(places), step(places), weight(places);
  std::vector<double> scale(places);
  for (size_t p = 0; p < places; ++p) {
    const auto number = [p](Seen seen) { return static_cast<double>(seen[p]); };
    const double centre = MeanOf(experiments.without, number);
    base[p] = std::llround(centre);
    step[p] = std::llround(MeanOf(experiments.with, number) - centre);
    scale[p] = std::max(
        0.1, MeanOf(experiments.without, [&](Seen seen) { return std::fabs(number(seen) - centre); }));
  }
  const double widest = *std::max_element(scale.begin(), scale.end());
  for (size_t p = 0; p < places; ++p) weight[p] = std::llround(16 * widest / scale[p]);
  out.push_back({"peaked likelihood", [=](Seen seen) {
                   int64_t sum = 0;
                   for (size_t p = 0; p < seen.size(); ++p) {
                     const int64_t y = seen[p] - base[p];
                     sum += weight[p] * (std::llabs(y) - std::llabs(y - step[p]));
                   }
                   return sum;
                 }});
  out.push_back({"bell-shaped likelihood", [=](Seen seen) {
                   double sum = 0;  // whole; exact where it matters
                   for (size_t p = 0; p < seen.size(); ++p) {
                     sum += static_cast<double>(weight[p]) * static_cast<double>(weight[p]) *
                            static_cast<double>(step[p]) * static_cast<double>(seen[p] - base[p]);
                   }
                   return static_cast<int64_t>(std::clamp(sum, -1e18, 1e18));
                 }});
}

std::vector<Score> ScoresOf(const Experiments& experiments) {
  const size_t places = experiments.with.places();
  std::vector<Score> scores;
  for (size_t p = 0; p < places; ++p) {
    scores.push_back({absl::StrCat("number ", p + 1), [p](Seen seen) { return seen[p]; }});
    for (size_t q = p + 1; q < places && places <= kFewPlaces; ++q) {
      scores.push_back({absl::StrCat("number ", p + 1, " less number ", q + 1),
                        [p, q](Seen seen) { return seen[p] - seen[q]; }});
    }
  }
  if (places > 1) AddLikelihoods(experiments, scores);
  return scores;
}

std::vector<int64_t> SortedScores(const History& history, Part part, const Score& score) {
  std::vector<int64_t> values;
  ForEach(history, part, [&](Seen seen) { values.push_back(score.of(seen)); });
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

void History::Add(Seen seen) {
  if (places_ == 0) places_ = seen.size();
  PENC_CHECK(!seen.empty() && seen.size() == places_);
  numbers_.insert(numbers_.end(), seen.begin(), seen.end());
}

Proven Audit(const Experiments& experiments, const Proves& proves) {
  const History &with_all = experiments.with, &without_all = experiments.without;
  PENC_CHECK(with_all.size() >= 4 && with_all.size() == without_all.size() &&
             with_all.places() == without_all.places());
  const std::vector<Score> scores = ScoresOf(experiments);
  double promised = -1;
  Event best;
  const Score* by = nullptr;
  for (const Score& score : scores) {
    const std::vector<int64_t> with = SortedScores(with_all, Part::kChoose, score),
                               without = SortedScores(without_all, Part::kChoose, score);
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
  const std::vector<int64_t> with = SortedScores(with_all, Part::kCount, *by),
                             without = SortedScores(without_all, Part::kCount, *by);
  const double often = LeastChance(with.size(), CountOf(best.more_often_with ? with : without, best));
  const double rarely = LargestChance(with.size(), CountOf(best.more_often_with ? without : with, best));
  return {proves(often, rarely), absl::StrCat(by->name, best.below ? " below " : " from ", best.from)};
}

}  // namespace penc::audit
