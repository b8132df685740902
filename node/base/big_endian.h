// Integers as bytes, most significant first: as they are signed, hashed and used in keys, where they sort by
// number. Pure.
#pragma once
#include <cstdint>
#include <string>

namespace penc {

inline std::string BigEndian64(uint64_t value) {
  std::string out(8, 0);
  for (int i = 7; i >= 0; --i, value >>= 8) out[i] = static_cast<char>(value & 0xff);
  return out;
}

inline std::string BigEndian32(uint32_t value) { return BigEndian64(value).substr(4); }

}  // namespace penc
