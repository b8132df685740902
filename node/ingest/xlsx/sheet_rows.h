// The rows of one sheet of a workbook, as a stream (ECMA-376, part 1: 18.3). Of merged cells each row of the
// range gets the value, in the range's first column: what a person sees there.
#pragma once
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "ingest/row_file.h"
#include "ingest/xlsx/workbook.h"

namespace penc {

// Where a value stands for the cells below it.
struct MergedDown {
  uint64_t first_row, last_row;  // from 1
  uint32_t column;               // from 0
};

// INVALID_ARGUMENT: damaged, more than kMostSheetRows rows or 16,384 columns; what on_row returns.
// `merged` by first row.
absl::Status ReadSheetRows(ByteSource& xml, const Workbook& workbook, const std::vector<MergedDown>& merged,
                           const OnFileRow& on_row);

// By first row. They stand after the rows: this takes a pass of its own.
absl::StatusOr<std::vector<MergedDown>> ReadMerged(ByteSource& xml);

// A pass that looks for the word only; no range where it is not there.
absl::StatusOr<bool> MentionsMerged(ByteSource& xml);

}  // namespace penc
