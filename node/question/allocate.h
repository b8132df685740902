// How the price of a bulletin is divided over its tables, for margins that its author states (allocate.md).
// Pure, and the same on every machine: it ends in a price and in whole-number weights, which the bulletin
// carries and from which every office makes the same plan.
//
//   ASSIGN_OR_RETURN(const std::vector<TableNeed> needs, NeedsOf(plan, {20, absl::nullopt}, codebook));
//   ASSIGN_OR_RETURN(const Allocation found, Allocate(needs, 600000, reference));
#pragma once
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "codebook/codebook.h"
#include "privacy/mechanism.h"
#include "privacy/promise.h"
#include "privacy/ratio.h"
#include "question/plan.h"

namespace penc {

// The largest weight that a question may have (Bind refuses more).
inline constexpr uint32_t kLargestWeight = 1000;

// What a price of `ppm` parts per million of the reference promise's budget is, in 2^-40, rounded down.
uint64_t TotalPrice(uint64_t ppm, const Promise& reference);

// One column of a table: its block's contribution, and what one released integer is in units of the answer.
struct ColumnNeed {
  Contribution person;
  Ratio unit = {1, 1};
};

// One table. Its columns have equal parts of its price, as in the plan.
struct TableNeed {
  std::vector<ColumnNeed> columns;
  absl::optional<uint64_t> margin;  // 95 % half width, of every column in its own unit; absent: `weight`
  uint32_t weight = 1;              // of what the stated margins leave
};

// One entry of `margins` per question of `plan`, which may have been made at any price. INVALID_ARGUMENT
// where a question with a margin has a column whose margin depends on the answer or on the level (ROLLUP),
// counts in coarser steps, or groups by an open list.
absl::StatusOr<std::vector<TableNeed>> NeedsOf(const Plan& plan,
                                               absl::Span<const absl::optional<uint64_t>> margins,
                                               const Codebook& codebook);

struct Allocation {
  enum class Kind {
    kMet,     // every stated margin is met
    kScaled,  // they cost more than was offered: all are wider by one common factor, the least that is paid
  };
  Kind kind = Kind::kMet;
  uint32_t share_ppm = 0;  // of the reference promise's budget, for the whole; at most what was offered
  std::vector<uint32_t> weights;  // one per table, 1 to kLargestWeight
  double factor = 1;              // every margin is at most this times what was stated
  uint64_t stated_ppm = 0;        // what the stated margins alone cost; above 1,000,000: no budget pays them
};

// The cheapest price at which every table with a margin meets it; tables without one share what is left of
// `offered_ppm` by their weights (all of it is then spent). At least one table states a margin.
// INVALID_ARGUMENT, with what would do, where nothing is left for those, or where not even margins 65,536
// times as wide are paid.
absl::StatusOr<Allocation> Allocate(absl::Span<const TableNeed> tables, uint32_t offered_ppm,
                                    const Promise& reference);

// The plan of `--margin`: every block gets the cheapest noise with this half width, whatever that costs.
// ROLLUP: noise of one half width at all levels, the widest with which every estimate has the margin. Leaves
// the noise in `plan`. INVALID_ARGUMENT as NeedsOf; and where the whole budget would not pay: then it
// says which margin it would.
absl::Status PriceForMargin(uint64_t margin, const Promise& reference, const Codebook& codebook, Plan& plan);

}  // namespace penc
