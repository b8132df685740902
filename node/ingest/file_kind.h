// What a file is by its first bytes. Its name may lie: a .xls that is a web page, a .csv that is a workbook.
#pragma once
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace penc {

enum class FileKind { kText, kWorkbook };

// kText where nothing else is recognised. INVALID_ARGUMENT: something that has no rows to read, with its name
// and what to do.
absl::StatusOr<FileKind> KindOf(absl::string_view first);

}  // namespace penc
