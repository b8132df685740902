// A CSV text as a file of rows: one nameless sheet, read once.
#pragma once
#include <memory>

#include "absl/status/statusor.h"
#include "ingest/byte_source.h"
#include "ingest/row_file.h"

namespace penc {

// `source` outlives the file; `first` was peeked from it, `whole` where nothing follows.
std::unique_ptr<RowFile> OpenCsv(std::unique_ptr<ByteSource> source, absl::string_view first, bool whole);

}  // namespace penc
