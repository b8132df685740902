// Rows on their way between files, staged blocks and segments. Internal to the store, apart from TableRows:
// what its visitors see (record_store.h, Visit).
#pragma once
#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "store/record_store.h"

namespace penc {

using RowId = std::array<uint8_t, 16>;
inline constexpr RowId kNoId = {};

struct IdHash {
  size_t operator()(const RowId& id) const {  // ids are keyed hashes: any of their bits will do
    size_t h;
    std::memcpy(&h, id.data(), sizeof(h));
    return h;
  }
};

// Rows of one table, in some order. `identity` and `content` are kNoId where a row has none.
struct TableRows {
  std::vector<uint64_t> batch;
  std::vector<RowId> identity, content;
  std::vector<std::vector<StoredValue>> columns;

  explicit TableRows(size_t column_count = 0) : columns(column_count) {}
  size_t rows() const { return batch.size(); }
  void Append(const TableRows& from, size_t row);
  void Clear();
};

// A staged block: rows sorted by person.
struct StagedBlock {
  std::vector<PersonKey> persons;
  TableRows rows;
};
std::string EncodeBlock(const StagedBlock& block);
// DATA_LOSS where the bytes are no block of `columns` columns.
absl::StatusOr<StagedBlock> DecodeBlock(absl::string_view bytes, size_t columns, uint64_t batch);

// 16-byte values of a column: nothing where none is set.
std::string EncodeIds(const std::vector<RowId>& ids);
absl::StatusOr<std::vector<RowId>> DecodeIds(absl::string_view bytes, size_t rows);

}  // namespace penc
