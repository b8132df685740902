// Self-signed Ed25519 certificates (RFC 5280, RFC 8410): wrappings of a key for TLS. Nobody trusts an issuer;
// peers pin the key's fingerprint and look at the dates themselves.
#pragma once
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "crypto/signature.h"

namespace penc {

inline constexpr char kTlsName[] = "penc";  // DNS name in every certificate, whatever the address

struct Certificate {
  VerifyKey key;
  std::string common_name;
  absl::Time not_before, not_after;
};

// PEM. Subject `name` (cut to 64 bytes at a character), alternative names DNS:penc and
// URI:penc:<fingerprint>.
std::string MakeCertificate(const SigningKey& key, absl::string_view name, absl::Time not_before,
                            absl::Time not_after);

// The first certificate of a PEM text. Checks the self-signature; dates are the caller's to compare.
// INVALID_ARGUMENT.
absl::StatusOr<Certificate> ParseCertificate(absl::string_view pem);

}  // namespace penc
