// The command line's way to a running hub: DIR/penc.sock.
//
//   ASSIGN_OR_RETURN(absl::optional<HubAdminClient> hub, HubAdminClient::Find(dir));
//   if (hub) return hub->Run(command);
//   ... else open the folder itself and call Administer: same code ...
//
// Thread-compatible.
#pragma once
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "penc/v1/hub_admin.pb.h"
#include "penc/v1/hub_admin_service.grpc.pb.h"
#include "rpc/socket_address.h"

namespace penc::rpc {

class HubAdminClient {
 public:
  // Nothing where no hub listens in this folder (no socket, or one that a crash left behind).
  static absl::StatusOr<absl::optional<HubAdminClient>> Find(const std::string& dir);

  // The error is the command's own, as Administer gave it; UNAVAILABLE where the hub went away meanwhile.
  absl::StatusOr<v1::HubResult> Run(const v1::HubCommand& command);

 private:
  HubAdminClient(SocketAddress address, std::unique_ptr<v1::HubAdminService::Stub> stub)
      : address_(std::move(address)), stub_(std::move(stub)) {}

  SocketAddress address_;
  std::unique_ptr<v1::HubAdminService::Stub> stub_;
};

}  // namespace penc::rpc
