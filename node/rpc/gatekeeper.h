// Who may call at all: looked at for every call, before its message is parsed. The caller's certificate
// proves its key (TLS did that); here the key is looked up among the grants, the certificate's dates are
// compared with our own clock, and one token is taken from the key's bucket. Refusals are PERMISSION_DENIED
// or RESOURCE_EXHAUSTED in our own words.
#pragma once
#include <grpcpp/security/auth_metadata_processor.h>

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "base/clock.h"
#include "rpc/peers.h"
#include "rpc/quota.h"

namespace penc::rpc {

class Gatekeeper final : public grpc::AuthMetadataProcessor {
 public:
  // `known`: OK for the fingerprint of a key that holds a grant, else the error that the caller is told.
  // Thread-safe, quick. `clock` outlives this.
  using Known = std::function<absl::Status(absl::string_view fingerprint)>;
  Gatekeeper(Known known, const Clock& clock, const QuotaOptions& quota)
      : known_(std::move(known)), clock_(clock), quota_(quota) {}

  bool IsBlocking() const override { return false; }
  grpc::Status Process(const InputMetadata& metadata, grpc::AuthContext* context, OutputMetadata* consumed,
                       OutputMetadata* response) override;

 private:
  absl::Status Admit(const grpc::AuthContext& context);

  Known known_;
  const Clock& clock_;
  Peers peers_;
  Quota quota_;
};

}  // namespace penc::rpc
