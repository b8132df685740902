// Who may call at all: looked at for every call, before its message is parsed. The caller's certificate
// proves its key (TLS did that); here the key is looked up among those that may call, the certificate's dates
// are compared with our own clock, and one token is taken from the key's bucket. Some methods may be open
// to unknown keys, which share one small bucket for each: new keys cost nothing. Refusals are
// PERMISSION_DENIED or RESOURCE_EXHAUSTED in our own words.
#pragma once
#include <grpcpp/security/auth_metadata_processor.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

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
    std::string method;  // "/package.Service/Method"
    QuotaOptions quota;  // of all unknown keys together
  };
  Gatekeeper(Known known, const Clock& clock, const QuotaOptions& quota, const std::vector<Door>& doors = {})
      : known_(std::move(known)), clock_(clock), quota_(quota) {
    for (const Door& door : doors) strangers_.try_emplace(door.method, door.quota);
  }

  bool IsBlocking() const override { return false; }
  grpc::Status Process(const InputMetadata& metadata, grpc::AuthContext* context, OutputMetadata* consumed,
                       OutputMetadata* response) override;

 private:
  absl::Status Admit(const grpc::AuthContext& context, absl::string_view method);

  Known known_;
  const Clock& clock_;
  Peers peers_;
  Quota quota_;
  std::map<std::string, Quota, std::less<>> strangers_;  // by method; never changes
};

}  // namespace penc::rpc
