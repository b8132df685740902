// Rows that an import sets aside, as a workbook to be corrected and imported as it is: before the file's own
// columns stand the reason, the sheet and row of the original, and which import it was.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/status.h"
#include "ingest/row_file.h"
#include "ingest/xlsx/sheet_writer.h"

namespace penc {

// Where a row first stood. A row of a quarantine file keeps what is written there.
struct RowOrigin {
  std::string import;  // "12"
  std::string sheet;
  std::string row;
};

// What a row of a quarantine file says of itself in the columns that penc put before its own: 8 bytes, the
// same in every copy of the file.
std::string SetAsideKey(const FileHeading& heading, const FileRow& row);

// Nothing of the row was kept but where it stood.
bool OnlyItsPlace(const FileHeading& heading, const FileRow& row);

class Quarantine {
 public:
  // `path`: "….xlsx"; where a file of that name waits already, another is written beside it. Empty: nothing
  // is.
  explicit Quarantine(std::string path) : path_(std::move(path)) {}
  // `heading` as it was read (its own columns, if it was a quarantine file, are left out); outlives this.
  void Begin(const FileHeading& heading) { heading_ = &heading; }
  absl::Status Add(const FileRow& row, const std::string& reason, const RowOrigin& origin);
  // The same without its cells.
  absl::Status AddPlace(const std::string& reason, const RowOrigin& origin);
  // The rows are on the disk, under a name that nobody takes for a file to correct.
  absl::Status Close();
  // After the first row: the name that Keep gives, and the one until then.
  const std::string& path() const { return kept_; }
  std::string temporary() const { return writer_ == nullptr ? "" : writer_->temporary(); }
  // The file's path, durable; empty: no row was set aside.
  absl::StatusOr<std::string> Keep();
  // The import was not kept after all: what Keep left goes.
  void Discard();

 private:
  void WriteHeading();

  std::string path_, kept_;
  const FileHeading* heading_ = nullptr;
  std::unique_ptr<SheetWriter> writer_;
  std::vector<absl::string_view> cells_;
  std::vector<CellKind> kinds_;
};

}  // namespace penc
