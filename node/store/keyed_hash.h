// SipHash-2-4 (Aumasson, Bernstein 2012) of a few words under a secret key: decides what a cap keeps and how
// an amount is rounded, so that nobody outside can tell or steer it. Fast enough for every person over a cap.
#pragma once
#include <cstdint>
#include <cstring>

#include "absl/strings/string_view.h"
#include "base/status.h"

namespace penc {

class KeyedHash {
 public:
  // 16 secret bytes.
  explicit KeyedHash(absl::string_view key) {
    PENC_CHECK(key.size() >= 16);
    std::memcpy(key_, key.data(), 16);
  }
  ~KeyedHash() { explicit_bzero(key_, sizeof(key_)); }

  uint64_t operator()(uint64_t a, uint64_t b, uint64_t c, uint64_t d) const {
    State s{key_[0] ^ 0x736f6d6570736575u, key_[1] ^ 0x646f72616e646f6du, key_[0] ^ 0x6c7967656e657261u,
            key_[1] ^ 0x7465646279746573u};
    for (uint64_t word : {a, b, c, d, uint64_t{32} << 56}) {
      s.v3 ^= word;
      s.Round();
      s.Round();
      s.v0 ^= word;
    }
    s.v2 ^= 0xff;
    for (int i = 0; i < 4; ++i) s.Round();
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
  }

 private:
  struct State {
    uint64_t v0, v1, v2, v3;
    static uint64_t Rotate(uint64_t x, int b) { return x << b | x >> (64 - b); }
    void Round() {
      v0 += v1;
      v1 = Rotate(v1, 13);
      v1 ^= v0;
      v0 = Rotate(v0, 32);
      v2 += v3;
      v3 = Rotate(v3, 16);
      v3 ^= v2;
      v0 += v3;
      v3 = Rotate(v3, 21);
      v3 ^= v0;
      v2 += v1;
      v1 = Rotate(v1, 17);
      v1 ^= v2;
      v2 = Rotate(v2, 32);
    }
  };
  uint64_t key_[2];
};

}  // namespace penc
