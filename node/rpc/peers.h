// The other end of a connection, known by the certificate that it showed; TLS has proved that it holds the
// key.
#pragma once
#include <grpcpp/security/auth_context.h>

#include <mutex>
#include <string>
#include <unordered_map>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "crypto/signature.h"

namespace penc::rpc {

struct Peer {
  VerifyKey key;
  std::string fingerprint;
  absl::Time not_before, not_after;
};

// Reads certificates, and remembers the last ones: reading one takes 0.2 ms, and every call shows the same.
// Thread-safe; bounded.
class Peers {
 public:
  // PERMISSION_DENIED where it showed no certificate, or one that is not Ed25519.
  absl::StatusOr<Peer> Of(const grpc::AuthContext& context);

 private:
  std::mutex mutex_;
  std::unordered_map<std::string, Peer> known_;  // by the certificate's text
};

}  // namespace penc::rpc
