// Every question becomes a vector of integers: domain, blocks, mechanisms, cost. A plan depends on the
// questions, the codebook and the price only; no record is looked at and no policy alters it. A plain value,
// safe to share.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "codebook/codebook.h"
#include "privacy/cost.h"
#include "privacy/key_selection.h"
#include "privacy/mechanism.h"
#include "privacy/promise.h"
#include "question/question.h"

namespace penc {

inline constexpr uint32_t kNoCategory = UINT32_MAX;

struct Category {
  std::string code;  // "f", "2026-Q1", "" for NULL
  Text label;
  bool null = false;
};

// One GROUP BY key: its categories in order (NULL last where it can occur), and where each stored value
// falls.
struct Axis {
  Grain grain;
  std::string name;  // column title
  std::vector<Category> categories;
  // kCode, dates: by stored value. kCodes at kValue: [bit] for each code, and at index 31 the category of
  // mask 0. kCodes at kMain / kFold: see `mask_order`. Values outside the asked range map to kNoCategory.
  // Cohorts: by edition, from the first that the question names on.
  std::vector<uint32_t> category_of;
  bool by_mask = false;              // kValue of a kCodes column: one row falls into several categories
  std::vector<uint32_t> mask_order;  // kMain: bits in order of precedence; the first present decides
  uint32_t open = 0;  // of an open list whose words are not chosen yet: at most how many more categories
};

// A key of GROUP BY ... ROLLUP(...): an axis of the domain, or coarser than one.
struct RollupKey {
  std::string name;
  std::vector<Category> categories;
  uint32_t axis = 0;                  // which one
  std::vector<uint32_t> category_of;  // of each category of that axis
};

// The same rows by the first `keys` keys.
struct RollupLevel {
  uint32_t keys = 0;
  uint64_t cells = 1;
  std::vector<uint32_t> cell_of;  // of each cell of the domain; empty at the finest level: itself
};

struct Rollup {
  std::vector<RollupKey> keys;
  std::vector<RollupLevel> levels;  // the finest first, which is the domain itself; none: not asked
  std::vector<uint32_t> order;      // of the domain's cells, by their keys
};

// Cells of one question, row-major over its axes, the last axis fastest. No axis: one cell. Of ROLLUP they
// are those of the finest level, and of several keys of one column only the finest is an axis: a month
// outside its year is no cell.
struct Domain {
  std::vector<Axis> axes;
  uint64_t cells = 1;  // of an open list the most that there can be
  Rollup rollup;
  // By cell, where a cap's draws must not depend on which other cells there are; empty: the cell's number.
  std::vector<uint64_t> drawn_as;
};

// What a block counts of one person, before noise. The store implements exactly these.
//   kPersons  1 in each of at most per_person.l0 cells that the person's matching rows fall in
//   kRows     matching (row, cell) pairs, at most `rows` in all; `value` set: only rows where it is not NULL;
//             all blocks of a question keep the same rows
//   kAmounts  per cell, over the same kept pairs: a = sum of (multiplier * stored-index + offset) of `value`,
//   then
//             rounded to units of `grid` (see RoundToGrid), |a| <= grid * per_person.linf
struct Counting {
  enum class Kind { kPersons, kRows, kAmounts };
  Kind kind = Kind::kPersons;
  uint32_t rows = 1;                   // cap for kRows and kAmounts
  absl::optional<ColumnRef> value;     // kRows (non-null filter), kAmounts
  int64_t multiplier = 1, offset = 0;  // amount of stored value v (not NULL): multiplier * (v - 1) + offset
  int64_t grid = 1;
  // Squares: with d the amount above, |d| <= bound, 2 d^2 - bound^2 is summed instead. 0: the amount itself.
  int64_t square_bound = 0;
  // Every cell of the domain may be divided: cell * fan + part. `fan` is 1 where it is not. By value: part (v
  // - 1) / part_width of `value`. By person: part g where a row of the person in that cell is in group g;
  // where `rest` is set, only the first group that fits, and the last part for whoever is in none.
  uint32_t fan = 1;
  uint32_t part_width = 0;
  std::vector<Predicate> groups;
  bool rest = false;
  // Whether an organisation's cell says only that somebody is there: 1 for any number of persons.
  bool mark = false;
  // ROLLUP: this level of the domain. A coarser one is added up from the exact cells of the finest, in the
  // block that stands so many places before it: one cap, and the same rows at all levels.
  uint32_t level = 0;
};

// A range of the vector with one noise law.
struct Block {
  uint32_t question = 0, measure = 0;  // which question and measure it serves
  uint64_t first = 0, cells = 0;       // range in the vector
  Counting counting;
  Contribution per_person;
  Mechanism noise;
};

// The words of an axis are chosen from what records say, before the blocks are counted (question/keys.h).
struct KeyStep {
  uint32_t question = 0, axis = 0;
  uint32_t most = 0;  // words that an answer names
  KeySelection law;
  bool cut = false;  // once made: more words were kept than an answer names
};

struct PlannedQuestion {
  Question question;
  Domain domain;
  Caps caps;  // in force
  std::vector<uint32_t> blocks;
};

struct Plan {
  std::string id;  // 32 bytes: SHA-256 of canonical questions, codebook hash, blocks and mechanisms
  std::string codebook_hash;
  std::vector<PlannedQuestion> questions;
  std::vector<Block> blocks;
  std::vector<KeyStep> selections;
  uint64_t length = 0;  // of the vector; with open lists the longest that it can be
  Cohorts cohorts;      // the union that the questions name (hull); absent ends: open
  Price price;
  Cost reference_cost;  // at the codebook's reference promise
};

// What the plan costs at an office's own promise: the sum over its blocks and selections.
Cost CostAt(const Plan& plan, Order order);

struct PlanLimits {
  uint64_t cells = 1 << 20;  // of the whole vector; refused before anything is laid out
};

// INVALID_ARGUMENT with what, where and what next: dates without a range, a price that buys nothing, too many
// cells...
absl::StatusOr<Plan> MakePlan(std::vector<Question> questions, const Price& price, const Codebook& codebook,
                              const PlanLimits& limits = {});

}  // namespace penc
