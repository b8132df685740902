#include "rpc/hub_server.h"

#include <grpcpp/health_check_service_interface.h>
#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <utility>

#include "absl/time/clock.h"
#include "base/status.h"
#include "office/identity.h"
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
      clock, options.quota,
      std::vector<Gatekeeper::Door>{{kJoinNetworkMethod, options.strangers},
                                    {kRequestUnlockMethod, options.strangers}});
  ASSIGN_OR_RETURN(server->listener_,
                   ListenForPartners(options.listen, std::move(certificate), std::move(gatekeeper),
                                     server->service_.get(), options.limits));
  server->ticker_ = std::thread([raw = server.get(), pause = options.tick] { raw->TickEvery(pause); });
  return server;
}

absl::StatusOr<std::unique_ptr<HubServer>> HubServer::Start(HubFolder& folder, const Clock& clock,
                                                            RandomSource& random,
                                                            const HubServerOptions& options) {
  const HubLayout& layout = folder.layout();
  // Makes the certificate where there is none or it nears its end.
  const auto renew = [key = layout.key(), certificate = layout.certificate(),
                      name = folder.config().network(),
                      &clock] { return LoadIdentity(key, certificate, name, clock.Now()).status(); };
  RETURN_IF_ERROR(renew());
  ASSIGN_OR_RETURN(
      std::unique_ptr<HubServer> server,
      Start(folder.hub(), WatchedCertificate(layout.key(), layout.certificate(), options.look_at_certificate),
            clock, options));
  server->certificate_ =
      std::make_unique<CertificateKeeper>(renew, options.look_at_certificate, options.certificate_trouble);
  server->admin_service_ = std::make_unique<HubAdminService>(folder, clock, random);
  server->socket_ = layout.socket();
  ASSIGN_OR_RETURN(server->administration_,
                   ListenOnSocket(server->socket_, server->admin_service_.get(), Limits()));
  return server;
}

void PrepareProcessForHub() {
  struct rlimit files {};
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
  }
  ::mallopt(M_ARENA_MAX, 2);
  ::mallopt(M_MMAP_THRESHOLD, 128 << 10);
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
  const auto deadline = absl::ToChronoTime(absl::Now() + grace);
  for (Listener* listener : {&listener_, &administration_}) {
    if (listener->server == nullptr) continue;
    if (auto* health = listener->server->GetHealthCheckService()) health->Shutdown();
    listener->server->Shutdown(deadline);
  }
  if (administration_.server != nullptr) ::unlink(socket_.c_str());
}

}  // namespace penc::rpc
