// Administration of a hub over its Unix socket (proto/penc/v1/hub_admin_service.proto): each command is
// handed to Administer, the same function that runs when no hub is running. One thread per command.
// References outlive it.
#pragma once
#include "base/clock.h"
#include "base/random.h"
#include "hub/folder.h"
#include "penc/v1/hub_admin_service.grpc.pb.h"

namespace penc::rpc {

class HubAdminService final : public v1::HubAdminService::Service {
 public:
  HubAdminService(HubFolder& folder, const Clock& clock, RandomSource& random)
      : folder_(folder), clock_(clock), random_(random) {}

  grpc::Status Administer(grpc::ServerContext* context, const v1::AdministerRequest* request,
                          v1::AdministerResponse* response) override;

 private:
  HubFolder& folder_;
  const Clock& clock_;
  RandomSource& random_;
};

}  // namespace penc::rpc
