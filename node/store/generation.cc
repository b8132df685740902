#include "store/generation.h"

#include <rocksdb/write_batch.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "crypto/aead.h"
#include "crypto/keyfile.h"

namespace penc {

std::shared_ptr<const void> ColumnCache::FindAny(const std::string& key) {
  std::lock_guard<std::mutex> lock(mutex_);
  const auto found = index_.find(key);
  if (found == index_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->decoded;
}

void ColumnCache::Insert(const std::string& key, std::shared_ptr<const void> decoded, size_t bytes) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (index_.find(key) != index_.end() || bytes > limit_) return;
  bytes_ += bytes;
  entries_.push_front({key, std::move(decoded), bytes});
  index_[key] = entries_.begin();
  while (bytes_ > limit_) {
    bytes_ -= entries_.back().bytes;
    index_.erase(entries_.back().key);
    entries_.pop_back();
  }
}

void ColumnCache::Clear() {
  std::lock_guard<std::mutex> lock(mutex_);
  entries_.clear();
  index_.clear();
  bytes_ = 0;
}

std::string ChunkName(const std::string& key) { return absl::StrCat("penc chunk v1\n", key); }

absl::StatusOr<std::shared_ptr<Generation>> Generation::Open(Database& db, ColumnCache& cache,
                                                             const Secret& node_key,
                                                             storage::v1::Manifest manifest,
                                                             const Generation* before) {
  std::shared_ptr<Generation> generation(new Generation(db, cache, std::move(manifest)));
  generation->persons_key_ = DeriveKey(node_key, "persons");
  for (const storage::v1::StoredTable& table : generation->manifest_.tables()) {
    ASSIGN_OR_RETURN(Secret key,
                     UnwrapKey(node_key, absl::StrCat("table ", table.name()), table.wrapped_key()));
    generation->keys_.push_back(std::move(key));
  }
  const uint64_t number = generation->manifest_.generation();
  generation->chunks_ = before != nullptr && before->chunks_->generation() == number
                            ? before->chunks_
                            : std::make_shared<Chunks>(db, number);
  return generation;
}

Chunks::~Chunks() {
  if (!doomed_ || generation_ == 0) return;
  rocksdb::WriteBatch batch;
  db_.DeleteRange(batch, Space::kRecords, GenerationKey(generation_), GenerationKey(generation_ + 1));
  // What a crash or a full disk keeps from being deleted is swept at the next opening.
  db_.Write(batch, /*sync=*/false).IgnoreError();
}

int Generation::TableNumber(const std::string& name) const {
  for (int t = 0; t < manifest_.tables_size(); ++t) {
    if (manifest_.tables(t).name() == name) return t;
  }
  return -1;
}

int Generation::ColumnNumber(int table, const std::string& name) const {
  if (table < 0) return -1;
  const storage::v1::StoredTable& stored = manifest_.tables(table);
  for (int c = 0; c < stored.columns_size(); ++c) {
    if (stored.columns(c) == name) return c;
  }
  return -1;
}

const Secret& Generation::key_of(uint32_t table) const {
  return table == kPersonsTable ? persons_key_ : keys_[table];
}

bool Generation::Has(uint32_t segment, uint32_t table, uint32_t column) const {
  const storage::v1::StoredSegment& info = manifest_.segments(static_cast<int>(segment));
  return static_cast<int>(table) < info.columns_size() && column < info.columns(static_cast<int>(table));
}

absl::StatusOr<std::string> Generation::ReadChunk(uint32_t segment, uint32_t table, uint32_t column) const {
  const std::string key = ChunkKey(manifest_.generation(), segment, table, column);
  ASSIGN_OR_RETURN(const absl::optional<std::string> sealed, db_.Get(Space::kRecords, key));
  const std::string where = absl::StrCat("segment ", segment, ", table ", table, ", column ", column);
  if (!sealed.has_value()) {
    return Fail(
        absl::StatusCode::kDataLoss,
        {absl::StrCat("enregistrements abîmés (", where, " manque); restaurez une sauvegarde (penc restore)"),
         absl::StrCat("damaged records (", where, " is missing); restore a backup (penc restore)")});
  }
  absl::StatusOr<std::string> opened = Aead(key_of(table)).Open(ChunkName(key), *sealed);
  if (!opened.ok()) return At(where, opened.status());
  return opened;
}

absl::StatusOr<std::shared_ptr<const UnpackedColumn>> Generation::ReadColumn(uint32_t segment, uint32_t table,
                                                                             uint32_t column,
                                                                             size_t size) const {
  const std::string key = ChunkKey(manifest_.generation(), segment, table, column);
  if (auto cached = cache_.Find<UnpackedColumn>(key); cached != nullptr) return cached;
  ASSIGN_OR_RETURN(const std::string packed, ReadChunk(segment, table, column));
  ASSIGN_OR_RETURN(UnpackedColumn unpacked, Unpack(packed, size));
  auto shared = std::make_shared<const UnpackedColumn>(std::move(unpacked));
  cache_.Insert(key, shared, shared->bytes());
  return shared;
}

absl::StatusOr<std::vector<PersonKey>> Generation::ReadPersons(uint32_t segment, size_t persons) const {
  ASSIGN_OR_RETURN(const std::string keys, ReadChunk(segment, kPersonsTable, kKeyColumn));
  if (keys.size() != sizeof(PersonKey) * persons)
    return Fail(absl::StatusCode::kDataLoss, {"clés contradictoires", "contradictory keys"});
  std::vector<PersonKey> all(persons);
  if (!all.empty()) std::memcpy(all.data(), keys.data(), keys.size());
  return all;
}

absl::StatusOr<std::shared_ptr<const std::vector<uint64_t>>> Generation::ReadPersonIds(uint32_t segment,
                                                                                       size_t persons) const {
  const std::string key = ChunkKey(manifest_.generation(), segment, kPersonsTable, kKeyColumn);
  if (auto cached = cache_.Find<std::vector<uint64_t>>(key); cached != nullptr) return cached;
  ASSIGN_OR_RETURN(const std::vector<PersonKey> keys, ReadPersons(segment, persons));
  auto ids = std::make_shared<std::vector<uint64_t>>(persons);
  for (size_t p = 0; p < persons; ++p) std::memcpy(&(*ids)[p], keys[p].data(), sizeof((*ids)[p]));
  cache_.Insert(key, ids, persons * sizeof(uint64_t));
  return std::shared_ptr<const std::vector<uint64_t>>(std::move(ids));
}

}  // namespace penc
