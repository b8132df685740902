#include "store/rows.h"

#include <algorithm>

#include "base/status.h"
#include "store/pack.h"

namespace penc {
namespace {

void PutNumber(std::string& out, uint64_t n) {
  for (int i = 0; i < 4; ++i) out.push_back(static_cast<char>(n >> (8 * i) & 0xff));
}
void PutPart(std::string& out, const std::string& part) {
  PutNumber(out, part.size());
  out += part;
}

class Reader {
 public:
  explicit Reader(absl::string_view bytes) : bytes_(bytes) {}
  bool Number(uint64_t& n) {
    if (bytes_.size() < 4) return false;
    n = 0;
    for (int i = 3; i >= 0; --i) n = n << 8 | static_cast<uint8_t>(bytes_[i]);
    bytes_.remove_prefix(4);
    return true;
  }
  bool Part(absl::string_view& part) {
    uint64_t size = 0;
    if (!Number(size) || size > bytes_.size()) return false;
    part = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return true;
  }
  bool AtEnd() const { return bytes_.empty(); }

 private:
  absl::string_view bytes_;
};

absl::Status Damaged() {
  return Fail(absl::StatusCode::kDataLoss, {"lignes en attente abîmées", "damaged staged rows"});
}

std::string Raw(const std::vector<RowId>& ids) {
  return {reinterpret_cast<const char*>(ids.data()), ids.size() * sizeof(RowId)};
}

}  // namespace

void TableRows::Append(const TableRows& from, size_t row) {
  batch.push_back(from.batch[row]);
  identity.push_back(from.identity[row]);
  content.push_back(from.content[row]);
  for (size_t c = 0; c < columns.size(); ++c)
    columns[c].push_back(c < from.columns.size() ? from.columns[c][row] : kNull);
}

void TableRows::Clear() {
  batch.clear();
  identity.clear();
  content.clear();
  for (auto& column : columns) column.clear();
}

std::string EncodeIds(const std::vector<RowId>& ids) {
  const bool any = std::any_of(ids.begin(), ids.end(), [](const RowId& id) { return id != kNoId; });
  return any ? Raw(ids) : "";
}

absl::StatusOr<std::vector<RowId>> DecodeIds(absl::string_view bytes, size_t rows) {
  std::vector<RowId> ids(rows, kNoId);
  if (bytes.empty()) return ids;
  if (bytes.size() != rows * sizeof(RowId)) return Damaged();
  std::memcpy(ids.data(), bytes.data(), bytes.size());
  return ids;
}

std::string EncodeBlock(const StagedBlock& block) {
  std::string out;
  PutNumber(out, block.persons.size());
  PutPart(out, Raw(block.persons));
  PutPart(out, EncodeIds(block.rows.identity));
  PutPart(out, EncodeIds(block.rows.content));
  for (const auto& column : block.rows.columns) PutPart(out, Pack(column));
  return out;
}

absl::StatusOr<StagedBlock> DecodeBlock(absl::string_view bytes, size_t columns, uint64_t batch) {
  Reader reader(bytes);
  uint64_t rows = 0;
  absl::string_view persons, identity, content;
  if (!reader.Number(rows) || !reader.Part(persons) || !reader.Part(identity) || !reader.Part(content) ||
      persons.size() != rows * sizeof(PersonKey)) {
    return Damaged();
  }
  StagedBlock block;
  block.persons.resize(rows);
  if (rows > 0) std::memcpy(block.persons.data(), persons.data(), persons.size());
  block.rows.batch.assign(rows, batch);
  ASSIGN_OR_RETURN(block.rows.identity, DecodeIds(identity, rows));
  ASSIGN_OR_RETURN(block.rows.content, DecodeIds(content, rows));
  while (!reader.AtEnd()) {
    absl::string_view packed;
    if (!reader.Part(packed)) return Damaged();
    ASSIGN_OR_RETURN(const UnpackedColumn column, Unpack(packed, rows));
    std::vector<StoredValue> values(rows);
    column.With([&](const auto* v) { std::copy(v, v + rows, values.begin()); });
    block.rows.columns.push_back(std::move(values));
  }
  // Columns that are younger than the block are NULL.
  while (block.rows.columns.size() < columns) block.rows.columns.emplace_back(rows, kNull);
  if (block.rows.columns.size() > columns) return Damaged();
  return block;
}

}  // namespace penc
