#include "rpc/socket_address.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace penc::rpc {
namespace {

// A socket left by a crash refuses at once.
bool Answers(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) return false;
  std::memcpy(address.sun_path, path.data(), path.size());
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  bool connected = connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  close(fd);
  return connected;
}

}  // namespace

absl::StatusOr<absl::optional<SocketAddress>> SocketAddress::OfListener(const std::string& path) {
  struct stat found;
  if (stat(path.c_str(), &found) != 0) return absl::optional<SocketAddress>();
  ASSIGN_OR_RETURN(SocketAddress address, SocketAddress::Of(path));
  if (!Answers(address.uri().substr(std::strlen("unix:")))) return absl::optional<SocketAddress>();
  return absl::make_optional(std::move(address));
}

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
