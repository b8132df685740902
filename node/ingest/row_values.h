// From a row's cells to the stored values of its table. Not thread-safe.
#pragma once
#include <vector>

#include "codebook/codebook.h"
#include "ingest/cell.h"
#include "ingest/file_columns.h"
#include "ingest/mapping.h"
#include "ingest/row_file.h"

namespace penc {

struct RowProblem {
  CellProblem problem = CellProblem::kNone;
  int at = -1;  // the column of the file
};

// One value for each column of `table`; the first cell that was not understood. The row has as many cells as
// the heading.
RowProblem ReadValues(const FileRow& row, const Mapping& mapping, const Table& table, FileColumns& columns,
                      std::vector<StoredValue>* values);

// A cell that says whose row or which row this is, and is a formula without a value.
RowProblem UnusableReference(const FileRow& row, const FileColumns& columns);

}  // namespace penc
