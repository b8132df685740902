// A file that is only in memory, for libraries that want a path: what must not lie on a disk can be given to
// them so. Gone with the object.
#pragma once
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace penc {

class MemoryFile {
 public:
  // RESOURCE_EXHAUSTED where the system has no memory or no descriptors left.
  static absl::StatusOr<std::unique_ptr<MemoryFile>> Holding(absl::string_view content);
  ~MemoryFile();
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  // Of this process alone ("/proc/self/fd/7").
  std::string path() const;

 private:
  explicit MemoryFile(int fd) : fd_(fd) {}
  const int fd_;
};

}  // namespace penc
