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

// The same, and the bytes that were there are written over, as far as the disk lets us: no journal and no
// reserve of it is reached, so on flash and on copying file systems the old content may stay for who reads
// the raw disk. The new file is in place, whole, before the old one is touched.
absl::Status ReplaceFileAndDestroyOld(const std::string& path, absl::string_view content, int mode);

// Written over (with the same limits), then removed, synced. OK where there is none.
absl::Status DestroyFile(const std::string& path);

bool FileExists(const std::string& path);

}  // namespace penc
