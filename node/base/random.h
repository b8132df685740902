// Where random bits enter. Samplers take a RandomSource&, never the operating system; main builds the real
// one (crypto/secure_random.h), tests build seeded ones.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"

namespace penc {

// Thread-safety is stated by each implementation. Never fails: a source that cannot produce bits stops the
// process.
class RandomSource {
 public:
  virtual ~RandomSource() = default;
  // Fills `out` with independent uniform bytes.
  virtual void Fill(absl::Span<uint8_t> out) = 0;
};

// A buffered stream of 64-bit words over a source, for loops that draw millions. Not thread-safe; wipes its
// buffer.
class Words {
 public:
  explicit Words(RandomSource& source) : source_(source) {}
  Words(const Words&) = delete;
  Words& operator=(const Words&) = delete;
  ~Words() { Wipe(); }

  uint64_t Next() {
    if (next_ == buffer_.size()) Refill();
    uint64_t word = buffer_[next_];
    buffer_[next_++] = 0;  // a word is used once and does not stay behind
    return word;
  }

 private:
  void Refill();
  void Wipe();

  RandomSource& source_;
  std::array<uint64_t, 512> buffer_;
  size_t next_ = buffer_.size();
};

}  // namespace penc
