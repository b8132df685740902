// An Excel workbook (.xlsx) as a file of rows. It lies in memory as it came, compressed; a sheet is read as a
// stream.
#pragma once
#include <memory>

#include "absl/status/statusor.h"
#include "ingest/byte_source.h"
#include "ingest/row_file.h"

namespace penc {

// `source` is read to its end. INVALID_ARGUMENT: no workbook, damaged, an older or encrypted one (an OLE
// container); RESOURCE_EXHAUSTED: too large.
absl::StatusOr<std::unique_ptr<RowFile>> OpenWorkbook(ByteSource& source);

}  // namespace penc
