#include "rpc/socket_address.h"

#include <fcntl.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace penc::rpc {

absl::StatusOr<SocketAddress> SocketAddress::Of(const std::string& path) {
  constexpr size_t kLongest = 107;
  if (path.size() <= kLongest) return SocketAddress(absl::StrCat("unix:", path), -1);
  size_t slash = path.rfind('/');
  std::string folder = slash == std::string::npos ? "." : path.substr(0, slash);
  int fd = open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) {
    return Fail(absl::StatusCode::kNotFound,
                {absl::StrCat("dossier introuvable: ", folder, "; vérifiez le chemin"),
                 absl::StrCat("no such folder: ", folder, "; check the path")});
  }
  return SocketAddress(absl::StrCat("unix:/proc/self/fd/", fd, "/", path.substr(slash + 1)), fd);
}

SocketAddress::SocketAddress(SocketAddress&& other) noexcept
    : uri_(std::move(other.uri_)), folder_(std::exchange(other.folder_, -1)) {}

SocketAddress::~SocketAddress() {
  if (folder_ >= 0) close(folder_);
}

}  // namespace penc::rpc
