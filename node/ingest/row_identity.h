// The column of a file that names its rows, the same in every further export of the same form: what the
// `row:` of a mapping should be. Pure.
#pragma once
#include <cstdint>
#include <functional>
#include <vector>

#include "ingest/column_match.h"
#include "ingest/synonyms.h"

namespace penc {

struct RowIdentityAsked {
  const std::vector<SourceColumn>& sources;
  uint64_t rows = 0;  // of the file
  const Synonyms& synonyms;
  bool repeats = false;  // a sheet of a repeat group: its submission's columns name no row of it
  // Also columns that only look like one: "distribution_id".
  bool by_name = false;
  // Whether a column is something else: a person's reference, a telephone number.
  std::function<bool(const SourceColumn&)> taken;
};

// Null where none is filled in every row with another value. A running number (_index) is none: a row that is
// deleted moves the ones after it.
const SourceColumn* FindRowIdentity(const RowIdentityAsked& asked);

}  // namespace penc
