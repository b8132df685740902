// Who may call at all: looked at for every call, before its message is parsed. The caller's certificate
// proves its key (TLS did that); here the key is looked up among those that may call, the certificate's dates
// are compared with our own clock, and one token is taken from the key's bucket. One method may be open to
// unknown keys, which share one small bucket: new keys cost nothing. Refusals are PERMISSION_DENIED or
// RESOURCE_EXHAUSTED in our own words.
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
  // `known`: OK for the fingerprint of a key that may call, else the error that the caller is told.
  // Thread-safe, quick. `clock` outlives this.
  using Known = std::function<absl::Status(absl::string_view fingerprint)>;
  struct Door {
    std::string method;  // "/package.Service/Method"; empty: none is open
    QuotaOptions quota;  // of all unknown keys together
  };
  Gatekeeper(Known known, const Clock& clock, const QuotaOptions& quota)
      : Gatekeeper(std::move(known), clock, quota, Door()) {}
  Gatekeeper(Known known, const Clock& clock, const QuotaOptions& quota, const Door& door)
      : known_(std::move(known)), clock_(clock), quota_(quota), open_(door.method), strangers_(door.quota) {}

  bool IsBlocking() const override { return false; }
  grpc::Status Process(const InputMetadata& metadata, grpc::AuthContext* context, OutputMetadata* consumed,
                       OutputMetadata* response) override;

 private:
  absl::Status Admit(const grpc::AuthContext& context, absl::string_view method);

  Known known_;
  const Clock& clock_;
  Peers peers_;
  Quota quota_;
  const std::string open_;
  Quota strangers_;
};

}  // namespace penc::rpc
