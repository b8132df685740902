// The running node: a TCP port for partners (mutual TLS 1.3, NodeService, health, reflection) and a Unix
// socket for the office's own people (AdminService). Two gRPC servers that share nothing, so that no
// administration method exists on the TCP port.
//
//   rpc::RequireTls13();                                  // first thing in main
//   ASSIGN_OR_RETURN(auto server, NodeServer::Start(office, clock, {.listen = "127.0.0.1:7411"}));
//   ... wait for SIGTERM ...
//   server->Stop(absl::Seconds(10));                      // refuses new calls, lets open ones finish, closes
//
// Not thread-safe except Stop. `office` and `clock` outlive it.
#pragma once
#include <grpcpp/server.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "office/office.h"
#include "rpc/node_service.h"
#include "rpc/quota.h"
#include "rpc/timers.h"
#include "rpc/workers.h"

namespace penc::rpc {

class AdminService;
class SocketAddress;

struct ServerOptions {
  std::string listen = "127.0.0.1:7411";  // "host:0": any free port
  QuotaOptions quota;
  NodeServiceOptions node;
  // A question mostly waits for the disk, twice; more threads let more charges share one synced write.
  int threads = 8;
  size_t queue = 1024;
  absl::Duration handshake = absl::Seconds(10);  // a connection that has not said who it is by then is closed
  int message_bytes = 1 << 20;
  size_t memory_bytes = 64 << 20;  // for messages in flight, both servers together
  int streams = 128;               // open calls per connection
};

class NodeServer {
 public:
  // UNAVAILABLE where the port is taken or the address is not ours.
  static absl::StatusOr<std::unique_ptr<NodeServer>> Start(Office& office, const Clock& clock,
                                                           const ServerOptions& options);
  ~NodeServer();

  int port() const { return port_; }
  // Refuses new calls, waits until open ones have left (at most `grace`, then they are cut), closes.
  // Idempotent.
  void Stop(absl::Duration grace);

 private:
  NodeServer(Office& office, const ServerOptions& options);
  absl::Status StartPartners(Office& office, const Clock& clock, const ServerOptions& options);
  absl::Status StartAdministration(Office& office, const ServerOptions& options);

  // In order of destruction: servers go first, then what they use.
  Timers timers_;
  Workers workers_;
  std::unique_ptr<NodeService> node_service_;
  std::unique_ptr<AdminService> admin_service_;
  std::unique_ptr<grpc::Server> partners_;
  std::unique_ptr<grpc::Server> administration_;
  std::string socket_;
  std::unique_ptr<SocketAddress> socket_address_;
  int port_ = 0;
};

}  // namespace penc::rpc
