// Who an office or a partner is on the network: one Ed25519 key in a file, and a self-signed certificate that
// wraps it for TLS. Others know the key by its fingerprint; the certificate is renewed under the same key
// whenever it nears its end, and nobody needs to be told.
#pragma once
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/random.h"
#include "crypto/signature.h"

namespace penc {

// A value; safe from any thread.
struct Identity {
  SigningKey key;
  std::string certificate_pem;
  std::string fingerprint;  // "SHA256:..."
};

// A certificate of this key: five years from the day before `now`.
Identity MakeIdentity(SigningKey key, const std::string& name, absl::Time now);

// Makes a new key (0600, never over an old one) and certificate. `name` becomes the certificate's common
// name.
absl::StatusOr<Identity> CreateIdentity(const std::string& key_file, const std::string& certificate_file,
                                        const std::string& name, absl::Time now, RandomSource& random);
// Reads the certificate; writes a new one where the old one is missing, unreadable, of another key, not valid
// at `now`, or within a year of its end.
absl::StatusOr<Identity> LoadIdentity(SigningKey key, const std::string& certificate_file,
                                      const std::string& name, absl::Time now);
// The same where the key lies in a file, too. PERMISSION_DENIED (mode) or DATA_LOSS for the key.
absl::StatusOr<Identity> LoadIdentity(const std::string& key_file, const std::string& certificate_file,
                                      const std::string& name, absl::Time now);

}  // namespace penc
