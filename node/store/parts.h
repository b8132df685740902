// Blocks whose cells are divided into parts (Counting::fan): from pairs of (row, cell) to pairs of (row, part
// of a cell). Internal to the store.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/types/span.h"
#include "question/plan.h"
#include "store/pack.h"

namespace penc {

// The pairs of one segment, in person order.
struct DividedPairs {
  std::shared_ptr<const UnpackedColumn> counts;  // pairs of each person
  std::vector<uint32_t> cell;  // of the block: cell * fan + part; at or above `nowhere`: none
};

// By value: `values` of the pairs, kNull: in no part. One pair for each pair.
std::vector<uint32_t> PartsByValue(const Counting& counting, absl::Span<const uint32_t> cells,
                                   absl::Span<const uint32_t> values, uint32_t nowhere);

// By person: `fits[g][i]` says whether the row of pair i is in group g. With `rest` every person has one part
// in each cell: the first group that any of their rows there is in, else the last part. Else a pair for each
// group that a pair is in.
DividedPairs PartsByPerson(const Counting& counting, const UnpackedColumn& counts,
                           absl::Span<const uint32_t> cells, const std::vector<std::vector<uint8_t>>& fits,
                           uint32_t nowhere);

}  // namespace penc
