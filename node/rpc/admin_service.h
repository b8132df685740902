// Administration over the Unix socket (proto/penc/v1/admin_service.proto): each command is handed to
// Administer, the same function that runs when no node is running. One thread per command; commands that
// write wait for each other inside the office. `office` outlives it.
#pragma once
#include "office/office.h"
#include "penc/v1/admin_service.grpc.pb.h"

namespace penc::rpc {

class AdminService final : public v1::AdminService::Service {
 public:
  explicit AdminService(Office& office) : office_(office) {}

  grpc::Status Run(grpc::ServerContext* context,
                   grpc::ServerReaderWriter<v1::RunResponse, v1::RunRequest>* stream) override;

 private:
  Office& office_;
};

}  // namespace penc::rpc
