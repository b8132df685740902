// WHERE on one segment. Internal to the store.
#pragma once
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "question/question.h"
#include "store/segment_view.h"

namespace penc {

// For each row of `table` in the segment: 1 where it passes, else 0.
absl::StatusOr<std::vector<uint8_t>> RowsPassing(const Predicate& predicate, const SegmentView& segment,
                                                 uint32_t table);

}  // namespace penc
