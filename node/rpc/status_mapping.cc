#include "rpc/status_mapping.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "penc/v1/error.pb.h"

namespace penc::rpc {

grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  Text text = Explain(status);
  v1::ErrorDetail detail;
  detail.set_fr(text.fr);
  detail.set_en(text.en);
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), text.en, detail.SerializeAsString());
}

grpc::Status ToGrpcWithoutDetails(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  Text text = Explain(status);
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), absl::StrCat(text.en, "\n", text.fr));
}

absl::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  auto code = static_cast<absl::StatusCode>(status.error_code());
  v1::ErrorDetail detail;
  if (detail.ParseFromString(status.error_details()) && !detail.en().empty()) {
    return Fail(code, {detail.fr(), detail.en()});
  }
  const std::string& message = status.error_message();
  size_t cut = message.find('\n');
  if (cut == std::string::npos) return Fail(code, {message, message});
  return Fail(code, {message.substr(cut + 1), message.substr(0, cut)});
}

}  // namespace penc::rpc
