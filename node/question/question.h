// A question, bound to a codebook and canonical: what SQL or a typed Select means once every name is
// resolved. A plain value. It knows no record, no policy and no noise.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "absl/types/optional.h"
#include "codebook/codebook.h"
#include "codebook/period.h"

namespace penc {

// Inclusive range of stored values (codebook.h).
struct Interval {
  StoredValue first = 0, last = 0;
};

// WHERE in negation normal form: three-valued logic is already resolved, a row passes where the tree is true.
struct Predicate {
  enum class Kind { kTrue, kAnd, kOr, kIn, kHasAny, kHasNone };
  Kind kind = Kind::kTrue;
  std::vector<Predicate> children;  // kAnd, kOr
  ColumnRef column;                 // leaves
  std::vector<Interval> values;     // kIn: sorted, disjoint, not adjacent; may hold kNull (IS NULL)
  uint32_t mask = 0;                // kHasAny: (v & mask) != 0; kHasNone: v != 0 && (v & mask) == 0
};

// How a GROUP BY column is read. The last three read none: the person's cohort, or the quarter or year that
// holds it.
enum class GrainLevel {
  kValue,
  kFold,
  kMain,
  kParent,
  kDay,
  kWeek,
  kMonth,
  kQuarter,
  kYear,
  kBand,
  kEntered,
  kEnteredQuarter,
  kEnteredYear
};
inline constexpr ColumnRef kNoColumn{UINT32_MAX, UINT32_MAX};
struct Grain {
  ColumnRef column;  // kNoColumn where of_cohorts()
  GrainLevel level = GrainLevel::kValue;
  bool of_cohorts() const { return level >= GrainLevel::kEntered; }
};

enum class MeasureKind {
  kPersons,
  kRows,
  kSum,
  kMean,
  kQuantile,
  kVariance,
  kDeviation,
  kShare,
  kDifference,
  kDistinct,
  kShared
};
struct Measure {
  MeasureKind kind = MeasureKind::kPersons;
  absl::optional<ColumnRef> column;  // kSum, kMean, kQuantile, kVariance, kDeviation
  std::string name;                  // column title in the answer ("persons", an AS alias)
  uint32_t quantile_ppm = 0;         // kQuantile: which one, in millionths; the median is 500,000
  std::vector<Predicate> groups;     // kShare: whose share; kDifference: of the first, less the second
  uint64_t expected_persons = 0;  // kDistinct, kShared: about how many there are, which decides the buckets
};

// Editions whose persons are asked; absent: all that are closed.
struct Cohorts {
  absl::optional<Edition> from, to;  // inclusive
};

// What the asker pays, for one whole bulletin.
struct Price {
  enum class Kind { kShare, kEpsilon, kMargin };
  Kind kind = Kind::kShare;
  // kShare: parts per million of the reference promise's budget (2 % = 20,000). kEpsilon: in 1/1024 (one
  // question). kMargin: wanted 95 % half width of every number, in units of its column.
  uint64_t amount = 20000;
};

struct Question {
  std::string title;  // from a bulletin; may be empty
  uint32_t table = 0;
  std::vector<Measure> measures;
  Predicate where;
  std::vector<Grain> by;
  uint32_t rolled = 0;  // of the last keys: also the totals over the last, the last two, ... (rollup.h)
  Cohorts cohorts;
  absl::optional<Caps> caps;  // only lower than the codebook's
  uint32_t weight = 1;        // its part of a bulletin's price
};

// Deterministic text of a bound question (names, not indexes): what the journal shows, what PlanId hashes.
std::string CanonicalText(const Question& question, const Codebook& codebook);

}  // namespace penc
