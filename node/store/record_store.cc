#include "store/record_store.h"

#include <rocksdb/write_batch.h>

#include <algorithm>
#include <mutex>
#include <numeric>
#include <unordered_map>

#include "absl/strings/str_cat.h"
#include "base/database.h"
#include "base/status.h"
#include "crypto/aead.h"
#include "crypto/keyfile.h"
#include "journal/committer.h"
#include "store/extract.h"
#include "store/generation.h"
#include "store/merge.h"
#include "store/rows.h"

namespace penc {
namespace {

using storage::v1::Manifest;
using storage::v1::StoredBatch;

absl::Status Bad(absl::StatusCode code, std::string fr, std::string en) {
  return Fail(code, {std::move(fr), std::move(en)});
}

class Store;

// Rows of one import, sorted by person and sealed as they come.
class StoreImport final : public RecordStore::Import {
 public:
  StoreImport(Store& store, StoredBatch batch, uint32_t codebook_table, size_t columns);
  ~StoreImport() override;
  absl::Status Add(RowBlock block) override;
  void SetFileHash(const std::string& file_hash) override { batch_.set_file_hash(file_hash); }
  absl::StatusOr<StagedCounts> Commit() override;
  uint64_t batch() const override { return batch_.id(); }

 private:
  struct Known {
    RowId content;
    PersonKey person;
    bool here;  // of this batch: its earlier row is superseded by order, not by name
  };

  absl::Status LearnKnown();
  absl::Status WriteRun();

  Store& store_;
  StoredBatch batch_;
  const uint32_t codebook_table_;
  const Table& table_;
  StagedBlock pending_;
  StagedCounts counts_;
  std::vector<size_t> constant_;  // columns that may not differ between a person's rows
  bool learnt_ = false;
  std::unordered_map<RowId, Known, IdHash> known_;
  std::unordered_map<PersonKey, std::vector<StoredValue>, IdHash> constants_;
  std::string superseded_;
  bool committed_ = false;
};

class Store final : public RecordStore {
 public:
  Store(Database& db, Committer& committer, const Codebook& codebook, const Secret& node_key,
        const StoreOptions& options)
      : db_(db),
        committer_(committer),
        options_(options),
        node_key_(node_key.Copy()),
        manifest_key_(DeriveKey(node_key, "manifest")),
        cap_key_(DeriveKey(node_key, "caps")),
        cache_(options.cache_bytes),
        codebook_(std::make_shared<const Codebook>(codebook)) {
    PENC_CHECK(options.random != nullptr);
  }

  absl::Status Load() {
    ASSIGN_OR_RETURN(const absl::optional<std::string> sealed, db_.Get(Space::kRecords, ManifestKey()));
    Manifest manifest;
    if (sealed.has_value()) {
      ASSIGN_OR_RETURN(const std::string bytes, Aead(manifest_key_).Open(ChunkName(ManifestKey()), *sealed));
      if (!manifest.ParseFromString(bytes) || manifest.format() != 1)
        return Bad(absl::StatusCode::kDataLoss,
                   "manifeste illisible; restaurez une sauvegarde (penc restore)",
                   "unreadable manifest; restore a backup (penc restore)");
    } else {
      manifest.set_format(1);
      manifest.set_next_generation(1);
      manifest.set_next_batch(1);
    }
    RETURN_IF_ERROR(Adopt(manifest, *codebook_));
    RETURN_IF_ERROR(Sweep(manifest));
    return Use(std::move(manifest));
  }

  // ---- imports

  absl::StatusOr<std::unique_ptr<Import>> Begin(uint32_t table, const std::string& file_name,
                                                const std::string& file_hash, bool replace,
                                                absl::Time now) override {
    std::lock_guard<std::mutex> lock(mutex_);
    if (importing_)
      return Bad(absl::StatusCode::kFailedPrecondition, "un import est déjà en cours; attendez sa fin",
                 "an import is running already; wait for it to end");
    PENC_CHECK(table < codebook_->tables.size());
    RETURN_IF_ERROR(CheckNew(manifest(), table, file_hash));
    StoredBatch batch;
    batch.set_id(manifest().next_batch());
    batch.set_table(generation_->TableNumber(codebook_->tables[table].name));
    batch.set_file_name(file_name);
    batch.set_file_hash(file_hash);
    batch.set_imported_unix_micros(absl::ToUnixMicros(now));
    batch.set_replaces(replace);
    importing_ = true;
    // Blocks of an import that was cut off in this process.
    RETURN_IF_ERROR(DropFrom(manifest().next_batch()));
    return std::unique_ptr<Import>(std::make_unique<StoreImport>(*this, std::move(batch), table,
                                                                 codebook_->tables[table].columns.size()));
  }

  std::vector<BatchInfo> Batches() const override {
    std::lock_guard<std::mutex> lock(mutex_);
    std::vector<BatchInfo> batches;
    for (const StoredBatch& stored : manifest().batches()) {
      BatchInfo info;
      info.id = stored.id();
      info.table = manifest().tables(stored.table()).name();
      info.file_name = stored.file_name();
      info.file_hash = stored.file_hash();
      info.imported = absl::FromUnixMicros(stored.imported_unix_micros());
      info.rows = stored.rows();
      info.closed_in = stored.closed() ? stored.closed_in() : -1;
      info.undone = stored.undone();
      batches.push_back(std::move(info));
    }
    return batches;
  }

  // ---- changes of what there is: a new manifest, and often a new generation, in one synced write

  absl::Status Undo(uint64_t id) override {
    std::lock_guard<std::mutex> writing(writing_);
    Manifest next = Copy();
    StoredBatch* batch = nullptr;
    for (StoredBatch& b : *next.mutable_batches()) {
      if (b.id() == id) batch = &b;
    }
    if (batch == nullptr)
      return Bad(absl::StatusCode::kNotFound, absl::StrCat("pas de lot ", id, "; voyez penc batches"),
                 absl::StrCat("no batch ", id, "; see penc batches"));
    if (batch->undone())
      return Bad(absl::StatusCode::kFailedPrecondition, absl::StrCat("le lot ", id, " est déjà annulé"),
                 absl::StrCat("batch ", id, " is undone already"));
    batch->set_undone(true);
    storage::v1::JournalLeaf leaf;
    leaf.mutable_undone()->set_batch(id);
    if (!batch->closed()) {
      const uint64_t staged = batch->id();
      batch->set_blocks(0);
      batch->clear_runs();
      batch->clear_superseded();
      return Flip(std::move(next), std::move(leaf), "undo", [&](rocksdb::WriteBatch& writes) {
        db_.DeleteRange(writes, Space::kRecords, BatchKey(staged), BatchKey(staged + 1));
      });
    }
    MergePlan plan;
    plan.dropped_batches = {id};
    RETURN_IF_ERROR(Rewrite(plan, next).status());
    return Flip(std::move(next), std::move(leaf), "undo", nullptr);
  }

  absl::Status Close(Edition edition, absl::Time now,
                     const std::function<void(uint64_t, uint64_t)>& progress) override {
    std::lock_guard<std::mutex> writing(writing_);
    Manifest next = Copy();
    if (next.editions_size() > 0 && next.editions(next.editions_size() - 1) >= edition) {
      return Bad(absl::StatusCode::kFailedPrecondition, "cette édition ou une plus récente est déjà arrêtée",
                 "this edition or a later one is closed already");
    }
    if (importing())
      return Bad(absl::StatusCode::kFailedPrecondition, "un import est en cours; attendez sa fin",
                 "an import is running; wait for it to end");
    next.add_editions(edition);
    MergePlan plan;
    plan.cohort = edition;
    uint64_t total = 0;
    for (StoredBatch& batch : *next.mutable_batches()) {
      if (batch.closed() || batch.undone()) continue;
      plan.staged.push_back(batch.id());
      total += batch.rows();
    }
    for (const storage::v1::StoredSegment& segment : next.segments())
      total = std::accumulate(segment.rows().begin(), segment.rows().end(), total);
    if (progress) plan.progress = [&](uint64_t done) { progress(done, total); };
    RETURN_IF_ERROR(Rewrite(plan, next).status());
    for (StoredBatch& batch : *next.mutable_batches()) {
      if (batch.closed() || batch.undone()) continue;
      batch.set_closed(true);
      batch.set_closed_in(edition);
      batch.set_blocks(0);
      batch.clear_runs();
      batch.clear_superseded();
    }
    storage::v1::JournalLeaf leaf;
    leaf.mutable_closed()->set_edition(EditionLabel(codebook()->closing, edition));
    const uint64_t end = next.next_batch();
    return Flip(std::move(next), std::move(leaf), "close", [&](rocksdb::WriteBatch& writes) {
      db_.DeleteRange(writes, Space::kRecords, BatchKey(0), BatchKey(end));
    });
  }

  absl::StatusOr<uint64_t> Erase(const PersonKey& person) override {
    std::lock_guard<std::mutex> writing(writing_);
    if (importing())
      return Bad(absl::StatusCode::kFailedPrecondition, "un import est en cours; attendez sa fin",
                 "an import is running; wait for it to end");
    Manifest next = Copy();
    uint64_t rows = 0;
    for (StoredBatch& batch : *next.mutable_batches()) {
      if (batch.closed() || batch.undone()) continue;
      ASSIGN_OR_RETURN(const uint64_t gone, EraseStaged(batch, person));
      batch.set_rows(batch.rows() - gone);
      rows += gone;
    }
    if (next.generation() > 0) {
      MergePlan plan;
      plan.erased = person;
      ASSIGN_OR_RETURN(const uint64_t gone, Rewrite(plan, next));
      rows += gone;
    }
    storage::v1::JournalLeaf leaf;
    leaf.mutable_erased();
    RETURN_IF_ERROR(Flip(std::move(next), std::move(leaf), "erase", [&](rocksdb::WriteBatch& writes) {
      for (auto& [key, sealed] : erased_blocks_) db_.Put(writes, Space::kRecords, key, sealed);
    }));
    erased_blocks_.clear();
    // Deleted values stay in the database's files until they are compacted; decoded ones go with the cache.
    cache_.Clear();
    db_.Compact(Space::kRecords);
    return rows;
  }

  // ---- readers

  absl::StatusOr<std::shared_ptr<const Snapshot>> OpenSnapshot() const override {
    std::lock_guard<std::mutex> lock(mutex_);
    return std::make_shared<const Snapshot>(generation_, codebook_);
  }

  absl::StatusOr<ExactVector> Extract(const Snapshot& snapshot, const Plan& plan) const override {
    return Extraction::Run(snapshot, plan, cap_key_, options_.threads);
  }

  StoreStatus Status() const override {
    std::lock_guard<std::mutex> lock(mutex_);
    StoreStatus status;
    status.editions.assign(manifest().editions().begin(), manifest().editions().end());
    if (!status.editions.empty()) status.edition = status.editions.back();
    for (const storage::v1::StoredSegment& segment : manifest().segments()) {
      status.persons += segment.persons();
      for (uint32_t rows : segment.rows()) status.rows += rows;
    }
    for (const StoredBatch& batch : manifest().batches()) {
      if (!batch.closed() && !batch.undone()) status.staged_rows += batch.rows();
    }
    status.bytes = db_.Bytes();
    return status;
  }

  absl::Status SetCodebook(const Codebook& codebook) override {
    std::lock_guard<std::mutex> writing(writing_);
    Manifest next = Copy();
    RETURN_IF_ERROR(Adopt(next, codebook));
    auto shared = std::make_shared<const Codebook>(codebook);
    {
      std::lock_guard<std::mutex> lock(mutex_);
      codebook_ = shared;
    }
    return Use(std::move(next));
  }

 private:
  friend class StoreImport;

  const Manifest& manifest() const { return generation_->manifest(); }
  Manifest Copy() const {
    std::lock_guard<std::mutex> lock(mutex_);
    return manifest();
  }
  std::shared_ptr<const Codebook> codebook() const {
    std::lock_guard<std::mutex> lock(mutex_);
    return codebook_;
  }
  bool importing() const {
    std::lock_guard<std::mutex> lock(mutex_);
    return importing_;
  }

  // Gives numbers and keys to tables and columns that are new in the codebook.
  absl::Status Adopt(Manifest& manifest, const Codebook& codebook) {
    for (const Table& table : codebook.tables) {
      storage::v1::StoredTable* stored = nullptr;
      for (storage::v1::StoredTable& t : *manifest.mutable_tables()) {
        if (t.name() == table.name) stored = &t;
      }
      if (stored == nullptr) {
        stored = manifest.add_tables();
        stored->set_name(table.name);
        stored->set_wrapped_key(WrapKey(node_key_, absl::StrCat("table ", table.name),
                                        Secret::Random(*options_.random, 32), *options_.random));
      }
      for (const Column& column : table.columns) {
        if (std::find(stored->columns().begin(), stored->columns().end(), column.name) ==
            stored->columns().end())
          stored->add_columns(column.name);
      }
    }
    return absl::OkStatus();
  }

  // What a crash left: generations that are not this one, blocks of imports that never committed.
  absl::Status Sweep(const Manifest& manifest) {
    rocksdb::WriteBatch writes;
    if (manifest.generation() > 0)
      db_.DeleteRange(writes, Space::kRecords, GenerationKey(0), GenerationKey(manifest.generation()));
    db_.DeleteRange(writes, Space::kRecords, GenerationKey(manifest.generation() + 1), "h");
    RETURN_IF_ERROR(db_.Write(writes, /*sync=*/false));
    return DropFrom(manifest.next_batch());
  }
  absl::Status DropFrom(uint64_t batch) {
    rocksdb::WriteBatch writes;
    db_.DeleteRange(writes, Space::kRecords, BatchKey(batch), "s");
    return db_.Write(writes, /*sync=*/false);
  }

  absl::Status CheckNew(const Manifest& manifest, uint32_t table, const std::string& file_hash) const {
    if (file_hash.empty()) return absl::OkStatus();
    for (const StoredBatch& batch : manifest.batches()) {
      if (batch.undone() || batch.file_hash() != file_hash ||
          manifest.tables(batch.table()).name() != codebook_->tables[table].name)
        continue;
      return Bad(absl::StatusCode::kAlreadyExists,
                 absl::StrCat("ce fichier est déjà là (lot ", batch.id(), "); rien n'a changé"),
                 absl::StrCat("this file is in already (batch ", batch.id(), "); nothing changed"));
    }
    return absl::OkStatus();
  }

  // Chunks of a new generation for `next`; nothing shows before Flip.
  absl::StatusOr<uint64_t> Rewrite(MergePlan& plan, Manifest& next) {
    std::shared_ptr<const Generation> old;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      old = generation_;
      // Numbers are not used twice, even after a failed attempt: its chunks may still be around.
      plan.target = std::max(next_generation_, next.next_generation());
      next_generation_ = plan.target + 1;
    }
    plan.segment_rows = options_.segment_rows;
    absl::StatusOr<uint64_t> erased = WriteGeneration(db_, *options_.random, *old, plan, next);
    if (!erased.ok()) {
      rocksdb::WriteBatch writes;
      db_.DeleteRange(writes, Space::kRecords, GenerationKey(plan.target), GenerationKey(plan.target + 1));
      db_.Write(writes, /*sync=*/false).IgnoreError();  // what stays is swept at the next opening
    }
    return erased;
  }

  // The one write that makes `next` what there is, with its journal leaf.
  absl::Status Flip(Manifest next, storage::v1::JournalLeaf leaf, const char* what,
                    const std::function<void(rocksdb::WriteBatch&)>& also) {
    Reached(absl::StrCat(what, ".before_flip"));
    const std::string sealed =
        Aead(manifest_key_).Seal(*options_.random, ChunkName(ManifestKey()), next.SerializeAsString());
    RETURN_IF_ERROR(committer_.Commit([&](Staging& staging) {
      db_.Put(staging.batch(), Space::kRecords, ManifestKey(), sealed);
      if (also) also(staging.batch());
      staging.Leaf(leaf);
      return absl::OkStatus();
    }));
    Reached(absl::StrCat(what, ".after_flip"));
    return Use(std::move(next));
  }

  // Readers see `next` from here on. A generation that was replaced goes with its last reader.
  absl::Status Use(Manifest next) {
    ASSIGN_OR_RETURN(std::shared_ptr<Generation> generation,
                     Generation::Open(db_, cache_, node_key_, std::move(next)));
    std::shared_ptr<Generation> old;
    std::lock_guard<std::mutex> lock(mutex_);
    old = std::move(generation_);
    generation_ = std::move(generation);
    if (old != nullptr && old->manifest().generation() != manifest().generation()) old->Doom();
    return absl::OkStatus();
  }

  absl::StatusOr<uint64_t> EraseStaged(const StoredBatch& batch, const PersonKey& person) {
    uint64_t gone = 0;
    Aead aead(generation_->key_of(batch.table()));
    for (uint32_t b = 0; b < batch.blocks(); ++b) {
      const std::string key = BlockKey(batch.id(), b);
      ASSIGN_OR_RETURN(const absl::optional<std::string> sealed, db_.Get(Space::kRecords, key));
      if (!sealed.has_value())
        return Bad(absl::StatusCode::kDataLoss, "lignes en attente perdues", "staged rows are lost");
      ASSIGN_OR_RETURN(const std::string bytes, aead.Open(ChunkName(key), *sealed));
      ASSIGN_OR_RETURN(StagedBlock block,
                       DecodeBlock(bytes, manifest().tables(batch.table()).columns_size(), batch.id()));
      if (std::find(block.persons.begin(), block.persons.end(), person) == block.persons.end()) continue;
      StagedBlock kept;
      kept.rows = TableRows(block.rows.columns.size());
      for (size_t r = 0; r < block.persons.size(); ++r) {
        if (block.persons[r] == person) {
          ++gone;
          continue;
        }
        kept.persons.push_back(block.persons[r]);
        kept.rows.Append(block.rows, r);
      }
      erased_blocks_[key] = aead.Seal(*options_.random, ChunkName(key), EncodeBlock(kept));
    }
    return gone;
  }

  void Reached(const std::string& step) {
    if (options_.steps != nullptr) options_.steps->Reached(step);
  }

  Database& db_;
  Committer& committer_;
  const StoreOptions options_;
  const Secret node_key_, manifest_key_, cap_key_;
  ColumnCache cache_;
  std::mutex writing_;        // one change at a time
  mutable std::mutex mutex_;  // what follows
  std::shared_ptr<const Codebook> codebook_;
  std::shared_ptr<Generation> generation_;
  uint64_t next_generation_ = 1;
  bool importing_ = false;
  std::map<std::string, std::string> erased_blocks_;  // sealed again without the erased person
};

StoreImport::StoreImport(Store& store, StoredBatch batch, uint32_t codebook_table, size_t columns)
    : store_(store),
      batch_(std::move(batch)),
      codebook_table_(codebook_table),
      table_(store.codebook_->tables[codebook_table]) {
  pending_.rows = TableRows(columns);
  if (table_.unit == Unit::kEvent) {
    for (size_t c = 0; c < table_.columns.size(); ++c) {
      if (table_.columns[c].constant) constant_.push_back(c);
    }
  }
}

StoreImport::~StoreImport() {
  // What cannot be discarded now is swept at the next import or opening.
  if (!committed_ && batch_.blocks() > 0) {
    store_.db_.Discard(Space::kRecords, BatchKey(batch_.id()), BatchKey(batch_.id() + 1)).IgnoreError();
  }
  std::lock_guard<std::mutex> lock(store_.mutex_);
  store_.importing_ = false;
}

// Identities and constant values of the rows that are there already.
absl::Status StoreImport::LearnKnown() {
  learnt_ = true;
  if (batch_.replaces()) return absl::OkStatus();  // nothing of before counts
  const Manifest manifest = store_.Copy();
  std::shared_ptr<const Generation> generation;
  {
    std::lock_guard<std::mutex> lock(store_.mutex_);
    generation = store_.generation_;
  }
  const auto learn = [&](const PersonKey& person, const TableRows& rows, size_t r) {
    if (rows.identity[r] != kNoId) known_[rows.identity[r]] = {rows.content[r], person, false};
    if (constant_.empty()) return;
    std::vector<StoredValue>& values =
        constants_.emplace(person, std::vector<StoredValue>(constant_.size(), kNull)).first->second;
    for (size_t i = 0; i < constant_.size(); ++i) {
      const StoredValue value = constant_[i] < rows.columns.size() ? rows.columns[constant_[i]][r] : kNull;
      if (value != kNull) values[i] = value;
    }
  };
  const uint32_t table = batch_.table();
  const size_t columns = manifest.tables(table).columns_size();
  for (const storage::v1::StoredSegment& segment : manifest.segments()) {
    const uint32_t rows = table < static_cast<uint32_t>(segment.rows_size()) ? segment.rows(table) : 0;
    if (rows == 0) continue;
    TableRows read(columns);
    read.batch.assign(rows, 0);
    ASSIGN_OR_RETURN(const std::string identity, generation->ReadChunk(segment.id(), table, kIdentityColumn));
    ASSIGN_OR_RETURN(read.identity, DecodeIds(identity, rows));
    ASSIGN_OR_RETURN(const std::string content, generation->ReadChunk(segment.id(), table, kContentColumn));
    ASSIGN_OR_RETURN(read.content, DecodeIds(content, rows));
    for (size_t c : constant_) {
      ASSIGN_OR_RETURN(const auto values, generation->ReadColumn(segment.id(), table, c, rows));
      read.columns[c].resize(rows);
      for (uint32_t r = 0; r < rows; ++r) read.columns[c][r] = values->at(r);
    }
    ASSIGN_OR_RETURN(const std::string keys, generation->ReadChunk(segment.id(), kPersonsTable, kKeyColumn));
    ASSIGN_OR_RETURN(const auto counts,
                     generation->ReadColumn(segment.id(), table, kCountColumn, segment.persons()));
    size_t row = 0;
    for (uint32_t p = 0; p < segment.persons(); ++p) {
      PersonKey person;
      std::memcpy(person.data(), keys.data() + size_t{16} * p, 16);
      for (uint32_t n = counts->at(p); n > 0; --n) learn(person, read, row++);
    }
  }
  Aead aead(generation->key_of(table));
  for (const StoredBatch& batch : manifest.batches()) {
    if (batch.closed() || batch.undone() || batch.table() != table) continue;
    if (batch.replaces()) {
      known_.clear();
      constants_.clear();
    }
    for (uint32_t b = 0; b < batch.blocks(); ++b) {
      const std::string key = BlockKey(batch.id(), b);
      ASSIGN_OR_RETURN(const absl::optional<std::string> sealed, store_.db_.Get(Space::kRecords, key));
      if (!sealed.has_value())
        return Bad(absl::StatusCode::kDataLoss, "lignes en attente perdues", "staged rows are lost");
      ASSIGN_OR_RETURN(const std::string bytes, aead.Open(ChunkName(key), *sealed));
      ASSIGN_OR_RETURN(const StagedBlock block, DecodeBlock(bytes, columns, batch.id()));
      for (size_t r = 0; r < block.persons.size(); ++r) learn(block.persons[r], block.rows, r);
    }
  }
  return absl::OkStatus();
}

absl::Status StoreImport::Add(RowBlock block) {
  PENC_CHECK(block.columns.size() == table_.columns.size());
  const bool one_row = table_.unit == Unit::kPerson;
  const bool identified = one_row || !block.identity.empty();
  if ((identified || !constant_.empty()) && !learnt_) RETURN_IF_ERROR(LearnKnown());
  for (size_t r = 0; r < block.rows(); ++r) {
    const PersonKey& person = block.persons[r];
    // A table of persons has one row each: the person is the row's identity.
    const RowId id = one_row ? person : block.identity.empty() ? kNoId : block.identity[r];
    const RowId content = block.content.empty() ? kNoId : block.content[r];
    if (!constant_.empty()) {
      std::vector<StoredValue>& values =
          constants_.emplace(person, std::vector<StoredValue>(constant_.size(), kNull)).first->second;
      bool conflicts = false;
      for (size_t i = 0; i < constant_.size(); ++i) {
        const StoredValue value = block.columns[constant_[i]][r];
        conflicts = conflicts || (value != kNull && values[i] != kNull && value != values[i]);
      }
      if (conflicts) {
        ++counts_.conflicting;
        continue;
      }
      for (size_t i = 0; i < constant_.size(); ++i) {
        if (block.columns[constant_[i]][r] != kNull) values[i] = block.columns[constant_[i]][r];
      }
    }
    bool replaces = false;
    if (id != kNoId) {
      const auto [known, fresh] = known_.emplace(id, Known{content, person, true});
      if (!fresh) {
        if (known->second.content == content && known->second.person == person) {
          ++counts_.duplicate;
          continue;
        }
        replaces = true;
        if (known->second.person != person)
          superseded_.append(reinterpret_cast<const char*>(id.data()), id.size());
        known->second = {content, person, true};
      }
    }
    ++(replaces ? counts_.replaced : counts_.stored);
    pending_.persons.push_back(person);
    pending_.rows.batch.push_back(batch_.id());
    pending_.rows.identity.push_back(id);
    pending_.rows.content.push_back(content);
    for (size_t c = 0; c < block.columns.size(); ++c) pending_.rows.columns[c].push_back(block.columns[c][r]);
    if (pending_.persons.size() >= store_.options_.run_rows) RETURN_IF_ERROR(WriteRun());
  }
  return absl::OkStatus();
}

absl::Status StoreImport::WriteRun() {
  if (pending_.persons.empty()) return absl::OkStatus();
  std::vector<uint32_t> order(pending_.persons.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    return pending_.persons[a] != pending_.persons[b] ? pending_.persons[a] < pending_.persons[b] : a < b;
  });
  std::shared_ptr<const Generation> generation;
  {
    std::lock_guard<std::mutex> lock(store_.mutex_);
    generation = store_.generation_;
  }
  // Columns by their stored numbers, which may be in another order than the codebook's.
  const storage::v1::StoredTable& stored = generation->manifest().tables(batch_.table());
  std::vector<int> from(stored.columns_size(), -1);
  for (size_t c = 0; c < table_.columns.size(); ++c)
    from[generation->ColumnNumber(batch_.table(), table_.columns[c].name)] = static_cast<int>(c);
  Aead aead(generation->key_of(batch_.table()));
  batch_.add_runs(batch_.blocks());
  for (size_t first = 0; first < order.size(); first += store_.options_.block_rows) {
    const size_t last = std::min(order.size(), first + store_.options_.block_rows);
    StagedBlock block;
    block.rows = TableRows(from.size());
    for (size_t i = first; i < last; ++i) {
      const uint32_t r = order[i];
      block.persons.push_back(pending_.persons[r]);
      block.rows.batch.push_back(batch_.id());
      block.rows.identity.push_back(pending_.rows.identity[r]);
      block.rows.content.push_back(pending_.rows.content[r]);
      for (size_t c = 0; c < from.size(); ++c)
        block.rows.columns[c].push_back(from[c] < 0 ? kNull : pending_.rows.columns[from[c]][r]);
    }
    rocksdb::WriteBatch writes;
    const std::string key = BlockKey(batch_.id(), batch_.blocks());
    store_.db_.Put(writes, Space::kRecords, key,
                   aead.Seal(*store_.options_.random, ChunkName(key), EncodeBlock(block)));
    RETURN_IF_ERROR(store_.db_.Write(writes, /*sync=*/false));
    batch_.set_blocks(batch_.blocks() + 1);
  }
  pending_.persons.clear();
  pending_.rows.Clear();
  return absl::OkStatus();
}

absl::StatusOr<StagedCounts> StoreImport::Commit() {
  RETURN_IF_ERROR(WriteRun());
  std::lock_guard<std::mutex> writing(store_.writing_);
  Manifest next = store_.Copy();
  {
    std::lock_guard<std::mutex> lock(store_.mutex_);
    RETURN_IF_ERROR(store_.CheckNew(next, codebook_table_, batch_.file_hash()));
  }
  batch_.set_rows(counts_.stored + counts_.replaced);
  batch_.set_superseded(superseded_);
  *next.add_batches() = batch_;
  next.set_next_batch(batch_.id() + 1);
  storage::v1::JournalLeaf leaf;
  leaf.mutable_imported()->set_batch(batch_.id());
  leaf.mutable_imported()->set_table(table_.name);
  leaf.mutable_imported()->set_replaced(batch_.replaces());
  RETURN_IF_ERROR(store_.Flip(std::move(next), std::move(leaf), "import", nullptr));
  committed_ = true;
  return counts_;
}

}  // namespace

absl::StatusOr<std::unique_ptr<RecordStore>> RecordStore::Open(Database& db, Committer& committer,
                                                               const Codebook& codebook,
                                                               const Secret& node_key,
                                                               const StoreOptions& options) {
  auto store = std::make_unique<Store>(db, committer, codebook, node_key, options);
  RETURN_IF_ERROR(store->Load());
  return std::unique_ptr<RecordStore>(std::move(store));
}

}  // namespace penc
