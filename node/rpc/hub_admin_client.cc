#include "rpc/hub_admin_client.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <utility>

#include "base/status.h"
#include "hub/layout.h"
#include "rpc/status_mapping.h"

namespace penc::rpc {

absl::StatusOr<absl::optional<HubAdminClient>> HubAdminClient::Find(const std::string& dir) {
  ASSIGN_OR_RETURN(absl::optional<SocketAddress> address, SocketAddress::OfListener(HubLayout(dir).socket()));
  if (!address.has_value()) return absl::optional<HubAdminClient>();
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(64 << 20);
  auto channel = grpc::CreateCustomChannel(address->uri(), grpc::InsecureChannelCredentials(), arguments);
  return absl::optional<HubAdminClient>(
      HubAdminClient(*std::move(address), v1::HubAdminService::NewStub(channel)));
}

absl::StatusOr<v1::HubResult> HubAdminClient::Run(const v1::HubCommand& command) {
  grpc::ClientContext context;
  v1::AdministerRequest request;
  *request.mutable_command() = command;
  v1::AdministerResponse response;
  const grpc::Status status = stub_->Administer(&context, request, &response);
  if (status.ok()) return std::move(*response.mutable_result());
  if (status.error_code() == grpc::StatusCode::UNAVAILABLE && status.error_details().empty()) {
    return Fail(absl::StatusCode::kUnavailable, {"le relais s'est arrêté pendant la commande: relancez-la",
                                                 "the hub stopped during the command: run it again"});
  }
  return FromGrpc(status);
}

}  // namespace penc::rpc
