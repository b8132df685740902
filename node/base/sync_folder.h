// A new name in a folder outlives a pulled plug only once the folder itself is on the disk.
#pragma once
#include <string>

#include "absl/status/status.h"

namespace penc {

// Fsyncs the folder that holds `path`. INTERNAL and others as in file.h.
absl::Status SyncFolderOf(const std::string& path);

}  // namespace penc
