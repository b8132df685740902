#include "rpc/server.h"

#include <grpcpp/health_check_service_interface.h>
#include <unistd.h>

#include <chrono>
#include <utility>

#include "absl/time/clock.h"
#include "base/status.h"
#include "rpc/admin_service.h"
#include "rpc/dial_out.h"
#include "rpc/gatekeeper.h"

namespace penc::rpc {

NodeServer::NodeServer(const ServerOptions& options)
    : workers_(options.threads, options.queue), quick_(2, options.queue) {}

NodeServer::~NodeServer() { Stop(absl::ZeroDuration()); }

absl::StatusOr<std::unique_ptr<NodeServer>> NodeServer::Start(Office& office, const Clock& clock,
                                                              const ServerOptions& options) {
  auto node = std::unique_ptr<NodeServer>(new NodeServer(options));
  // First of all: nothing is answered from rows that should be gone.
  node->retention_ = std::make_unique<RetentionKeeper>(office, options.look_at_retention, options.tell);
  NodeServiceOptions service = options.node;
  if (office.config().capacity_rows() != 0) service.capacity.rows = office.config().capacity_rows();
  const DeclaredCapacity service_capacity = service.capacity;
  node->node_service_ =
      std::make_unique<NodeService>(office, node->workers_, node->quick_, node->timers_, std::move(service));
  auto gatekeeper = std::make_shared<Gatekeeper>(
      [&office](absl::string_view fingerprint) { return office.Knows(fingerprint); }, clock, options.quota);
  const CertificateFiles files{office.layout().tls_key(), office.layout().tls_certificate(),
                               office.config().office()};
  ASSIGN_OR_RETURN(
      node->partners_,
      ListenForPartners(options.listen,
                        WatchedCertificate(files.key, files.certificate, options.look_at_certificate),
                        std::move(gatekeeper), node->node_service_.get(), options.limits));
  node->certificate_ = std::make_unique<CertificateKeeper>(files, clock, options.look_at_certificate,
                                                           options.certificate_trouble);
  node->admin_service_ = std::make_unique<AdminService>(office);
  Limits limits = options.limits;
  limits.message_bytes = (1 << 20) + 4096;  // a chunk of 1 MiB and its wrapping
  node->socket_ = office.layout().socket();
  ASSIGN_OR_RETURN(node->administration_, ListenOnSocket(node->socket_, node->admin_service_.get(), limits));
  DialOut::Options dial_out;
  dial_out.capacity = service_capacity;
  dial_out.tell = options.tell;
  node->dial_out_ =
      std::make_unique<DialOut>(office, clock, office.environment().random, std::move(dial_out));
  return node;
}

void NodeServer::Stop(absl::Duration grace) {
  if (std::exchange(stopped_, true)) return;
  dial_out_.reset();  // finishes the step that it is making durable
  retention_.reset();
  auto deadline = absl::ToChronoTime(absl::Now() + grace);
  for (Listener* listener : {&partners_, &administration_}) {
    if (listener->server == nullptr) continue;
    if (auto* health = listener->server->GetHealthCheckService()) health->Shutdown();
    listener->server->Shutdown(deadline);
  }
  if (administration_.server != nullptr) unlink(socket_.c_str());
}

}  // namespace penc::rpc
