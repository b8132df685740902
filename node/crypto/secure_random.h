// Random bytes. SecureRandom is ChaCha20 (RFC 8439) keyed by the operating system, rekeyed every 16 MiB and
// after a fork; SeededExpander is the same stream from a given seed, for noise that must be regenerated from
// an opened seed.
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <mutex>

#include "absl/types/span.h"
#include "base/random.h"

struct evp_cipher_ctx_st;

namespace penc {

// Key stream of ChaCha20 with a zero nonce, from block 0. Not thread-safe; wiped at the end.
class SeededExpander : public RandomSource {
 public:
  explicit SeededExpander(absl::Span<const uint8_t> seed);  // 32 bytes
  ~SeededExpander() override;
  SeededExpander(const SeededExpander&) = delete;
  SeededExpander& operator=(const SeededExpander&) = delete;
  void Fill(absl::Span<uint8_t> out) override;

 private:
  evp_cipher_ctx_st* context_;
};

// Thread-safe. Stops the process where the operating system gives no random bytes.
class SecureRandom : public RandomSource {
 public:
  void Fill(absl::Span<uint8_t> out) override;

 private:
  std::mutex mutex_;
  std::unique_ptr<SeededExpander> stream_;
  uint64_t left_ = 0;  // bytes before the next rekeying
  int process_ = 0;    // a child after fork must not repeat its parent's stream
};

}  // namespace penc
