// Small files that only their office can read, wherever the disk ends up:
//
//   "penc sealed file v1\n" ‖ AES-256-GCM box (crypto/aead.h) of the content
//
// with associated data "penc file v1\n" ‖ the file's name and its folder's ("epoch/1.keys"): a box opens only
// in its own place. The key seals a few thousand files in a lifetime.
#pragma once
#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/random.h"
#include "crypto/secret.h"

namespace penc {

// Thread-safe; `random` outlives it.
class SealedFiles {
 public:
  SealedFiles(Secret key, RandomSource& random) : key_(std::move(key)), random_(random) {}

  // 0600; as WriteFileAtomically.
  absl::Status Write(const std::string& path, absl::string_view content) const;
  // NOT_FOUND; DATA_LOSS where it is not sealed, or altered, or another file's.
  absl::StatusOr<Secret> Read(const std::string& path, size_t limit_bytes) const;
  // Seals what an earlier penc left as it is, and destroys those bytes. OK where it is sealed already.
  absl::Status SealWhereItIs(const std::string& path, size_t limit_bytes) const;

 private:
  const Secret key_;
  RandomSource& random_;
};

}  // namespace penc
