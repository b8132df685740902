// absl::Status <-> grpc::Status, in one place, keeping both languages. The codes are the same numbers. The
// English sentence is the status message, both sentences travel as a penc.v1.ErrorDetail in the details.
// Where details cannot travel (a call refused before it is parsed) the message holds the English sentence, a
// new line, the French one.
#pragma once
#include <grpcpp/support/status.h>

#include "absl/status/status.h"
#include "base/status.h"

namespace penc::rpc {

grpc::Status ToGrpc(const absl::Status& status);
// For places where gRPC drops the details.
grpc::Status ToGrpcWithoutDetails(const absl::Status& status);
absl::Status FromGrpc(const grpc::Status& status);

}  // namespace penc::rpc
