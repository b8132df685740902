// GROUP BY ... ROLLUP(a, b, c): tables of the same rows by (a, b, c), by (a, b), by (a), and of all. They are
// a tree of counts, whose estimates agree (rollup_estimate.h, consistent.md). Pure.
//
//   GROUP BY ROLLUP(sex, age_band)          each cell, each sex, all
//   GROUP BY ROLLUP(country(p), p)          keys of one column: coarse before fine, each within the one
//   before GROUP BY sex, ROLLUP(year(d), month(d)) a tree for each sex
//
// Only what adds up: rows, sums, persons where every key has one value per person.
#pragma once
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "codebook/codebook.h"
#include "question/plan.h"

namespace penc {

struct BlockShape;

// INVALID_ARGUMENT, with what to ask instead, where the question's levels are no tree, or where a measure
// does not add up over it. OK where nothing is rolled up.
absl::Status CheckRollup(const Question& question, const Codebook& codebook);

// Keys of one column of which a finer one follows: they are no axis. `question` passed CheckRollup.
bool IsDivided(const Question& question, size_t key);

// The tree over the domain's axes. `keys`: the axis of every key of the question, in its order.
Rollup MakeRollup(const Question& question, const Codebook& codebook, const Domain& domain,
                  std::vector<Axis> keys);

// Rows of the answer, totals after their parts. Where nothing is rolled up: the cells.
struct RollupRow {
  uint32_t level = 0;
  uint32_t cell = 0;              // of the level
  uint32_t first = 0, count = 0;  // its cells of the domain: a range of Rollup::order, if there is one
};
std::vector<RollupRow> RowsOf(const Domain& domain);
uint64_t CellsOfAllLevels(const Rollup& rollup);

// A category of every key; one after its last: all of them together.
std::vector<uint32_t> KeyOf(const Domain& domain, const RollupRow& row);

// The same of a coarser level: what one person adds to several cells may come together in one.
BlockShape CoarserShape(const BlockShape& finest, const RollupLevel& level, uint32_t number);

// The part of a measure's price that a level gets, rounded down. With noise whose variance is c / price, as
// at a Rényi price, the sum of the variances of all cells, n_l of them at level l, is least where prices are
// in proportion to the root of n_l; with c / price^2, as Laplace's at a pure epsilon, to the cube root. So
// detail pays most, and the total of a table of 400 cells gets a twentieth: it is less exact than a cell by
// itself would be, but it is the sum of many.
uint64_t PriceOfLevel(const Rollup& rollup, uint32_t level, uint64_t price, bool pure);

// Exact cells of the finest levels are there: adds up those of the coarser ones.
void AddUpLevels(const Plan& plan, absl::Span<int64_t> vector);

}  // namespace penc
