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

// A cell's text; empty where it stands for nothing stated.
absl::string_view Stated(const FileRow& row, int at, const Mapping& mapping);

// The cells by which the network recognises the row's person; false: the file has none, or one is a formula
// without a value.
bool NetworkFields(const FileRow& row, const FileColumns& columns, const Mapping& mapping,
                   std::vector<absl::string_view>* fields);

// One value for each column of `table`; the first cell that was not understood. The row has as many cells as
// the heading.
RowProblem ReadValues(const FileRow& row, const Mapping& mapping, const Table& table, FileColumns& columns,
                      std::vector<StoredValue>* values);

// A cell that says whose row or which row this is, and is a formula without a value.
RowProblem UnusableReference(const FileRow& row, const FileColumns& columns);

}  // namespace penc
