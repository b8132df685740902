// SHA-256 (FIPS 180-4), HMAC-SHA-256 (RFC 2104), HKDF-SHA-256 (RFC 5869), through OpenSSL. Results are 32 raw
// bytes in a string. Pure functions, safe from any thread; a failing library stops the process.
#pragma once
#include <array>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"

struct evp_md_ctx_st;

namespace penc {

std::string Sha256(absl::string_view data);
// Of the parts joined; parts are not separated, so give every part a fixed length or a length prefix.
std::string Sha256(std::initializer_list<absl::string_view> parts);

// A hash over bytes that arrive piece by piece. Not thread-safe.
class Sha256Stream {
 public:
  Sha256Stream();
  ~Sha256Stream();
  Sha256Stream(const Sha256Stream&) = delete;
  Sha256Stream& operator=(const Sha256Stream&) = delete;
  void Update(absl::string_view data);
  std::string Finish();  // once

 private:
  evp_md_ctx_st* context_;
};

std::string HmacSha256(absl::string_view key, absl::string_view data);

// A keyed hash prepared once and used millions of times: the two padded key blocks are already compressed.
// Holds the key's state, wiped at the end. Not thread-safe: one per thread.
class HmacKey {
 public:
  explicit HmacKey(absl::string_view key);
  ~HmacKey();
  HmacKey(const HmacKey&) = delete;
  HmacKey& operator=(const HmacKey&) = delete;
  void Mac(absl::string_view data, std::array<uint8_t, 32>& out);

 private:
  evp_md_ctx_st* inner_;
  evp_md_ctx_st* outer_;
  evp_md_ctx_st* work_;
};

// Extract-and-expand; at most 8160 bytes.
std::string HkdfSha256(absl::string_view secret, absl::string_view salt, absl::string_view info, size_t size);

}  // namespace penc
