// Checkpoints of the journal as C2SP signed notes (c2sp.org/signed-note, c2sp.org/tlog-checkpoint): text that
// a person can paste in an e-mail and a stranger can verify. Pure.
//
//   penc/ALCRER
//   1042
//   base64 root
//
//   — penc/ALCRER base64(key hash ‖ signature)
#pragma once
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "crypto/signature.h"

namespace penc {

struct Checkpoint {
  std::string origin;
  uint64_t size = 0;
  std::string root;  // 32 bytes
};

std::string SignCheckpoint(const Checkpoint& checkpoint, const SigningKey& key);
// INVALID_ARGUMENT where it is no checkpoint, DATA_LOSS where no signature on it is by `key`.
absl::StatusOr<Checkpoint> OpenCheckpoint(absl::string_view note, const VerifyKey& key);

}  // namespace penc
