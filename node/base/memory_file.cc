#include "base/memory_file.h"

#include <sys/mman.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace penc {

absl::StatusOr<std::unique_ptr<MemoryFile>> MemoryFile::Holding(absl::string_view content) {
  const int fd = ::memfd_create("penc", MFD_CLOEXEC);
  if (fd >= 0) {
    std::unique_ptr<MemoryFile> file(new MemoryFile(fd));
    if (::write(fd, content.data(), content.size()) == static_cast<ssize_t>(content.size())) return file;
  }
  return Fail(absl::StatusCode::kResourceExhausted,
              {"plus de mémoire pour un fichier: fermez d'autres programmes, puis réessayez",
               "no memory left for a file: close other programs, then try again"});
}

MemoryFile::~MemoryFile() { ::close(fd_); }

std::string MemoryFile::path() const { return absl::StrCat("/proc/self/fd/", fd_); }

}  // namespace penc
