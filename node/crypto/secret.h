// Bytes that must not stay behind: move-only, wiped, never printed or compared carelessly.
#pragma once
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "base/random.h"

namespace penc {

class Secret {
 public:
  Secret() = default;
  explicit Secret(absl::Span<const uint8_t> bytes) : bytes_(bytes.begin(), bytes.end()) {}
  explicit Secret(absl::string_view bytes) : bytes_(bytes.begin(), bytes.end()) {}
  Secret(Secret&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) {
      Wipe();
      bytes_ = std::exchange(other.bytes_, {});
    }
    return *this;
  }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() { Wipe(); }

  static Secret Random(RandomSource& random, size_t size) {
    Secret secret;
    secret.bytes_.resize(size);
    random.Fill(absl::MakeSpan(secret.bytes_));
    return secret;
  }
  // To be filled through mutable_bytes.
  static Secret Zeros(size_t size) {
    Secret secret;
    secret.bytes_.resize(size);
    return secret;
  }
  Secret Copy() const { return Secret(bytes()); }

  size_t size() const { return bytes_.size(); }
  absl::Span<const uint8_t> bytes() const { return bytes_; }
  absl::Span<uint8_t> mutable_bytes() { return absl::MakeSpan(bytes_); }
  absl::string_view view() const { return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()}; }

 private:
  void Wipe() {
    if (!bytes_.empty()) explicit_bzero(bytes_.data(), bytes_.size());
    bytes_.clear();
  }

  std::vector<uint8_t> bytes_;
};

}  // namespace penc
