// A sheet that was read once from front to back: its headings and what each column's values look like.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "ingest/column_match.h"
#include "ingest/column_profile.h"
#include "ingest/row_file.h"

namespace penc {

struct SurveyedSheet {
  FileHeading heading;
  std::vector<ColumnProfile> profiles;  // by column
  uint64_t rows = 0;

  // The columns, questions with option columns taken together. Views into this: it outlives them.
  std::vector<SourceColumn> Sources() const;
};

// Errors as RowFile::Read. `encoding`: empty, or what a CSV is likely to be in.
absl::StatusOr<SurveyedSheet> Survey(RowFile& file, const std::string& sheet, const std::string& encoding);

}  // namespace penc
