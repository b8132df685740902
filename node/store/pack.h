// Columns of small integers as bytes and back: the distance from the smallest value in the fewest bits that
// hold it, little-endian, lowest bits first; a column of one value is its header. FORMAT.md, "Packed
// columns". Pure.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace penc {

// Values of one column, at the width that scans fastest.
class UnpackedColumn {
 public:
  // Calls `visit` with a pointer to uint8_t, uint16_t or uint32_t values.
  template <typename Visit>
  auto With(Visit visit) const {
    switch (width_) {
      case 1:
        return visit(reinterpret_cast<const uint8_t*>(bytes_.data()));
      case 2:
        return visit(reinterpret_cast<const uint16_t*>(bytes_.data()));
      default:
        return visit(reinterpret_cast<const uint32_t*>(bytes_.data()));
    }
  }
  uint32_t at(size_t i) const {
    return With([i](const auto* values) { return static_cast<uint32_t>(values[i]); });
  }
  size_t size() const { return size_; }
  size_t bytes() const { return bytes_.size() * sizeof(bytes_[0]); }

  // All the same value (a column that a segment does not have: NULL).
  static UnpackedColumn Constant(uint32_t value, size_t size);
  static UnpackedColumn Of(absl::Span<const uint32_t> values);

 private:
  friend absl::StatusOr<UnpackedColumn> Unpack(absl::string_view packed, size_t size);
  UnpackedColumn(uint32_t largest, size_t size);

  int width_ = 1;  // bytes a value
  size_t size_ = 0;
  std::vector<uint64_t> bytes_;  // aligned for all widths
};

std::string Pack(absl::Span<const uint32_t> values);
// DATA_LOSS where the bytes are not `size` packed values.
absl::StatusOr<UnpackedColumn> Unpack(absl::string_view packed, size_t size);

}  // namespace penc
