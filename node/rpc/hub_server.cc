#include "rpc/hub_server.h"

#include <grpcpp/health_check_service_interface.h>

#include <utility>

#include "absl/time/clock.h"
#include "base/status.h"
#include "rpc/gatekeeper.h"

namespace penc::rpc {
namespace {

absl::Status NotKnown() {
  return Fail(absl::StatusCode::kPermissionDenied,
              {"le réseau ne connaît pas cette clé: demandez une invitation à son secrétariat",
               "the network does not know this key: ask its secretariat for an invitation"});
}

}  // namespace

absl::StatusOr<std::unique_ptr<HubServer>> HubServer::Start(Hub& hub, CertificateSource certificate,
                                                            const Clock& clock,
                                                            const HubServerOptions& options) {
  auto server = std::unique_ptr<HubServer>(new HubServer(hub, options));
  server->service_ =
      std::make_unique<HubService>(hub, server->workers_, server->timers_, clock, options.service);
  auto gatekeeper = std::make_shared<Gatekeeper>(
      [&hub](absl::string_view fingerprint) {
        return hub.Knows(fingerprint) ? absl::OkStatus() : NotKnown();
      },
      clock, options.quota, Gatekeeper::Door{kJoinNetworkMethod, options.strangers});
  ASSIGN_OR_RETURN(server->listener_,
                   ListenForPartners(options.listen, std::move(certificate), std::move(gatekeeper),
                                     server->service_.get(), options.limits));
  server->ticker_ = std::thread([raw = server.get(), pause = options.tick] { raw->TickEvery(pause); });
  return server;
}

HubServer::~HubServer() { Stop(absl::ZeroDuration()); }

void HubServer::TickEvery(absl::Duration pause) {
  std::unique_lock<std::mutex> lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    hub_.Tick();
    lock.lock();
    changed_.wait_for(lock, absl::ToChronoNanoseconds(pause), [this] { return stopping_; });
  }
}

void HubServer::Stop(absl::Duration grace) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (std::exchange(stopped_, true)) return;
  if (ticker_.joinable()) ticker_.join();
  service_->StopWaiting();
  if (listener_.server == nullptr) return;
  if (auto* health = listener_.server->GetHealthCheckService()) health->Shutdown();
  listener_.server->Shutdown(absl::ToChronoTime(absl::Now() + grace));
}

}  // namespace penc::rpc
