// Keys of the column family `records`, and the names under which their values are sealed. FORMAT.md, "Keys".
#pragma once
#include <cstdint>
#include <string>

namespace penc {

inline constexpr uint32_t kPersonsTable = 0xffff;  // the persons of a segment, beside the tables' numbers
// Columns of kPersonsTable.
inline constexpr uint32_t kKeyColumn = 0;     // 16 bytes a person
inline constexpr uint32_t kCohortColumn = 1;  // edition - first edition of the manifest, packed
// Columns that every table has, beside its own numbers.
inline constexpr uint32_t kCountColumn = 0xfff0;     // rows of each person, packed
inline constexpr uint32_t kBatchColumn = 0xfff1;     // batch of each row, packed
inline constexpr uint32_t kIdentityColumn = 0xfff2;  // 16 bytes a row; empty where no row has one
inline constexpr uint32_t kContentColumn = 0xfff3;   // 16 bytes a row; empty where no row has one

inline void AppendBigEndian(std::string& out, uint64_t value, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) out.push_back(static_cast<char>(value >> (8 * i) & 0xff));
}

inline std::string ManifestKey() { return "M"; }
inline std::string PurgeKey() { return "p"; }
inline std::string GenerationKey(uint64_t generation) {
  std::string key = "g";
  AppendBigEndian(key, generation, 8);
  return key;
}
inline std::string ChunkKey(uint64_t generation, uint32_t segment, uint32_t table, uint32_t column) {
  std::string key = GenerationKey(generation);
  AppendBigEndian(key, segment, 4);
  AppendBigEndian(key, table, 2);
  AppendBigEndian(key, column, 2);
  return key;
}
inline std::string BatchKey(uint64_t batch) {
  std::string key = "r";
  AppendBigEndian(key, batch, 8);
  return key;
}
inline std::string BlockKey(uint64_t batch, uint32_t block) {
  std::string key = BatchKey(batch);
  AppendBigEndian(key, block, 4);
  return key;
}

}  // namespace penc
