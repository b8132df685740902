#include "federation/parameters.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "crypto/hash.h"
#include "privacy/law.h"
#include "question/exact_vector.h"

namespace penc {
namespace {

constexpr uint32_t kExactUpTo = 128;
constexpr uint32_t kSteps = 17;

absl::Status TooFew(uint32_t have, uint32_t need, const char* fr, const char* en) {
  return Fail(absl::StatusCode::kFailedPrecondition,
              {absl::StrCat("il faut au moins ", need, " ", fr, "; il y en a ", have),
               absl::StrCat("at least ", need, " ", en, " are needed; there are ", have)});
}

}  // namespace

absl::StatusOr<Committee> CommitteeFor(uint32_t asked) {
  if (asked < 5) return TooFew(asked, 5, "organisations", "organisations");
  if (asked == 5) return Committee{5, 2, 1};
  if (asked == 6) return Committee{6, 1, 2};
  if (asked < 100) return Committee{7, 2, 2};
  if (asked < 500) return Committee{13, 4, 4};
  return Committee{31, 10, 10};
}

uint32_t PresumedDishonest(uint32_t asked, uint32_t colluding, uint32_t declared) {
  if (declared > 0) return std::max(declared, colluding);
  return std::max({colluding, uint32_t{2}, (15 * asked + 99) / 100});
}

uint32_t FewestFor(uint32_t asked, uint32_t dishonest) {
  return std::max({uint32_t{5}, (asked + 1) / 2, dishonest + 3});
}

std::vector<uint32_t> LevelsFor(uint32_t asked, uint32_t dishonest, uint32_t fewest) {
  std::vector<uint32_t> levels;
  if (asked <= kExactUpTo) {
    for (uint32_t m = fewest; m <= asked; ++m) levels.push_back(m);
    return levels;
  }
  const double low = fewest - dishonest, high = asked - dishonest;
  for (uint32_t j = 0; j <= kSteps; ++j) {
    const double honest = low * std::pow(high / low, static_cast<double>(j) / kSteps);
    const uint32_t level = j == kSteps ? asked : dishonest + static_cast<uint32_t>(honest);
    if (levels.empty() || level > levels.back()) levels.push_back(level);
  }
  return levels;
}

int64_t OfficeBound(uint32_t word_bits) { return word_bits == 32 ? int64_t{1} << 20 : kCellBound; }

uint32_t WordBitsFor(const Plan& plan, uint32_t asked, uint32_t dishonest, uint32_t fewest) {
  double noise = 0;
  for (const Block& block : plan.blocks) {
    if (block.counting.kind == Counting::Kind::kAmounts) return 64;
    // Before anything is taken away every cell holds asked / (fewest - dishonest) times the law.
    Mechanism all = block.noise;
    all.rate = {asked, fewest - dishonest};
    // 2^-40 / 2^20 cells: 80 standard deviations and scales are far beyond for both families.
    noise = std::max(noise, 80 * (std::sqrt(Variance(all)) + 1));
  }
  const double sum = static_cast<double>(asked) * static_cast<double>(OfficeBound(32));
  return sum + noise < std::ldexp(1, 31) ? 32 : 64;
}

absl::StatusOr<std::vector<uint32_t>> StewardsFor(const CheckedRoster& roster,
                                                  const std::vector<uint32_t>& asked,
                                                  const Committee& committee, absl::Time until) {
  const std::string seed = Sha256(roster.bytes());
  std::vector<std::pair<std::string, uint32_t>> able;
  for (uint32_t member : asked) {
    const v1::Member& one = roster.roster.members(static_cast<int>(member));
    if (one.has_epoch() && one.epoch().until_unix_micros() >= absl::ToUnixMicros(until))
      able.emplace_back(Sha256({"penc steward v1\n", seed, one.key()}), member);
  }
  if (able.size() < committee.stewards)
    return TooFew(static_cast<uint32_t>(able.size()), committee.stewards,
                  "témoins avec des clés d'époque assez longues",
                  "stewards with epoch keys that last long enough");
  std::sort(able.begin(), able.end());
  std::vector<uint32_t> stewards;
  for (uint32_t k = 0; k < committee.stewards; ++k) stewards.push_back(able[k].second);
  std::sort(stewards.begin(), stewards.end());
  return stewards;
}

}  // namespace penc
