// The running hub: a TCP port for members and partners (mutual TLS 1.3, HubService, health, reflection), and
// a clock that brings rounds on.
//
//   rpc::RequireTls13();                                   // first thing in main
//   ASSIGN_OR_RETURN(auto server, HubServer::Start(hub, certificate, clock, {.listen = "0.0.0.0:7410"}));
//   ... wait for SIGTERM ...
//   server->Stop(absl::Seconds(10));
//
// Stop may be called from any thread, once. `hub` and `clock` outlive it.
#pragma once
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "hub/folder.h"
#include "hub/hub.h"
#include "rpc/certificate_keeper.h"
#include "rpc/hub_admin_service.h"
#include "rpc/hub_service.h"
#include "rpc/listener.h"
#include "rpc/quota.h"
#include "rpc/timers.h"
#include "rpc/tls.h"
#include "rpc/workers.h"

namespace penc::rpc {

struct HubServerOptions {
  std::string listen = "127.0.0.1:7410";  // "host:0": any free port
  QuotaOptions quota;                     // of each known key
  // Of all others together, for each thing that they may do: join, and ask for a locked node's key.
  QuotaOptions strangers = {128, 10};
  HubServiceOptions service;
  int threads = 8;  // mostly waiting for the disk
  size_t queue = 4096;
  Limits limits = {.memory_bytes = 160 << 20, .streams = 16, .keepalive = absl::Seconds(120)};
  absl::Duration tick = absl::Seconds(1);
  // As of an office's node (server.h).
  absl::Duration look_at_certificate = absl::Hours(1);
  std::function<void(const absl::Status&)> certificate_trouble;
};

// Of the process that runs a hub, called first: a thousand members are a thousand connections, and pieces of
// 256 KiB that come and go should leave no memory behind.
void PrepareProcessForHub();

class HubServer {
 public:
  // UNAVAILABLE where the port is taken or the address is not ours. Renews the hub's certificate.
  static absl::StatusOr<std::unique_ptr<HubServer>> Start(HubFolder& folder, const Clock& clock,
                                                          RandomSource& random,
                                                          const HubServerOptions& options);
  // The TCP port alone.
  static absl::StatusOr<std::unique_ptr<HubServer>> Start(Hub& hub, CertificateSource certificate,
                                                          const Clock& clock,
                                                          const HubServerOptions& options);
  ~HubServer();

  int port() const { return listener_.port; }
  const HubService& service() const { return *service_; }
  // Answers those who wait, refuses new calls, lets open ones end (at most `grace`, then they are cut),
  // closes.
  void Stop(absl::Duration grace);

 private:
  HubServer(Hub& hub, const HubServerOptions& options)
      : hub_(hub), workers_(options.threads, options.queue) {}
  void TickEvery(absl::Duration pause);

  Hub& hub_;
  // Destroyed from the last to the first: the service goes before what it uses.
  Timers timers_;
  Workers workers_;
  std::unique_ptr<HubService> service_;
  std::unique_ptr<HubAdminService> admin_service_;
  std::string socket_;
  Listener listener_;
  Listener administration_;
  std::unique_ptr<CertificateKeeper> certificate_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  bool stopped_ = false;
  std::thread ticker_;
};

}  // namespace penc::rpc
