// The running node: a TCP port for partners (mutual TLS 1.3, NodeService, health, reflection), a Unix socket
// for the office's own people (AdminService), and a line outwards to the hub of its network, if it has one.
// Two gRPC servers that share nothing, so that no administration method exists on the TCP port.
//
//   rpc::RequireTls13();                                  // first thing in main
//   ASSIGN_OR_RETURN(auto server, NodeServer::Start(*office, clock, {.listen = "127.0.0.1:7411"}));
//   ... wait for SIGTERM ...
//   server->Stop(absl::Seconds(10));                      // refuses new calls, lets open ones finish, closes
//
// Stop may be called from any thread, once. `office` and `clock` outlive it.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "office/office.h"
#include "rpc/certificate_keeper.h"
#include "rpc/listener.h"
#include "rpc/node_service.h"
#include "rpc/quota.h"
#include "rpc/retention_keeper.h"
#include "rpc/timers.h"
#include "rpc/workers.h"

namespace penc::rpc {

class AdminService;
class DialOut;

struct ServerOptions {
  std::string listen = "127.0.0.1:7411";  // "host:0": any free port
  QuotaOptions quota;
  NodeServiceOptions node;  // the capacity is the office's own
  // A question mostly waits for the disk, twice; more threads let more charges share one synced write.
  int threads = 8;
  size_t queue = 1024;
  Limits limits;
  // The certificate is renewed within a year of its end; how often it is looked at, and who is told where
  // that fails (on another thread).
  absl::Duration look_at_certificate = absl::Hours(1);
  std::function<void(const absl::Status&)> certificate_trouble;
  // How often rows are sought that may be kept no longer.
  absl::Duration look_at_retention = absl::Hours(1);
  // What the region and retention have to say to the office's people (on another thread).
  std::function<void(const Text&)> tell;
};

class NodeServer {
 public:
  // UNAVAILABLE where the port is taken or the address is not ours.
  static absl::StatusOr<std::unique_ptr<NodeServer>> Start(Office& office, const Clock& clock,
                                                           const ServerOptions& options);
  ~NodeServer();

  int port() const { return partners_.port; }
  // Refuses new calls, waits until open ones have left (at most `grace`, then they are cut), closes.
  void Stop(absl::Duration grace);

 private:
  explicit NodeServer(const ServerOptions& options);

  // Destroyed from the last to the first: servers go before what they use.
  Timers timers_;
  Workers workers_, quick_;
  std::unique_ptr<NodeService> node_service_;
  std::unique_ptr<AdminService> admin_service_;
  std::string socket_;
  Listener partners_;
  Listener administration_;
  std::unique_ptr<CertificateKeeper> certificate_;
  std::unique_ptr<RetentionKeeper> retention_;
  std::unique_ptr<DialOut> dial_out_;
  bool stopped_ = false;
};

}  // namespace penc::rpc
