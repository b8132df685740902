// A file of rows without some of them: which ones are chosen first, then the others are written as they
// stand, other sheets and rows that nobody understands included. Of a workbook values stay; formats, formulas
// and comments do not.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "ingest/row_file.h"

namespace penc {

struct RowChoice {
  std::map<size_t, std::set<uint64_t>> rows;  // numbers as Excel shows them, by sheet
  uint64_t taken = 0, kept = 0;               // headings of rows set aside do not count
  size_t sheets = 0;                          // that have rows
};

// `heading`: of a sheet of rows set aside, the same object for all of its rows; null: of any other sheet,
// whose first rows are rows, too.
using RowTest = std::function<bool(const FileHeading* heading, const FileRow& row)>;

// The rows of all sheets that the test says yes to. INVALID_ARGUMENT where a sheet cannot be read.
absl::StatusOr<RowChoice> ChooseRows(const std::string& path, const RowTest& test);

// The file's content without them. A CSV comes back with a byte order mark and semicolons.
absl::StatusOr<std::string> WithoutRows(const std::string& path, const RowChoice& choice);

}  // namespace penc
