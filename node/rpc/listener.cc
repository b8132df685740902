#include "rpc/listener.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace penc::rpc {
namespace {

void Prepare(grpc::ServerBuilder& builder, const Limits& limits) {
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  builder.SetMaxReceiveMessageSize(limits.message_bytes);
  builder.SetResourceQuota(grpc::ResourceQuota().Resize(limits.memory_bytes));
  // Two nodes on one port must be an error, not a lottery.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS,
                             static_cast<int>(absl::ToInt64Milliseconds(limits.handshake)));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, limits.streams);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, 8 << 10);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS,
                             static_cast<int>(absl::ToInt64Milliseconds(limits.keepalive)));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20'000);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 30'000);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, 600'000);
  // Reflection and administration are the only synchronous services; few people use them at once.
  builder.SetSyncServerOption(grpc::ServerBuilder::NUM_CQS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MIN_POLLERS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MAX_POLLERS, 2);
}

// An ACL's mask shows in the group's bits, so that 0700 excludes them too. Root may serve another user's
// folder: the socket is root's then.
absl::Status CheckClosedToOthers(const std::string& folder) {
  struct stat found;
  if (stat(folder.c_str(), &found) == 0 && (found.st_mode & 077) == 0 &&
      (found.st_uid == geteuid() || geteuid() == 0)) {
    return absl::OkStatus();
  }
  return Fail(absl::StatusCode::kPermissionDenied,
              {absl::StrCat("le dossier ", folder,
                            " doit être à l'utilisateur qui lance penc et fermé aux autres, sans quoi ils "
                            "pourraient administrer ce nœud: chmod 700 ",
                            folder),
               absl::StrCat("the folder ", folder,
                            " must belong to the user that runs penc and be closed to others, who could "
                            "administer this node otherwise: chmod 700 ",
                            folder)});
}

}  // namespace

absl::StatusOr<Listener> ListenForPartners(const std::string& listen, CertificateSource certificate,
                                           std::shared_ptr<grpc::AuthMetadataProcessor> gatekeeper,
                                           grpc::Service* service, const Limits& limits) {
  Listener listener;
  grpc::ServerBuilder builder;
  Prepare(builder, limits);
  builder.AddListeningPort(listen, ServerTls(std::move(certificate), gatekeeper), &listener.port);
  builder.RegisterService(service);
  listener.server = builder.BuildAndStart();
  if (listener.server == nullptr || listener.port == 0) {
    return Fail(
        absl::StatusCode::kUnavailable,
        {absl::StrCat("impossible d'écouter sur ", listen,
                      ": l'adresse est prise ou n'est pas à cet ordinateur; donnez --listen HÔTE:PORT"),
         absl::StrCat("cannot listen on ", listen,
                      ": the address is taken or not this computer's; give --listen HOST:PORT")});
  }
  return listener;
}

absl::StatusOr<Listener> ListenOnSocket(const std::string& path, grpc::Service* service,
                                        const Limits& limits) {
  Listener listener;
  ASSIGN_OR_RETURN(SocketAddress address, SocketAddress::Of(path));
  RETURN_IF_ERROR(CheckClosedToOthers(path.substr(0, path.rfind('/'))));
  listener.socket = std::make_unique<SocketAddress>(std::move(address));
  grpc::ServerBuilder builder;
  Prepare(builder, limits);
  builder.AddListeningPort(listener.socket->uri(), grpc::InsecureServerCredentials());
  builder.RegisterService(service);
  listener.server = builder.BuildAndStart();
  // Between bind and here the folder's own mode keeps others away.
  if (listener.server == nullptr || chmod(path.c_str(), 0600) != 0) {
    return Fail(absl::StatusCode::kUnavailable,
                {absl::StrCat("impossible d'ouvrir ", path, ": vérifiez les droits du dossier"),
                 absl::StrCat("cannot open ", path, ": check the folder's permissions")});
  }
  return listener;
}

}  // namespace penc::rpc
