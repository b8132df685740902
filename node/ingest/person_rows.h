// Rows of one person in a file of rows set aside: found by the reference, in every sheet.
#pragma once
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "ingest/person_key.h"
#include "ingest/row_cut.h"

namespace penc {

// Whether a row is a person's. Not thread-safe.
class PersonMatch {
 public:
  // `parts`: the reference as it was given. `maker` outlives it.
  PersonMatch(PersonKeyMaker& maker, const PersonKey& person, const std::vector<std::string>& parts);

  // The reference stands in these columns.
  bool InColumns(absl::Span<const absl::string_view> cells, absl::Span<const size_t> columns);
  // All of its parts stand somewhere in the row.
  bool Anywhere(absl::Span<const absl::string_view> cells) const;

 private:
  PersonKeyMaker& maker_;
  const PersonKey person_;
  std::vector<std::string> parts_;  // normalised
};

struct PersonFound {
  RowChoice choice;
  bool by_any_column = false;  // of some row it was not known which columns hold the reference
};

// `columns`: headings of the columns that hold the reference, in its order; none: not known. INVALID_ARGUMENT
// where the file cannot be read.
absl::StatusOr<PersonFound> FindPerson(const std::string& path, const std::vector<std::string>& columns,
                                       PersonMatch& match);

}  // namespace penc
