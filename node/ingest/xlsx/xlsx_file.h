// An Excel workbook (.xlsx) as a file of rows. It lies in memory as it came, compressed; a sheet is read as a
// stream.
#pragma once
#include <memory>

#include "absl/status/statusor.h"
#include "ingest/byte_source.h"
#include "ingest/read_budget.h"
#include "ingest/row_file.h"

namespace penc {

// `source` is read to its end. INVALID_ARGUMENT: no workbook, damaged, an older or encrypted one (an OLE
// container); RESOURCE_EXHAUSTED: too large. `budget`: of all that is unpacked, not null.
absl::StatusOr<std::unique_ptr<RowFile>> OpenWorkbook(ByteSource& source, std::shared_ptr<ReadBudget> budget);

}  // namespace penc
