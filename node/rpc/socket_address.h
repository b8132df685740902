// The address of a Unix socket for gRPC. Paths of sockets are limited to 107 bytes; a longer one is reached
// through an open descriptor of its folder.
#pragma once
#include <string>

#include "absl/status/statusor.h"
#include "absl/types/optional.h"

namespace penc::rpc {

class SocketAddress {
 public:
  // NOT_FOUND where the folder does not exist.
  static absl::StatusOr<SocketAddress> Of(const std::string& path);
  // Nothing where nobody listens there: no socket, or one that a crash left behind.
  static absl::StatusOr<absl::optional<SocketAddress>> OfListener(const std::string& path);
  ~SocketAddress();
  SocketAddress(SocketAddress&& other) noexcept;
  SocketAddress& operator=(SocketAddress&&) = delete;

  // "unix:..."; valid while this lives (bind and connect resolve it at once).
  const std::string& uri() const { return uri_; }

 private:
  SocketAddress(std::string uri, int folder) : uri_(std::move(uri)), folder_(folder) {}
  std::string uri_;
  int folder_;
};

}  // namespace penc::rpc
