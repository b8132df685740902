// DIR/keys/ring: every secret of an office but the node key, and what it takes to open them with it.
//
//   "penc key ring 1\n" ‖ SHA-256 of what follows (32 bytes) ‖ a serialised storage.v1.KeyRingFile
//
// The secrets are sealed under the ring's key; each slot wraps that key under a node key and says where the
// node key is. The hash finds damage; the seal finds whoever alters it. Pure, but for the file.
#pragma once
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/random.h"
#include "crypto/agreement.h"
#include "crypto/secret.h"
#include "crypto/signature.h"
#include "penc/storage/v1/keys.pb.h"

namespace penc {

// They stay the same for life, whatever happens to the node key: persons' keys are made with `records`, and a
// network knows the office by `identity` and `mail`.
struct OfficeSecrets {
  Secret records;
  SigningKey identity;
  AgreementKey mail;
  Secret files;
};

// DATA_LOSS where it is missing or damaged, and what to do; FAILED_PRECONDITION where a newer penc wrote it.
absl::StatusOr<storage::v1::KeyRingFile> ReadRing(const std::string& path);
// The bytes that were there are destroyed (base/file.h).
absl::Status WriteRing(const std::string& path, const storage::v1::KeyRingFile& ring);

std::string SealSecrets(const Secret& ring_key, const OfficeSecrets& secrets, RandomSource& random);
// DATA_LOSS where it was altered or sealed under another key.
absl::StatusOr<OfficeSecrets> OpenSecrets(const Secret& ring_key, absl::string_view sealed);

// A slot that opens with `node_key`; its place is the caller's to set.
storage::v1::KeySlot MakeSlot(const Secret& node_key, const Secret& ring_key, RandomSource& random);
// The ring's key. DATA_LOSS where the slot was altered; its key_id says beforehand whether this is its key.
absl::StatusOr<Secret> OpenSlot(const storage::v1::KeySlot& slot, const Secret& node_key);

}  // namespace penc
