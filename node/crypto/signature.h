// Ed25519 (RFC 8032) signatures. Keys are known to people by a fingerprint: "SHA256:" and the unpadded base64
// of SHA-256 of the key's SubjectPublicKeyInfo, as OpenSSH writes its own. Values; safe from any thread.
#pragma once
#include <array>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/random.h"
#include "crypto/secret.h"

namespace penc {

class VerifyKey {
 public:
  VerifyKey() = default;
  // 32 bytes; INVALID_ARGUMENT otherwise.
  static absl::StatusOr<VerifyKey> FromBytes(absl::string_view bytes);

  bool Verify(absl::string_view message, absl::string_view signature) const;
  std::string Fingerprint() const;
  std::string bytes() const { return std::string(bytes_.begin(), bytes_.end()); }

  friend bool operator==(const VerifyKey& a, const VerifyKey& b) { return a.bytes_ == b.bytes_; }

 private:
  std::array<char, 32> bytes_{};
};

class SigningKey {
 public:
  static SigningKey Generate(RandomSource& random);
  static absl::StatusOr<SigningKey> FromSeed(absl::string_view seed);  // 32 bytes
  // PKCS #8, "BEGIN PRIVATE KEY".
  static absl::StatusOr<SigningKey> FromPem(absl::string_view pem);

  std::string Sign(absl::string_view message) const;  // 64 bytes
  VerifyKey verify_key() const;
  std::string ToPem() const;  // secret
  Secret seed() const { return seed_.Copy(); }
  SigningKey Copy() const { return SigningKey(seed_.Copy()); }

 private:
  explicit SigningKey(Secret seed) : seed_(std::move(seed)) {}
  friend class CertificateMaker;

  Secret seed_;
};

}  // namespace penc
