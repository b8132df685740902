#include "office/identity.h"

#include <utility>

#include "base/file.h"
#include "base/status.h"
#include "crypto/keyfile.h"
#include "crypto/tls_identity.h"

namespace penc {
namespace {

constexpr absl::Duration kDay = absl::Hours(24);

bool StillGood(absl::string_view pem, const VerifyKey& key, absl::Time now) {
  absl::StatusOr<Certificate> certificate = ParseCertificate(pem);
  return certificate.ok() && certificate->key == key && now >= certificate->not_before &&
         now < certificate->not_after - 365 * kDay;
}

}  // namespace

Identity MakeIdentity(SigningKey key, const std::string& name, absl::Time now) {
  std::string pem = MakeCertificate(key, name, now - kDay, now + 5 * 365 * kDay);
  std::string fingerprint = key.verify_key().Fingerprint();
  return Identity{std::move(key), std::move(pem), std::move(fingerprint)};
}

absl::StatusOr<Identity> CreateIdentity(const std::string& key_file, const std::string& certificate_file,
                                        const std::string& name, absl::Time now, RandomSource& random) {
  Identity identity = MakeIdentity(SigningKey::Generate(random), name, now);
  RETURN_IF_ERROR(SaveSigningKey(key_file, identity.key));
  RETURN_IF_ERROR(WriteFileAtomically(certificate_file, identity.certificate_pem));
  return identity;
}

absl::StatusOr<Identity> LoadIdentity(const std::string& key_file, const std::string& certificate_file,
                                      const std::string& name, absl::Time now) {
  ASSIGN_OR_RETURN(SigningKey key, LoadSigningKey(key_file));
  return LoadIdentity(std::move(key), certificate_file, name, now);
}

absl::StatusOr<Identity> LoadIdentity(SigningKey key, const std::string& certificate_file,
                                      const std::string& name, absl::Time now) {
  absl::StatusOr<std::string> pem = ReadFile(certificate_file, 64 << 10);
  if (pem.ok() && StillGood(*pem, key.verify_key(), now)) {
    std::string fingerprint = key.verify_key().Fingerprint();
    return Identity{std::move(key), *std::move(pem), std::move(fingerprint)};
  }
  Identity identity = MakeIdentity(std::move(key), name, now);
  RETURN_IF_ERROR(WriteFileAtomically(certificate_file, identity.certificate_pem));
  return identity;
}

}  // namespace penc
