// Noise that several offices add up to exactly one law (proof: noise_share.md). With n offices asked, t of
// them presumed dishonest and m that answer, each of the m adds shares so that any m - t of them make exactly
// the wanted noise: a base share that always stays, and removable components that are taken away when more
// than the fewest answered. "Sampler v1": others regenerate removable components bit for bit from a seed; its
// vectors are tests/vectors/noise_share_v1.jsonl.
#pragma once
#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "base/random.h"
#include "privacy/mechanism.h"

namespace penc {

// Numbers of organisations, ascending: levels.front() is the fewest that may answer, levels.back() = n.
// dishonest < levels.front().
struct ShareSchedule {
  uint32_t dishonest = 0;
  std::vector<uint32_t> levels;

  // Components beside the base: component j is there for fewer than levels[j + 1] answers.
  size_t components() const { return levels.size() - 1; }
  // When `answered` (>= levels.front()) organisations were certified, the components with levels[j + 1] >
  // answered stay; the others are removed.
  size_t StayingFrom(uint32_t answered) const;  // index of the first component that stays

  // Not reduced: a Laplace share is `num` draws of the urn over blocks of `den` cells.
  Ratio BaseRate() const;               // 1 / (n - dishonest)
  Ratio ComponentRate(size_t j) const;  // 1 / (low - dishonest) - 1 / (high - dishonest)
};

// The base share added to every cell; random bits are nobody else's business.
void AddBaseShare(const Mechanism& mechanism, const ShareSchedule& schedule, RandomSource& random,
                  absl::Span<int64_t> cells);

// Component j regenerated from its 32-byte seed: added to (sign = 1) or taken from (sign = -1) `cells`.
// `block` is the number of the plan's block, so that one seed serves all blocks of a vector. A pure function
// of its arguments, the same on every machine. `first_bits` is how many bits of a cell's first word a Skellam
// draw takes: 64 is sampler v1; tests take fewer, so that the stream of further words is used at all.
void AddComponent(const Mechanism& mechanism, const ShareSchedule& schedule, size_t j,
                  absl::Span<const uint8_t> seed, uint32_t block, int sign, absl::Span<int64_t> cells,
                  int first_bits = 64);

// The law that remains when `answered` organisations answered and every removable component was removed, in
// honest shares: `rate` times the mechanism's law (a Laplace of rate r is NB(r) - NB(r), a Skellam r * mu),
// rate = answered / (level - dishonest), level the largest one <= answered.
struct RemainingRate {
  uint32_t num = 1, den = 1;
};
RemainingRate RemainingNoise(const ShareSchedule& schedule, uint32_t answered);

}  // namespace penc
