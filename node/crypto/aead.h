// AES-256-GCM (NIST SP 800-38D). A sealed box is nonce (12 bytes, random) ‖ ciphertext ‖ tag (16 bytes).
// Random nonces keep a collision under one key below 2^-33 for 2^31 boxes; a table key seals a few hundred
// thousand in a lifetime.
#pragma once
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/random.h"
#include "crypto/secret.h"

struct evp_cipher_ctx_st;

namespace penc {

// One key, prepared. Not thread-safe: one per thread.
class Aead {
 public:
  static constexpr size_t kOverhead = 12 + 16;

  explicit Aead(const Secret& key);  // 32 bytes
  ~Aead();
  Aead(const Aead&) = delete;
  Aead& operator=(const Aead&) = delete;

  // `associated` is authenticated, not stored: whoever opens must state it again.
  std::string Seal(RandomSource& random, absl::string_view associated, absl::string_view plain);
  // DATA_LOSS where the box was altered, cut, or sealed under another key or association.
  absl::StatusOr<std::string> Open(absl::string_view associated, absl::string_view box);

 private:
  evp_cipher_ctx_st* seal_;
  evp_cipher_ctx_st* open_;
};

// The same for a key that seals one message in its life: `key_and_iv` is 44 bytes, key and nonce, both
// derived or drawn for this message. The box is ciphertext ‖ tag (16 bytes).
std::string SealOnce(const Secret& key_and_iv, absl::string_view associated, absl::string_view plain);
// DATA_LOSS as above, in a sentence for messages: the sender's copy is the one to ask for.
absl::StatusOr<Secret> OpenOnce(const Secret& key_and_iv, absl::string_view associated,
                                absl::string_view box);

}  // namespace penc
