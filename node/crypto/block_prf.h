// A pseudorandom function from 16 bytes to 16 bytes, for millions of inputs: AES-128 (FIPS 197) of single
// blocks under a secret key. Distinct inputs give outputs that nobody without the key can tell from random
// ones, up to 2^60 of them.
#pragma once
#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

struct evp_cipher_ctx_st;

namespace penc {

// Not thread-safe: one per thread.
class BlockPrf {
 public:
  // Two words, in the machine's order of bytes.
  struct Block {
    uint64_t a, b;
  };

  explicit BlockPrf(absl::string_view key);  // 16 bytes
  ~BlockPrf();
  BlockPrf(const BlockPrf&) = delete;
  BlockPrf& operator=(const BlockPrf&) = delete;

  // Each block in place. Many at a time: a call costs as much as fifty blocks.
  void Apply(absl::Span<Block> blocks);

 private:
  evp_cipher_ctx_st* context_;
};

}  // namespace penc
