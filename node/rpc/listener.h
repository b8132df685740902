// The two kinds of port, with their limits: messages at most 1 MiB, bounded memory, handshakes and idle
// connections that end, no port shared between two nodes. Health and reflection come with both.
#pragma once
#include <grpcpp/security/auth_metadata_processor.h>
#include <grpcpp/server.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "rpc/socket_address.h"
#include "rpc/tls.h"

namespace penc::rpc {

struct Limits {
  absl::Duration handshake = absl::Seconds(10);  // a connection that has not said who it is by then is closed
  int message_bytes = 1 << 20;
  size_t memory_bytes = 64 << 20;                // for messages in flight
  int streams = 128;                             // open calls per connection
  absl::Duration keepalive = absl::Seconds(60);  // how often a quiet connection is tried
};

struct Listener {
  std::unique_ptr<grpc::Server> server;
  int port = 0;                           // TCP
  std::unique_ptr<SocketAddress> socket;  // Unix
};

// TCP with mutual TLS 1.3. `listen` is "host:port", port 0 for any free one. UNAVAILABLE where the port is
// taken or the address is not this computer's. `service` outlives the server.
absl::StatusOr<Listener> ListenForPartners(const std::string& listen, CertificateSource certificate,
                                           std::shared_ptr<grpc::AuthMetadataProcessor> gatekeeper,
                                           grpc::Service* service, const Limits& limits);

// A Unix socket for this user and root only: whoever connects needs to enter the folder (which must be this
// user's, mode 0700, ACLs included; PERMISSION_DENIED otherwise) and to write to the socket (0600). The
// kernel decides at each connect by the caller's uid, before this process sees a byte. A socket that a crash
// left behind is replaced.
absl::StatusOr<Listener> ListenOnSocket(const std::string& path, grpc::Service* service,
                                        const Limits& limits);

}  // namespace penc::rpc
