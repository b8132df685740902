// A folder as one tar file and back (libarchive; POSIX pax format, readable by any tar).
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace penc {

// What goes in: a file or folder on disk, and its name inside the archive.
struct ArchiveItem {
  std::string path;
  std::string name;
};

// Writes a new file of mode 0600, synced. Folders go in with everything below them. Size in bytes.
// ALREADY_EXISTS, RESOURCE_EXHAUSTED; nothing is left behind on failure.
absl::StatusOr<uint64_t> WriteArchive(const std::string& file, const std::vector<ArchiveItem>& items);

// Unpacks into the existing folder `dir`. Regular files and folders only; names that lead out of `dir` are
// refused. INVALID_ARGUMENT where it is no such archive, DATA_LOSS where it is cut off.
absl::Status ReadArchive(const std::string& file, const std::string& dir);

}  // namespace penc
