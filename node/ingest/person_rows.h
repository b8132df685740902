// Rows of one person in a file of rows set aside: found by the reference, and the file without them.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "ingest/person_key.h"

namespace penc {

// Whether a row is a person's. Not thread-safe.
class PersonMatch {
 public:
  // `parts`: the reference as it was given; none where only the key is known: then a reference of one or two parts is
  // found in any column, a longer one only in columns that are known. `maker` outlives it.
  PersonMatch(PersonKeyMaker& maker, const PersonKey& person, std::vector<std::string> parts);

  // The reference stands in these columns.
  bool InColumns(absl::Span<const absl::string_view> cells, absl::Span<const size_t> columns);
  // It stands somewhere in the row.
  bool Anywhere(absl::Span<const absl::string_view> cells);

 private:
  bool Is(absl::Span<const absl::string_view> parts);

  PersonKeyMaker& maker_;
  const PersonKey person_;
  std::vector<std::string> parts_;  // normalised
};

struct PersonCut {
  uint64_t rows = 0;           // the person's
  uint64_t kept = 0;           // others'
  bool by_any_column = false;  // which columns hold the reference was not known
  std::string content;         // the file without the person's rows
};

// `columns`: headings of the columns that hold the reference, in its order; none: not known. The file stays as it is.
// INVALID_ARGUMENT where it cannot be read, UNIMPLEMENTED where it can be read and not written.
absl::StatusOr<PersonCut> CutPerson(const std::string& path, const std::vector<std::string>& columns,
                                    PersonMatch& match);

}  // namespace penc
