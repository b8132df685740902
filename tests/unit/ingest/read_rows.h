// A file of rows read to its end, for tests.
#pragma once
#include <string>
#include <vector>

#include "base/status.h"
#include "ingest/row_file.h"
#include "tests/unit/ingest/memory_file.h"

namespace penc {

struct AllRows {
  FileHeading heading;
  std::vector<uint64_t> numbers;
  CsvRows rows;
  std::vector<std::vector<CellKind>> kinds;
  absl::Status status;
  std::string why() const { return status.ok() ? "read all the same" : Explain(status).en; }
};

inline AllRows ReadAll(const std::string& bytes, const SheetForm& form = {}) {
  AllRows read;
  MemoryFile file(bytes, bytes.size() < 1 << 12 ? 13 : 40009);
  const auto rows = OpenRowFile(file);
  if (!rows.ok()) {
    read.status = rows.status();
    return read;
  }
  read.status = (*rows)->Read(
      form,
      [&](const FileHeading& heading) {
        read.heading = heading;
        return absl::OkStatus();
      },
      [&](const FileRow& row) {
        read.numbers.push_back(row.number);
        read.rows.emplace_back(row.cells.begin(), row.cells.end());
        read.kinds.emplace_back(row.kinds.begin(), row.kinds.end());
        return absl::OkStatus();
      });
  return read;
}

}  // namespace penc
