// Small files, written so that a pulled plug leaves the old content or the new, never a mixture.
#pragma once
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace penc {

// NOT_FOUND where there is none; refuses more than `limit_bytes`.
absl::StatusOr<std::string> ReadFile(const std::string& path, size_t limit_bytes = 64 << 20);

// Writes `path`.tmp, fsyncs, renames over `path`, fsyncs the folder. `mode` as for open(2).
// RESOURCE_EXHAUSTED on a full disk; the old file is then unharmed.
absl::Status WriteFileAtomically(const std::string& path, absl::string_view content, int mode = 0644);

bool FileExists(const std::string& path);

}  // namespace penc
