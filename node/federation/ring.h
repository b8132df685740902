// A vector of words modulo 2^32 or 2^64: what is masked, added up and unmasked in a round. Wiped at the end:
// on its way it may be somebody's exact numbers.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "crypto/secret.h"

namespace penc {

class RingVector {
 public:
  // Zeros. `word_bits`: 32 or 64.
  RingVector(uint64_t length, uint32_t word_bits);
  ~RingVector();
  RingVector(const RingVector&) = delete;
  RingVector& operator=(const RingVector&) = delete;

  uint64_t length() const { return word_bits_ == 32 ? narrow_.size() : wide_.size(); }
  void AddCells(absl::Span<const int64_t> cells);  // as many
  // Little-endian words. False, with nothing done, where they are not as many.
  bool AddBytes(int sign, absl::string_view bytes);
  void AddMask(int sign, const Secret& seed);
  std::string ToBytes() const;
  // Words as the signed numbers that they stand for.
  std::vector<int64_t> ToSigned() const;

 private:
  const uint32_t word_bits_;
  std::vector<uint32_t> narrow_;  // one of the two is used
  std::vector<uint64_t> wide_;
};

}  // namespace penc
