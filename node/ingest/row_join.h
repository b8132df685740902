// Rows of a repeat group, or of a members' file, with the columns of the row they are a part of behind their
// own: "../NAME". Where the mapping joins nothing, rows pass as they are.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "ingest/mapping.h"
#include "ingest/parent_rows.h"
#include "ingest/row_file.h"

namespace penc {

class RowJoin {
 public:
  // `mapping` outlives it.
  explicit RowJoin(const Mapping& mapping);

  // The parents' file, where it comes apart; before Heading.
  absl::Status Bring(ByteSource& parents, std::shared_ptr<ReadBudget> budget);
  // The heading of joined rows. Reads the parents from the same workbook where they have not come apart. A
  // quarantine file brings its rows' parents along, apart from those that had none.
  absl::StatusOr<FileHeading> Heading(RowFile& file, const FileHeading& heading);

  struct Joined {
    FileRow row;                   // lives until the next one
    absl::optional<Text> problem;  // it has no parent, or not one
    int at = -1;                   // the column that names it
  };
  Joined Join(const FileRow& row);

 private:
  absl::optional<Text> Fill(const FileRow& row);
  bool Filled() const;

  const Parent* parent_;
  std::vector<std::string> columns_;  // of the parents, that the mapping uses
  std::unique_ptr<ParentRows> parents_;
  bool quarantine_ = false;
  size_t width_ = 0;  // of the file's own rows
  int key_ = -1, table_ = -1;
  std::vector<size_t> places_;  // of columns_, in joined rows
  std::vector<absl::string_view> cells_;
  std::vector<CellKind> kinds_;
};

// The parents' columns that a mapping uses, without their "../".
std::vector<std::string> ColumnsOfParents(const Mapping& mapping);

}  // namespace penc
