// What each column of a file is for, by its heading and a mapping: everything that can be said before the
// first row. Every column is used, ignored or left out by name, else the import stops.
#pragma once
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "codebook/codebook.h"
#include "ingest/cell.h"
#include "ingest/mapping.h"
#include "ingest/row_file.h"

namespace penc {

struct FileColumns {
  // One source column, or the option columns of one question.
  struct Target {
    uint32_t column;  // of the table
    int at = -1;
    struct Option {
      int at;
      StoredValue bit;
    };
    std::vector<Option> options;  // none: `at` is the column
    CellParser parser;
  };
  std::vector<int> person, row;  // positions; a person without columns: each row is one
  std::vector<int> network_person;
  int consent = -1, status = -1;
  std::vector<Target> targets;
  std::vector<std::string> left_out;  // the form's own columns, dropped
  int origin = -1, origin_row = -1,
      origin_sheet = -1;  // of a quarantine file: which row of which import it was
};

// `heading` with the parents' columns that the mapping uses, already appended as "../NAME". INVALID_ARGUMENT:
// a column that is not there, stands there twice or is not accounted for.
absl::StatusOr<FileColumns> ColumnsOf(const FileHeading& heading, const Mapping& mapping,
                                      const Codebook& codebook);

}  // namespace penc
