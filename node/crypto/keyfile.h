// Keys in files: 0600, versioned, written so that a crash leaves no half key; and keys wrapped under another
// key.
#pragma once
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/random.h"
#include "crypto/agreement.h"
#include "crypto/secret.h"
#include "crypto/signature.h"

namespace penc {

// 32 random bytes. ALREADY_EXISTS where there is a file: a key is never overwritten.
absl::Status CreateNodeKey(const std::string& path, RandomSource& random);
absl::Status SaveNodeKey(const std::string& path, const Secret& key);
// PERMISSION_DENIED where others may read it (says how to mend); DATA_LOSS where it is missing or not a key
// file.
absl::StatusOr<Secret> LoadNodeKey(const std::string& path);
// The same from where permissions say nothing: sticks show every file as everybody's, and systemd lends its
// credentials by an access list. NOT_FOUND where there is none.
absl::StatusOr<Secret> LoadNodeKeyElsewhere(const std::string& path);
// How a node key is recognised without being shown: SHA-256("penc node key id v1\n" ‖ key).
std::string NodeKeyId(const Secret& key);

// The same for an X25519 key that mail is sealed to.
absl::Status CreateMailKey(const std::string& path, RandomSource& random);
absl::StatusOr<AgreementKey> LoadMailKey(const std::string& path);

// The network's key, with which members make their persons' buckets (federation/linkage.md). It comes on a
// stick: its permissions say nothing. NOT_FOUND, DATA_LOSS.
absl::Status CreateNetworkKey(const std::string& path, RandomSource& random);
absl::StatusOr<Secret> LoadNetworkKey(const std::string& path);
// 32 hex digits that tell two keys apart and nothing else about them: the first half of HMAC-SHA-256 of "penc
// network key check v1\n".
std::string NetworkKeyCheck(const Secret& key);

// A signing key in PEM, 0600; errors as above.
absl::Status SaveSigningKey(const std::string& path, const SigningKey& key);
absl::StatusOr<SigningKey> LoadSigningKey(const std::string& path);

// A key sealed under another one; `purpose` is bound to it.
std::string WrapKey(const Secret& under, absl::string_view purpose, const Secret& key, RandomSource& random);
absl::StatusOr<Secret> UnwrapKey(const Secret& under, absl::string_view purpose, absl::string_view wrapped);

// An independent key for one purpose, by HKDF.
Secret DeriveKey(const Secret& from, absl::string_view purpose);

}  // namespace penc
