#include "rpc/server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/server_builder.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "rpc/admin_service.h"
#include "rpc/gatekeeper.h"
#include "rpc/socket_address.h"
#include "rpc/tls.h"

namespace penc::rpc {
namespace {

void SetLimits(grpc::ServerBuilder& builder, const ServerOptions& options, const grpc::ResourceQuota& quota) {
  builder.SetMaxReceiveMessageSize(options.message_bytes);
  builder.SetResourceQuota(quota);
  // Two nodes on one port must be an error, not a lottery.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS,
                             static_cast<int>(absl::ToInt64Milliseconds(options.handshake)));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, options.streams);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, 8 << 10);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 60'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20'000);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 30'000);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, 600'000);
  // Reflection and administration are the only synchronous services; few people use them at once.
  builder.SetSyncServerOption(grpc::ServerBuilder::NUM_CQS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MIN_POLLERS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MAX_POLLERS, 2);
}

std::chrono::system_clock::time_point Deadline(absl::Duration grace) {
  return absl::ToChronoTime(absl::Now() + grace);
}

}  // namespace

NodeServer::NodeServer(Office&, const ServerOptions& options) : workers_(options.threads, options.queue) {}

NodeServer::~NodeServer() { Stop(absl::ZeroDuration()); }

absl::StatusOr<std::unique_ptr<NodeServer>> NodeServer::Start(Office& office, const Clock& clock,
                                                              const ServerOptions& options) {
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  auto server = std::unique_ptr<NodeServer>(new NodeServer(office, options));
  RETURN_IF_ERROR(server->StartPartners(office, clock, options));
  RETURN_IF_ERROR(server->StartAdministration(office, options));
  return server;
}

absl::Status NodeServer::StartPartners(Office& office, const Clock& clock, const ServerOptions& options) {
  node_service_ = std::make_unique<NodeService>(office, workers_, timers_, options.node);
  auto gatekeeper = std::make_shared<Gatekeeper>(
      [&office](absl::string_view fingerprint) { return office.Knows(fingerprint); }, clock, options.quota);
  grpc::ServerBuilder builder;
  SetLimits(builder, options, grpc::ResourceQuota("partners").Resize(options.memory_bytes));
  builder.AddListeningPort(options.listen, ServerTls(office.identity(), std::move(gatekeeper)), &port_);
  builder.RegisterService(node_service_.get());
  partners_ = builder.BuildAndStart();
  if (partners_ == nullptr || port_ == 0) {
    return Fail(
        absl::StatusCode::kUnavailable,
        {absl::StrCat("impossible d'écouter sur ", options.listen,
                      ": l'adresse est prise ou n'est pas à cet ordinateur; donnez --listen HÔTE:PORT"),
         absl::StrCat("cannot listen on ", options.listen,
                      ": the address is taken or not this computer's; give --listen HOST:PORT")});
  }
  return absl::OkStatus();
}

absl::Status NodeServer::StartAdministration(Office& office, const ServerOptions& options) {
  admin_service_ = std::make_unique<AdminService>(office);
  socket_ = office.layout().socket();
  ASSIGN_OR_RETURN(SocketAddress address, SocketAddress::Of(socket_));
  grpc::ServerBuilder builder;
  SetLimits(builder, options, grpc::ResourceQuota("administration").Resize(options.memory_bytes));
  builder.SetMaxReceiveMessageSize((1 << 20) + 4096);  // a chunk of 1 MiB and its wrapping
  socket_address_ = std::make_unique<SocketAddress>(std::move(address));
  builder.AddListeningPort(socket_address_->uri(), grpc::InsecureServerCredentials());
  builder.RegisterService(admin_service_.get());
  administration_ = builder.BuildAndStart();
  // The folder is 0700, so nobody else reaches the socket between bind and here.
  if (administration_ == nullptr || chmod(socket_.c_str(), 0600) != 0) {
    return Fail(absl::StatusCode::kUnavailable,
                {absl::StrCat("impossible d'ouvrir ", socket_, ": vérifiez les droits du dossier"),
                 absl::StrCat("cannot open ", socket_, ": check the folder's permissions")});
  }
  return absl::OkStatus();
}

void NodeServer::Stop(absl::Duration grace) {
  if (partners_ != nullptr) {
    if (auto* health = partners_->GetHealthCheckService()) health->Shutdown();
    partners_->Shutdown(Deadline(grace));
  }
  if (administration_ != nullptr) {
    administration_->Shutdown(Deadline(grace));
    unlink(socket_.c_str());
  }
}

}  // namespace penc::rpc
