#include "rpc/hub_admin_service.h"

#include <utility>

#include "hub/administer.h"
#include "rpc/status_mapping.h"

namespace penc::rpc {

grpc::Status HubAdminService::Administer(grpc::ServerContext*, const v1::AdministerRequest* request,
                                         v1::AdministerResponse* response) {
  absl::StatusOr<v1::HubResult> result = penc::Administer(folder_, request->command(), clock_, random_);
  if (result.ok()) *response->mutable_result() = *std::move(result);
  return ToGrpc(result.status());
}

}  // namespace penc::rpc
