#include "store/pack.h"

#include <algorithm>
#include <cstring>

#include "base/status.h"

namespace penc {
namespace {

constexpr size_t kHeader = 5;  // bits, smallest value

int BitsOf(uint32_t value) { return value == 0 ? 0 : 32 - __builtin_clz(value); }

template <typename T>
void UnpackTo(const std::vector<uint64_t>& words, int bits, uint32_t least, size_t size, T* out) {
  const uint64_t mask = (uint64_t{1} << bits) - 1;
  uint64_t at = 0;
  for (size_t i = 0; i < size; ++i, at += bits) {
    const uint64_t word = at >> 6, shift = at & 63;
    uint64_t value = words[word] >> shift;
    if (shift + bits > 64) value |= words[word + 1] << (64 - shift);
    out[i] = static_cast<T>(least + (value & mask));
  }
}

absl::Status Damaged() { return Fail(absl::StatusCode::kDataLoss, {"colonne abîmée", "damaged column"}); }

}  // namespace

std::string Pack(absl::Span<const uint32_t> values) {
  uint32_t least = values.empty() ? 0 : values[0], largest = least;
  for (uint32_t value : values) {
    least = std::min(least, value);
    largest = std::max(largest, value);
  }
  const int bits = BitsOf(largest - least);
  std::string out(kHeader + (values.size() * bits + 7) / 8, 0);
  out[0] = static_cast<char>(bits);
  for (int i = 0; i < 4; ++i) out[1 + i] = static_cast<char>(least >> (8 * i) & 0xff);
  if (bits == 0) return out;
  uint64_t buffer = 0;
  int held = 0;
  char* next = out.data() + kHeader;
  for (uint32_t value : values) {
    buffer |= static_cast<uint64_t>(value - least) << held;
    held += bits;
    for (; held >= 8; held -= 8, buffer >>= 8) *next++ = static_cast<char>(buffer & 0xff);
  }
  if (held > 0) *next = static_cast<char>(buffer & 0xff);
  return out;
}

UnpackedColumn::UnpackedColumn(uint32_t largest, size_t size)
    : width_(largest < 1 << 8    ? 1
             : largest < 1 << 16 ? 2
                                 : 4),
      size_(size),
      bytes_((size * width_ + 7) / 8) {}

UnpackedColumn UnpackedColumn::Constant(uint32_t value, size_t size) {
  return Of(std::vector<uint32_t>(size, value));
}

UnpackedColumn UnpackedColumn::Of(absl::Span<const uint32_t> values) {
  UnpackedColumn column(values.empty() ? 0 : *std::max_element(values.begin(), values.end()), values.size());
  column.With([&](const auto* out) {
    using T = std::remove_const_t<std::remove_pointer_t<decltype(out)>>;
    std::copy(values.begin(), values.end(), const_cast<T*>(out));
  });
  return column;
}

absl::StatusOr<UnpackedColumn> Unpack(absl::string_view packed, size_t size) {
  const int bits = packed.size() < kHeader ? -1 : static_cast<uint8_t>(packed[0]);
  if (bits < 0 || bits > 32 || packed.size() != kHeader + (size * bits + 7) / 8) return Damaged();
  uint32_t least = 0;
  for (int i = 3; i >= 0; --i) least = least << 8 | static_cast<uint8_t>(packed[1 + i]);
  // At most: the bits may have room for more than the largest value there is.
  const uint64_t largest = least + ((uint64_t{1} << bits) - 1);
  std::vector<uint64_t> words((packed.size() - kHeader + 7) / 8 + 1, 0);
  std::memcpy(words.data(), packed.data() + kHeader, packed.size() - kHeader);
  UnpackedColumn column(static_cast<uint32_t>(std::min<uint64_t>(largest, UINT32_MAX)), size);
  column.With([&](const auto* out) {
    using T = std::remove_const_t<std::remove_pointer_t<decltype(out)>>;
    UnpackTo(words, bits, least, size, const_cast<T*>(out));
  });
  return column;
}

}  // namespace penc
