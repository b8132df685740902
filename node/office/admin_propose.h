// The import command that only proposes a mapping: what a file's columns would become, what is still open,
// whether a kept mapping reads it.
#pragma once
#include "absl/status/statusor.h"
#include "ingest/byte_source.h"
#include "ingest/read_budget.h"
#include "office/office.h"
#include "penc/v1/admin.pb.h"

namespace penc {

// Keeps nothing. Cells are quoted only where the command says that a person sits at the office's own
// terminal, and only of columns that hold codes; a mapping quotes none but those that its `values` need.
absl::StatusOr<v1::ImportResult> ProposeHere(Office& office, const v1::ImportCommand& command,
                                             ByteSource& upload, const Cancelled& cancelled);

}  // namespace penc
