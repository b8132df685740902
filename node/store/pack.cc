#include "store/pack.h"

#include <algorithm>
#include <cstring>

#include "base/status.h"

namespace penc {
namespace {

int BitsOf(uint32_t value) { return value == 0 ? 0 : 32 - __builtin_clz(value); }

template <typename T>
void UnpackTo(const std::vector<uint64_t>& words, int bits, size_t size, T* out) {
  const uint64_t mask = (uint64_t{1} << bits) - 1;
  uint64_t at = 0;
  for (size_t i = 0; i < size; ++i, at += bits) {
    const uint64_t word = at >> 6, shift = at & 63;
    uint64_t value = words[word] >> shift;
    if (shift + bits > 64) value |= words[word + 1] << (64 - shift);
    out[i] = static_cast<T>(value & mask);
  }
}

}  // namespace

std::string Pack(absl::Span<const uint32_t> values) {
  uint32_t all = 0;
  for (uint32_t value : values) all |= value;
  const int bits = BitsOf(all);
  std::string out(1 + (values.size() * bits + 7) / 8, 0);
  out[0] = static_cast<char>(bits);
  uint64_t buffer = 0;
  int held = 0;
  size_t next = 1;
  for (uint32_t value : values) {
    buffer |= static_cast<uint64_t>(value) << held;
    held += bits;
    for (; held >= 8; held -= 8, buffer >>= 8) out[next++] = static_cast<char>(buffer & 0xff);
  }
  if (held > 0) out[next] = static_cast<char>(buffer & 0xff);
  return out;
}

UnpackedColumn UnpackedColumn::Constant(uint32_t value, size_t size) {
  UnpackedColumn column;
  column.size_ = size;
  column.width_ = value < 256 ? 1 : 4;
  column.bytes_.assign((size * column.width_ + 7) / 8, 0);
  if (value != 0) {
    for (size_t i = 0; i < size; ++i) {
      if (column.width_ == 1)
        reinterpret_cast<uint8_t*>(column.bytes_.data())[i] = static_cast<uint8_t>(value);
      else
        reinterpret_cast<uint32_t*>(column.bytes_.data())[i] = value;
    }
  }
  return column;
}

absl::StatusOr<UnpackedColumn> Unpack(absl::string_view packed, size_t size) {
  const int bits = packed.empty() ? -1 : static_cast<uint8_t>(packed[0]);
  if (bits < 0 || bits > 32 || packed.size() != 1 + (size * bits + 7) / 8) {
    return Fail(absl::StatusCode::kDataLoss, {"colonne abîmée", "damaged column"});
  }
  if (bits == 0) return UnpackedColumn::Constant(0, size);
  std::vector<uint64_t> words((packed.size() - 1 + 7) / 8 + 1, 0);
  std::memcpy(words.data(), packed.data() + 1, packed.size() - 1);
  UnpackedColumn column;
  column.size_ = size;
  column.width_ = bits <= 8 ? 1 : bits <= 16 ? 2 : 4;
  column.bytes_.assign((size * column.width_ + 7) / 8, 0);
  switch (column.width_) {
    case 1:
      UnpackTo(words, bits, size, reinterpret_cast<uint8_t*>(column.bytes_.data()));
      break;
    case 2:
      UnpackTo(words, bits, size, reinterpret_cast<uint16_t*>(column.bytes_.data()));
      break;
    default:
      UnpackTo(words, bits, size, reinterpret_cast<uint32_t*>(column.bytes_.data()));
  }
  return column;
}

}  // namespace penc
