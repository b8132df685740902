#include "store/staged.h"

#include <rocksdb/write_batch.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "store/generation.h"
#include "store/layout.h"

namespace penc {
namespace {

// A row of the pending blocks, by its person.
struct Place {
  uint64_t prefix;  // the first bits of the person's key: few persons share them
  uint32_t block, row;
};

uint64_t PrefixOf(const PersonKey& person) {
  uint64_t prefix = 0;
  for (int i = 0; i < 8; ++i) prefix = prefix << 8 | person[i];
  return prefix;
}

}  // namespace

absl::Status RunWriter::Add(RowBlock block) {
  pending_rows_ += block.rows();
  pending_.push_back(std::move(block));
  return pending_rows_ >= run_rows_ ? StartRun() : absl::OkStatus();
}

absl::Status RunWriter::Flush() {
  if (pending_rows_ > 0) RETURN_IF_ERROR(StartRun());
  return Wait();
}

RunWriter::~RunWriter() { Wait().IgnoreError(); }

absl::Status RunWriter::Wait() { return writing_.valid() ? writing_.get() : absl::OkStatus(); }

absl::Status RunWriter::StartRun() {
  RETURN_IF_ERROR(Wait());
  writing_ = std::async(std::launch::async,
                        [this, pending = std::exchange(pending_, {}),
                         rows = std::exchange(pending_rows_, 0)] { return WriteRun(pending, rows); });
  return absl::OkStatus();
}

absl::Status RunWriter::WriteRun(const std::vector<RowBlock>& pending, size_t all) {
  std::vector<Place> order;
  order.reserve(all);
  for (uint32_t b = 0; b < pending.size(); ++b) {
    for (uint32_t r = 0; r < pending[b].rows(); ++r) order.push_back({PrefixOf(pending[b].persons[r]), b, r});
  }
  // A person's rows stay in file order.
  std::sort(order.begin(), order.end(), [&](const Place& x, const Place& y) {
    if (x.prefix != y.prefix) return x.prefix < y.prefix;
    const PersonKey &a = pending[x.block].persons[x.row], &b = pending[y.block].persons[y.row];
    return a != b ? a < b : std::make_pair(x.block, x.row) < std::make_pair(y.block, y.row);
  });
  runs_.push_back(blocks_);
  for (size_t first = 0; first < order.size(); first += block_rows_) {
    const size_t rows = std::min<size_t>(order.size() - first, block_rows_);
    StagedBlock block;
    block.persons.resize(rows);
    block.rows = TableRows(from_.size());
    block.rows.batch.assign(rows, batch_);
    block.rows.identity.assign(rows, kNoId);
    block.rows.content.assign(rows, kNoId);
    for (auto& column : block.rows.columns) column.assign(rows, kNull);
    for (size_t i = 0; i < rows; ++i) {
      const Place& place = order[first + i];
      const RowBlock& from = pending[place.block];
      block.persons[i] = from.persons[place.row];
      if (!from.identity.empty()) block.rows.identity[i] = from.identity[place.row];
      if (!from.content.empty()) block.rows.content[i] = from.content[place.row];
    }
    for (size_t c = 0; c < from_.size(); ++c) {
      if (from_[c] < 0) continue;
      std::vector<StoredValue>& column = block.rows.columns[c];
      for (size_t i = 0; i < rows; ++i) {
        const Place& place = order[first + i];
        column[i] = pending[place.block].columns[from_[c]][place.row];
      }
    }
    rocksdb::WriteBatch writes;
    db_.Put(writes, Space::kRecords, BlockKey(batch_, blocks_),
            SealBlock(aead_, random_, batch_, blocks_, block));
    RETURN_IF_ERROR(db_.Write(writes, /*sync=*/false));
    ++blocks_;
  }
  return absl::OkStatus();
}

absl::StatusOr<StagedBlock> ReadBlock(const Database& db, Aead& aead, uint64_t batch, uint32_t block,
                                      size_t columns) {
  const std::string key = BlockKey(batch, block);
  const std::string where = absl::StrCat("batch ", batch, ", block ", block);
  ASSIGN_OR_RETURN(const absl::optional<std::string> sealed, db.Get(Space::kRecords, key));
  if (!sealed.has_value()) {
    return Fail(
        absl::StatusCode::kDataLoss,
        {absl::StrCat("lignes en attente perdues (", where, "); annulez ce lot (penc undo) et réimportez"),
         absl::StrCat("staged rows are lost (", where, "); undo that batch (penc undo) and import again")});
  }
  absl::StatusOr<std::string> bytes = aead.Open(ChunkName(key), *sealed);
  if (!bytes.ok()) return At(where, bytes.status());
  return DecodeBlock(*bytes, columns, batch);
}

std::string SealBlock(Aead& aead, RandomSource& random, uint64_t batch, uint32_t block,
                      const StagedBlock& rows) {
  return aead.Seal(random, ChunkName(BlockKey(batch, block)), EncodeBlock(rows));
}

}  // namespace penc
