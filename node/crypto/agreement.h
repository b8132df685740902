// X25519 (RFC 7748) key agreement. Values; safe from any thread.
#pragma once
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/random.h"
#include "crypto/secret.h"

struct evp_pkey_st;

namespace penc {

class AgreementKey {
 public:
  static AgreementKey Generate(RandomSource& random);
  static absl::StatusOr<AgreementKey> FromBytes(absl::string_view bytes);  // 32 secret bytes

  std::string public_key() const;  // 32 bytes
  // The raw shared secret: goes through HKDF before it is a key. INVALID_ARGUMENT where `peer` is not 32
  // bytes or the secret would be all zero (a point of small order: the peer would know it without a key).
  absl::StatusOr<Secret> Agree(absl::string_view peer) const;
  const Secret& bytes() const { return secret_; }

 private:
  explicit AgreementKey(Secret secret);
  Secret secret_;
  std::shared_ptr<evp_pkey_st> key_;  // the same for the library, which computes the public half: once
};

// Can anybody agree on a secret with this public key? 32 bytes, and not one of the points of small order. For
// keys that arrive in documents, before anybody depends on them.
bool UsableAgreementKey(absl::string_view public_key);

}  // namespace penc
