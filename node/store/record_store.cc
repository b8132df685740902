#include "store/record_store.h"

#include <rocksdb/write_batch.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <numeric>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/database.h"
#include "base/status.h"
#include "crypto/aead.h"
#include "crypto/keyfile.h"
#include "journal/committer.h"
#include "store/counted.h"
#include "store/erasure.h"
#include "store/extract.h"
#include "store/gathered.h"
#include "store/generation.h"
#include "store/import_check.h"
#include "store/merge.h"
#include "store/person_rows.h"
#include "store/repeats.h"
#include "store/rows.h"
#include "store/staged.h"
#include "store/visit.h"
#include "store/withdrawals.h"

namespace penc {
namespace {

using storage::v1::Manifest;
using storage::v1::StoredBatch;

absl::Status Bad(absl::StatusCode code, std::string fr, std::string en) {
  return Fail(code, {std::move(fr), std::move(en)});
}

template <typename Id>
std::string Bytes(const Id& id) {
  return {reinterpret_cast<const char*>(id.data()), id.size()};
}

class Store;

// Rows of one import: staged as they come, judged beside what is there when all are in.
class StoreImport final : public RecordStore::Import {
 public:
  // `looks`: for BeginLook.
  StoreImport(Store& store, StoredBatch batch, std::shared_ptr<const Codebook> codebook, uint32_t table,
              bool looks);
  ~StoreImport() override;
  absl::Status Add(RowBlock block) override;
  void SetFileHash(const std::string& file_hash) override { batch_.set_file_hash(file_hash); }
  void SetKeepUntil(int64_t day) override { batch_.set_keep_until_day(day); }
  void SetAgain() override { repeats_.reset(); }
  absl::StatusOr<StagedCounts> Commit() override;
  absl::StatusOr<RepeatedRows> Look() override;
  uint64_t batch() const override { return batch_.id(); }

 private:
  absl::Status CheckValues(const RowBlock& block) const;
  // Whether a row as it is stored lets its person be counted.
  bool Consents(const RowBlock& block, size_t row) const;
  static void DropRefused(RowBlock& block);
  // By the columns' stored numbers.
  std::vector<uint64_t> FingerprintsOf(const RowBlock& block) const;
  // Rows that are there already, to check_ and repeats_.
  absl::Status Learn();
  // Rows of a table in a segment or a block, in the order of persons.
  struct There {
    const std::vector<PersonKey>& persons;
    const TableRows& rows;
    bool overtaken;  // a staged file takes the place of the whole table
  };
  void LearnRows(const There& there, const Withdrawals& withdrawals);
  // Whether a row that is there could be one of the file's again.
  bool Repeatable(const RowId& id) const { return repeats_ != nullptr && (!identified_ || id == kNoId); }
  absl::StatusOr<TableRows> ReadSegment(const Generation& generation,
                                        const storage::v1::StoredSegment& segment,
                                        std::vector<PersonKey>* persons) const;
  // Blocks without the rows that are not to be stored.
  absl::StatusOr<StagedCounts> Judge();

  Store& store_;
  StoredBatch batch_;
  const std::shared_ptr<const Codebook> codebook_;
  const Table& table_;
  std::vector<StoredValue> largest_;         // by column
  std::vector<size_t> constant_;             // stored columns in which a person has one value
  absl::optional<uint32_t> consent_column_;  // of the codebook's table; where this table has it
  std::vector<int> from_;                    // by stored column: the codebook's; -1: none
  const bool looks_;
  std::unique_ptr<RunWriter> writer_;  // null: only looks
  std::unique_ptr<ImportCheck> check_;
  std::unique_ptr<Repeats> repeats_;  // null: nothing is compared
  bool identified_ = false;           // the file's rows have identities
  uint64_t rows_ = 0;
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
    RETURN_IF_ERROR(Use(std::move(manifest)));
    RETURN_IF_ERROR(LoadPurgeDue());
    Settle();  // not where it was a person: whoever opens the store finishes that
    return absl::OkStatus();
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
    const int number = generation_->TableNumber(codebook_->tables[table].name);
    PENC_CHECK(number >= 0);
    RETURN_IF_ERROR(CheckNew(manifest(), static_cast<uint32_t>(number), file_hash));
    StoredBatch batch;
    batch.set_id(manifest().next_batch());
    batch.set_table(static_cast<uint32_t>(number));
    batch.set_file_name(file_name);
    batch.set_file_hash(file_hash);
    batch.set_imported_unix_micros(absl::ToUnixMicros(now));
    batch.set_replaces(replace);
    // Blocks of an import that was cut off in this process.
    RETURN_IF_ERROR(DropFrom(manifest().next_batch()));
    importing_ = true;
    return std::unique_ptr<Import>(
        std::make_unique<StoreImport>(*this, std::move(batch), codebook_, table, /*looks=*/false));
  }

  absl::StatusOr<std::unique_ptr<Import>> BeginLook(uint32_t table) override {
    std::lock_guard<std::mutex> lock(mutex_);
    PENC_CHECK(table < codebook_->tables.size());
    const auto number = static_cast<uint32_t>(generation_->TableNumber(codebook_->tables[table].name));
    if (codebook_->tables[table].unit != Unit::kEvent || !HasRows(manifest(), number))
      return std::unique_ptr<Import>();
    StoredBatch batch;
    batch.set_id(manifest().next_batch());
    batch.set_table(number);
    return std::unique_ptr<Import>(
        std::make_unique<StoreImport>(*this, std::move(batch), codebook_, table, /*looks=*/true));
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
      if (stored.has_keep_until_day()) info.keep_until_day = stored.keep_until_day();
      info.rows = stored.rows();
      info.duplicates_of.assign(stored.duplicates_of().begin(), stored.duplicates_of().end());
      info.closed_in = stored.closed() ? stored.closed_in() : -1;
      info.undone = stored.undone();
      info.expired = stored.expired();
      batches.push_back(std::move(info));
    }
    return batches;
  }

  // ---- changes of what there is: a new manifest, and often a new generation, in one synced write

  absl::Status Undo(uint64_t id) override {
    std::lock_guard<std::mutex> writing(writing_);
    RETURN_IF_ERROR(CheckNoImport());
    Manifest next = Copy();
    StoredBatch* batch = nullptr;
    for (StoredBatch& b : *next.mutable_batches()) {
      if (b.id() == id) batch = &b;
    }
    if (batch == nullptr)
      return Bad(absl::StatusCode::kNotFound, absl::StrCat("pas de lot ", id, "; voyez penc batches"),
                 absl::StrCat("no batch ", id, "; see penc batches"));
    if (batch->expired())
      return Bad(absl::StatusCode::kFailedPrecondition,
                 absl::StrCat("le lot ", id, " est déjà retiré: son délai de garde est passé"),
                 absl::StrCat("batch ", id, " left already: its last day is over"));
    if (batch->undone())
      return Bad(absl::StatusCode::kFailedPrecondition, absl::StrCat("le lot ", id, " est déjà annulé"),
                 absl::StrCat("batch ", id, " is undone already"));
    batch->set_undone(true);
    batch->clear_withdrawn();
    storage::v1::JournalLeaf leaf;
    leaf.mutable_undone()->set_batch(id);
    return Drop({id}, std::move(next), std::move(leaf), "undo");
  }

  absl::StatusOr<std::vector<uint64_t>> Expire(int64_t today) override {
    std::lock_guard<std::mutex> writing(writing_);
    RETURN_IF_ERROR(CheckNoImport());
    Manifest next = Copy();
    storage::v1::JournalLeaf leaf;
    std::set<uint64_t> gone;
    for (StoredBatch& batch : *next.mutable_batches()) {
      if (batch.undone() || !batch.has_keep_until_day() || batch.keep_until_day() >= today) continue;
      batch.set_undone(true);
      batch.set_expired(true);
      gone.insert(batch.id());
      leaf.mutable_expired()->add_batches(batch.id());
    }
    if (gone.empty()) {
      Settle();  // what a question kept from being purged the last time
      return std::vector<uint64_t>();
    }
    RETURN_IF_ERROR(Drop(gone, std::move(next), std::move(leaf), "expire"));
    return std::vector<uint64_t>(gone.begin(), gone.end());
  }

  absl::Status Close(Edition edition, absl::Time now,
                     const std::function<void(uint64_t, uint64_t)>& progress) override {
    std::lock_guard<std::mutex> writing(writing_);
    Manifest next = Copy();
    if (next.editions_size() > 0 && next.editions(next.editions_size() - 1) >= edition) {
      return Bad(absl::StatusCode::kFailedPrecondition, "cette édition ou une plus récente est déjà arrêtée",
                 "this edition or a later one is closed already");
    }
    RETURN_IF_ERROR(CheckNoImport());
    next.add_editions(edition);
    MergePlan plan;
    plan.cohort = edition;
    plan.withdraw = !Withdrawals(next).empty();
    uint64_t total = 0;
    for (StoredBatch& batch : *next.mutable_batches()) {
      if (batch.closed() || batch.undone()) continue;
      plan.staged.push_back(batch.id());
      total += batch.rows();
    }
    for (const storage::v1::StoredSegment& segment : next.segments())
      total = std::accumulate(segment.rows().begin(), segment.rows().end(), total);
    if (progress) plan.progress = [&](uint64_t done) { progress(done, total); };
    // Where nothing is staged, the label moves all the same.
    if (!plan.staged.empty() || plan.withdraw) RETURN_IF_ERROR(Rewrite(plan, next).status());
    for (StoredBatch& batch : *next.mutable_batches()) {
      batch.clear_withdrawn();
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
    RETURN_IF_ERROR(Flip(std::move(next), std::move(leaf), "close", [&](rocksdb::WriteBatch& writes) {
      db_.DeleteRange(writes, Space::kRecords, BatchKey(0), BatchKey(end));
      StagePurge(writes);
    }));
    Settle();
    return absl::OkStatus();
  }

  absl::StatusOr<uint64_t> Erase(const PersonKey& person, bool elsewhere) override {
    std::lock_guard<std::mutex> writing(writing_);
    RETURN_IF_ERROR(CheckNoImport());
    Manifest next = Copy();
    ASSIGN_OR_RETURN(const StagedErasure staged,
                     EraseStaged(db_, *current(), *options_.random, person, next));
    uint64_t rows = staged.rows;
    bool known = staged.known || elsewhere;
    if (next.generation() > 0) {
      MergePlan plan;
      plan.erased = person;
      ASSIGN_OR_RETURN(const absl::optional<uint64_t> gone, Rewrite(plan, next));
      if (gone.has_value()) {
        rows += *gone;
        known = true;
      } else {
        RETURN_IF_ERROR(DropGeneration(plan.target));
        next.set_generation(current()->manifest().generation());
        *next.mutable_segments() = current()->manifest().segments();
      }
    }
    if (!known) return 0;  // the journal does not say that somebody was erased
    storage::v1::JournalLeaf leaf;
    leaf.mutable_erased();
    RETURN_IF_ERROR(Flip(std::move(next), std::move(leaf), "erase", [&](rocksdb::WriteBatch& writes) {
      for (const auto& [key, sealed] : staged.blocks) db_.Put(writes, Space::kRecords, key, sealed);
      StagePurge(writes, Bytes(person));
    }));
    cache_.Clear();
    return rows;
  }

  absl::optional<PersonKey> Unfinished() const override {
    std::lock_guard<std::mutex> writing(writing_);
    if (!purge_due_.has_value() || purge_due_->person().size() != sizeof(PersonKey)) return absl::nullopt;
    PersonKey person;
    std::memcpy(person.data(), purge_due_->person().data(), person.size());
    return person;
  }

  absl::StatusOr<ErasureProof> FinishErase(const PersonKey& person, absl::Duration wait) override {
    std::lock_guard<std::mutex> writing(writing_);
    RETURN_IF_ERROR(CheckNoImport());  // whose blocks nothing names yet
    ErasureProof purged;
    if (purge_due_.has_value()) {
      // The note names nobody any more before files are rewritten, so that none of them keeps it.
      rocksdb::WriteBatch writes;
      purge_due_->clear_person();
      StagePurge(writes);
      RETURN_IF_ERROR(db_.Write(writes, /*sync=*/true));
      Reached("erase.unnamed");
      ASSIGN_OR_RETURN(purged, Purge(wait));
      Reached("erase.purged");
    }
    ASSIGN_OR_RETURN(ErasureProof proof, SeekPerson(db_, *current(), manifest_key_, person));
    proof.files_removed = purged.files_removed;
    proof.files_left = purged.files_left;
    return proof;
  }

  // ---- readers

  absl::StatusOr<std::shared_ptr<const Snapshot>> OpenSnapshot() const override {
    std::lock_guard<std::mutex> lock(mutex_);
    return std::make_shared<const Snapshot>(generation_, codebook_);
  }

  absl::StatusOr<ExactVector> Extract(const Snapshot& snapshot, const Plan& plan) const override {
    return Extraction::Run(snapshot, plan, cap_key_, options_.threads);
  }

  absl::StatusOr<ExactVector> ExtractAsIfClosed(const Plan& plan, Edition cohort) const override {
    std::lock_guard<std::mutex> writing(writing_);
    ASSIGN_OR_RETURN(const std::shared_ptr<const Snapshot> snapshot, OpenSnapshot());
    return Extraction::RunAsIfClosed(db_, *snapshot, plan, cap_key_, cohort);
  }

  absl::Status Visit(bool as_if_closed,
                     const std::function<absl::Status(const PersonRows&)>& visit) const override {
    std::lock_guard<std::mutex> writing(writing_);
    ASSIGN_OR_RETURN(const std::shared_ptr<const Snapshot> snapshot, OpenSnapshot());
    const Manifest& stored = snapshot->generation->manifest();
    const CodebookRows in_order(*snapshot->generation, *snapshot->codebook);
    std::vector<TableRows> tables;
    return VisitPersons(
        db_, *snapshot->generation, stored, as_if_closed ? AsIfClosed(stored) : RowChoice(),
        [&](const PersonKey& person, absl::optional<Edition> entered, const std::vector<TableRows>& rows) {
          in_order.Fill(rows, tables);
          return visit({person, entered, tables});
        });
  }

  absl::StatusOr<PersonRecord> ReadPerson(const PersonKey& person) const override {
    std::lock_guard<std::mutex> writing(writing_);  // a closing or an erasure takes staged blocks away
    ASSIGN_OR_RETURN(const std::shared_ptr<const Snapshot> snapshot, OpenSnapshot());
    return ReadPersonRows(db_, *snapshot, person);
  }

  absl::StatusOr<ConsentCounts> CountConsent(bool as_if_closed) const override {
    std::unique_lock<std::mutex> writing(writing_, std::defer_lock);
    if (as_if_closed) writing.lock();
    ASSIGN_OR_RETURN(const std::shared_ptr<const Snapshot> snapshot, OpenSnapshot());
    ConsentCounts counts;
    if (!snapshot->codebook->consent.has_value()) return counts;
    const Manifest& stored = snapshot->generation->manifest();
    if (as_if_closed) {
      const Withdrawals none{Manifest()};  // the visit has left them out
      const Edition cohort = stored.editions_size() > 0 ? stored.editions(stored.editions_size() - 1) : 0;
      RETURN_IF_ERROR(VisitAsIfClosed(db_, *snapshot, cohort, [&](const SegmentView& segment) {
        return AddConsent(segment, none, counts);
      }));
      return counts;
    }
    const Withdrawals withdrawals(stored);
    for (int s = 0; s < stored.segments_size(); ++s)
      RETURN_IF_ERROR(AddConsent(ClosedSegment(*snapshot, s), withdrawals, counts));
    return counts;
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
    RETURN_IF_ERROR(Use(std::move(next)));
    std::lock_guard<std::mutex> lock(mutex_);
    codebook_ = std::make_shared<const Codebook>(codebook);
    return absl::OkStatus();
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
  std::shared_ptr<Generation> current() const {
    std::lock_guard<std::mutex> lock(mutex_);
    return generation_;
  }
  // An import compares its rows with what there is: nothing else may change it meanwhile.
  absl::Status CheckNoImport() const {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!importing_) return absl::OkStatus();
    return Bad(absl::StatusCode::kFailedPrecondition, "un import est en cours; attendez sa fin",
               "an import is running; wait for it to end");
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
    RETURN_IF_ERROR(SweepGenerations(manifest));
    return DropFrom(manifest.next_batch());
  }
  absl::Status SweepGenerations(const Manifest& manifest) {
    rocksdb::WriteBatch writes;
    if (manifest.generation() > 0)
      db_.DeleteRange(writes, Space::kRecords, GenerationKey(0), GenerationKey(manifest.generation()));
    db_.DeleteRange(writes, Space::kRecords, GenerationKey(manifest.generation() + 1), "h");
    return db_.Write(writes, /*sync=*/false);
  }
  absl::Status DropFrom(uint64_t batch) {
    rocksdb::WriteBatch writes;
    db_.DeleteRange(writes, Space::kRecords, BatchKey(batch), "s");
    return db_.Write(writes, /*sync=*/false);
  }

  static bool HasRows(const Manifest& manifest, uint32_t table) {
    const auto& segments = manifest.segments();
    const auto& batches = manifest.batches();
    return std::any_of(segments.begin(), segments.end(),
                       [table](const storage::v1::StoredSegment& segment) {
                         return table < static_cast<uint32_t>(segment.rows_size()) && segment.rows(table) > 0;
                       }) ||
           std::any_of(batches.begin(), batches.end(), [table](const StoredBatch& batch) {
             return batch.table() == table && !batch.closed() && !batch.undone() && batch.rows() > 0;
           });
  }

  // A file is in where its batch is, unless a later file took the place of the whole table.
  absl::Status CheckNew(const Manifest& manifest, uint32_t table, const std::string& file_hash) const {
    if (file_hash.empty()) return absl::OkStatus();
    uint64_t in = 0;
    for (const StoredBatch& batch : manifest.batches()) {
      if (batch.undone() || batch.table() != table) continue;
      if (batch.replaces()) in = 0;
      if (batch.file_hash() == file_hash) in = batch.id();
    }
    if (in == 0) return absl::OkStatus();
    return Bad(absl::StatusCode::kAlreadyExists,
               absl::StrCat("ce fichier est déjà là (lot ", in, "); rien n'a changé"),
               absl::StrCat("this file is in already (batch ", in, "); nothing changed"));
  }

  // Batches that `next` says are undone: their rows go at once, staged or closed.
  absl::Status Drop(const std::set<uint64_t>& batches, Manifest next, storage::v1::JournalLeaf leaf,
                    const char* what) {
    MergePlan plan;
    std::vector<uint64_t> staged;
    for (StoredBatch& batch : *next.mutable_batches()) {
      if (batches.count(batch.id()) == 0) continue;
      if (batch.closed()) {
        plan.dropped_batches.insert(batch.id());
        continue;
      }
      staged.push_back(batch.id());
      batch.set_blocks(0);
      batch.clear_runs();
      batch.clear_superseded();
    }
    if (!plan.dropped_batches.empty()) RETURN_IF_ERROR(Rewrite(plan, next).status());
    RETURN_IF_ERROR(Flip(std::move(next), std::move(leaf), what, [&](rocksdb::WriteBatch& writes) {
      for (uint64_t batch : staged)
        db_.DeleteRange(writes, Space::kRecords, BatchKey(batch), BatchKey(batch + 1));
      StagePurge(writes);
    }));
    Settle();
    return absl::OkStatus();
  }

  absl::Status LoadPurgeDue() {
    purge_due_.reset();
    ASSIGN_OR_RETURN(const absl::optional<std::string> due, db_.Get(Space::kRecords, PurgeKey()));
    if (!due.has_value()) return absl::OkStatus();
    ASSIGN_OR_RETURN(const std::string opened, Aead(manifest_key_).Open(ChunkName(PurgeKey()), *due));
    storage::v1::PurgeDue read;
    if (!read.ParseFromString(opened) || read.format() != 1)
      return Bad(absl::StatusCode::kDataLoss,
                 "note d'effacement illisible; restaurez une sauvegarde (penc restore)",
                 "unreadable note of an erasure; restore a backup (penc restore)");
    purge_due_ = std::move(read);
    return absl::OkStatus();
  }

  // With the write that takes something out: the next opening finishes what a crash cuts off from here.
  // `person`: who was erased; an earlier one who waits still is erased by then or is erased again.
  void StagePurge(rocksdb::WriteBatch& writes, const std::string& person = "") {
    if (!purge_due_.has_value()) purge_due_.emplace();
    purge_due_->set_format(1);
    if (!person.empty()) purge_due_->set_person(person);
    db_.Put(
        writes, Space::kRecords, PurgeKey(),
        Aead(manifest_key_).Seal(*options_.random, ChunkName(PurgeKey()), purge_due_->SerializeAsString()));
  }

  // What was replaced leaves the database's files, unless somebody reads it still: then at the next change or
  // opening. A full disk hinders this, not what was asked for.
  void Settle() {
    if (purge_due_.has_value() && purge_due_->person().empty())
      Purge(absl::ZeroDuration()).status().IgnoreError();
  }

  absl::StatusOr<ErasureProof> Purge(absl::Duration wait) {
    const absl::Time until = absl::Now() + wait;
    const auto read = [](const std::weak_ptr<Chunks>& chunks) { return !chunks.expired(); };
    while (std::any_of(replaced_.begin(), replaced_.end(), read)) {
      if (absl::Now() >= until) {
        return Bad(absl::StatusCode::kUnavailable,
                   "une question lit encore d'anciens dossiers; recommencez dans une minute",
                   "a question still reads old records; try again in a minute");
      }
      absl::SleepFor(absl::Milliseconds(2));
    }
    replaced_.clear();
    cache_.Clear();  // readers may have decoded old columns since
    RETURN_IF_ERROR(SweepGenerations(current()->manifest()));
    ASSIGN_OR_RETURN(const Database::Purged purged, db_.Purge(Space::kRecords));
    if (purged.left.empty()) {
      rocksdb::WriteBatch writes;
      db_.Delete(writes, Space::kRecords, PurgeKey());
      RETURN_IF_ERROR(db_.Write(writes, /*sync=*/true));
      purge_due_.reset();
    }
    ErasureProof proof;
    proof.files_removed = purged.removed;
    proof.files_left = purged.left;
    return proof;
  }

  // Chunks of a new generation for `next`; nothing shows before Flip.
  absl::StatusOr<absl::optional<uint64_t>> Rewrite(MergePlan& plan, Manifest& next) {
    std::shared_ptr<const Generation> old;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      old = generation_;
      // Numbers are not used twice, even after a failed attempt: its chunks may still be around.
      plan.target = std::max(next_generation_, next.next_generation());
      next_generation_ = plan.target + 1;
    }
    plan.segment_rows = options_.segment_rows;
    absl::StatusOr<absl::optional<uint64_t>> erased =
        WriteGeneration(db_, *options_.random, *old, plan, next);
    // What stays is swept at the next opening.
    if (!erased.ok()) DropGeneration(plan.target).IgnoreError();
    return erased;
  }
  absl::Status DropGeneration(uint64_t generation) {
    rocksdb::WriteBatch writes;
    db_.DeleteRange(writes, Space::kRecords, GenerationKey(generation), GenerationKey(generation + 1));
    return db_.Write(writes, /*sync=*/false);
  }

  // The one write that makes `next` what there is, with its journal leaf.
  absl::Status Flip(Manifest next, storage::v1::JournalLeaf leaf, const char* what,
                    const std::function<void(rocksdb::WriteBatch&)>& also) {
    Reached(absl::StrCat(what, ".before_flip"));
    const std::string sealed =
        Aead(manifest_key_).Seal(*options_.random, ChunkName(ManifestKey()), next.SerializeAsString());
    absl::Status committed = committer_.Commit([&](Staging& staging) {
      db_.Put(staging.batch(), Space::kRecords, ManifestKey(), sealed);
      if (also) also(staging.batch());
      staging.Leaf(leaf);
      return absl::OkStatus();
    });
    if (!committed.ok()) {
      // A write that failed may be on the disk all the same: what is there counts.
      const absl::StatusOr<absl::optional<std::string>> found = db_.Get(Space::kRecords, ManifestKey());
      if (found.ok() && found->has_value() && **found == sealed) Use(std::move(next)).IgnoreError();
      LoadPurgeDue().IgnoreError();
      return committed;
    }
    Reached(absl::StrCat(what, ".after_flip"));
    return Use(std::move(next));
  }

  // Readers see `next` from here on. A generation that was replaced goes with its last reader.
  absl::Status Use(Manifest next) {
    std::shared_ptr<Generation> old = current();
    ASSIGN_OR_RETURN(std::shared_ptr<Generation> generation,
                     Generation::Open(db_, cache_, node_key_, std::move(next), old.get()));
    if (old != nullptr && old->chunks() != generation->chunks()) {
      old->chunks()->Doom();
      replaced_.push_back(old->chunks());
    }
    std::lock_guard<std::mutex> lock(mutex_);
    generation_ = std::move(generation);
    return absl::OkStatus();
  }

  void Reached(const std::string& step) {
    if (options_.steps != nullptr) options_.steps->Reached(step);
  }

  Database& db_;
  Committer& committer_;
  const StoreOptions options_;
  const Secret node_key_, manifest_key_, cap_key_;
  ColumnCache cache_;
  mutable std::mutex writing_;                       // one change at a time, and what follows
  absl::optional<storage::v1::PurgeDue> purge_due_;  // as it is on the disk
  std::vector<std::weak_ptr<Chunks>> replaced_;      // somebody may read them still
  mutable std::mutex mutex_;                         // what follows
  std::shared_ptr<const Codebook> codebook_;
  std::shared_ptr<Generation> generation_;
  uint64_t next_generation_ = 1;
  bool importing_ = false;
};

StoreImport::StoreImport(Store& store, StoredBatch batch, std::shared_ptr<const Codebook> codebook,
                         uint32_t table, bool looks)
    : store_(store),
      batch_(std::move(batch)),
      codebook_(std::move(codebook)),
      table_(codebook_->tables[table]),
      looks_(looks) {
  const Generation& generation = *store.generation_;
  if (codebook_->consent.has_value() && codebook_->consent->column.table == table)
    consent_column_ = codebook_->consent->column.column;
  // Columns by their stored numbers, which may be in another order than the codebook's.
  from_.resize(generation.manifest().tables(batch_.table()).columns_size(), -1);
  for (size_t c = 0; c < table_.columns.size(); ++c) {
    const Column& column = table_.columns[c];
    const CodeList* list = codebook_->list_of(column);
    largest_.push_back(column.type == ColumnType::kCodes ? (uint32_t{1} << list->codes.size()) - 1
                                                         : column.size(list));
    const int number = generation.ColumnNumber(static_cast<int>(batch_.table()), column.name);
    from_[number] = static_cast<int>(c);
    if (column.constant && table_.unit == Unit::kEvent) constant_.push_back(static_cast<size_t>(number));
  }
  check_ = std::make_unique<ImportCheck>(constant_);
  if (table_.unit == Unit::kEvent && !batch_.replaces() &&
      Store::HasRows(generation.manifest(), batch_.table()))
    repeats_ = std::make_unique<Repeats>();
  if (looks_) return;
  writer_ =
      std::make_unique<RunWriter>(store.db_, *store.options_.random, generation.key_of(batch_.table()),
                                  batch_.id(), from_, store.options_.run_rows, store.options_.block_rows);
}

StoreImport::~StoreImport() {
  if (looks_) return;
  // What is not discarded now is swept at the next import or opening.
  writer_->Wait().IgnoreError();
  const bool committed = store_.current()->manifest().next_batch() > batch_.id();
  if (!committed && writer_->blocks() > 0) {
    store_.db_.Discard(Space::kRecords, BatchKey(batch_.id()), BatchKey(batch_.id() + 1)).IgnoreError();
  }
  std::lock_guard<std::mutex> lock(store_.mutex_);
  store_.importing_ = false;
}

absl::Status StoreImport::CheckValues(const RowBlock& block) const {
  PENC_CHECK(block.columns.size() == table_.columns.size());
  PENC_CHECK(block.identity.empty() || block.identity.size() == block.rows());
  PENC_CHECK(block.content.empty() || block.content.size() == block.rows());
  for (size_t c = 0; c < block.columns.size(); ++c) {
    PENC_CHECK(block.columns[c].size() == block.rows());
    if (std::any_of(block.columns[c].begin(), block.columns[c].end(),
                    [largest = largest_[c]](StoredValue v) { return v > largest; })) {
      return Bad(
          absl::StatusCode::kInvalidArgument,
          absl::StrCat("colonne ", table_.columns[c].name, ": valeur hors du dictionnaire"),
          absl::StrCat("column ", table_.columns[c].name, ": a value that the codebook does not have"));
    }
  }
  return absl::OkStatus();
}

bool StoreImport::Consents(const RowBlock& block, size_t row) const {
  return !consent_column_.has_value() || codebook_->consent->keeps(block.columns[*consent_column_][row]);
}

absl::Status StoreImport::Add(RowBlock block) {
  RETURN_IF_ERROR(CheckValues(block));
  // A table of persons has one row each: the person is the row's identity.
  if (table_.unit == Unit::kPerson) block.identity = block.persons;
  if (block.identity.empty()) {
    block.content.clear();
  } else if (block.content.empty()) {
    block.content.assign(block.rows(), kNoId);
  }
  identified_ = identified_ || !block.identity.empty();
  const std::vector<uint64_t> prints = repeats_ == nullptr ? std::vector<uint64_t>() : FingerprintsOf(block);
  for (size_t r = 0; r < block.rows(); ++r) {
    const bool refused = !block.refused.empty() && block.refused[r] != 0;
    const RowId& id = block.identity.empty() ? kNoId : block.identity[r];
    check_->See(block.persons[r], id, block.content.empty() ? kNoId : block.content[r],
                {!refused && Consents(block, r), !refused, prints.empty() ? 0 : prints[r]});
    if (!prints.empty() && !refused && id == kNoId) repeats_->Add(prints[r]);
  }
  if (looks_) return absl::OkStatus();
  DropRefused(block);
  rows_ += block.rows();
  return writer_->Add(std::move(block));
}

std::vector<uint64_t> StoreImport::FingerprintsOf(const RowBlock& block) const {
  std::vector<const std::vector<StoredValue>*> columns;
  for (const int from : from_) columns.push_back(from < 0 ? nullptr : &block.columns[from]);
  return Fingerprints(block.persons, columns);
}

void StoreImport::DropRefused(RowBlock& block) {
  const std::vector<uint8_t> refused = std::exchange(block.refused, {});
  if (std::none_of(refused.begin(), refused.end(), [](uint8_t r) { return r != 0; })) return;
  const auto thin = [&](auto& values) {
    size_t kept = 0;
    for (size_t r = 0; r < values.size(); ++r) {
      if (refused[r] == 0) values[kept++] = values[r];
    }
    values.resize(kept);
  };
  thin(block.persons);
  thin(block.identity);
  thin(block.content);
  for (auto& column : block.columns) thin(column);
}

absl::Status StoreImport::Learn() {
  check_->AllSeen(repeats_.get());
  const std::shared_ptr<const Generation> generation = store_.current();
  const Manifest& manifest = generation->manifest();
  const uint32_t table = batch_.table();
  uint64_t from = 0;  // the staged batch that takes the place of all before it
  for (const StoredBatch& batch : manifest.batches()) {
    if (batch.table() == table && batch.replaces() && !batch.closed() && !batch.undone()) from = batch.id();
  }
  const Withdrawals withdrawals(manifest);
  for (const storage::v1::StoredSegment& segment : manifest.segments()) {
    if (from > 0 && !check_->withdraws()) break;
    if (table >= static_cast<uint32_t>(segment.rows_size()) || segment.rows(table) == 0) continue;
    std::vector<PersonKey> persons;
    ASSIGN_OR_RETURN(const TableRows rows, ReadSegment(*generation, segment, &persons));
    LearnRows({persons, rows, from > 0}, withdrawals);
  }
  Aead aead(generation->key_of(table));
  for (const StoredBatch& batch : manifest.batches()) {
    if (batch.closed() || batch.undone() || batch.table() != table || batch.id() < from) continue;
    for (uint32_t b = 0; b < batch.blocks(); ++b) {
      ASSIGN_OR_RETURN(const StagedBlock block,
                       ReadBlock(store_.db_, aead, batch.id(), b, manifest.tables(table).columns_size()));
      LearnRows({block.persons, block.rows, false}, withdrawals);
    }
  }
  if (repeats_ != nullptr) check_->AllLearnt(*repeats_);
  return absl::OkStatus();
}

// Columns that nobody looks at stay empty.
absl::StatusOr<TableRows> StoreImport::ReadSegment(const Generation& generation,
                                                   const storage::v1::StoredSegment& segment,
                                                   std::vector<PersonKey>* persons) const {
  const uint32_t table = batch_.table(), rows = segment.rows(table);
  TableRows read(from_.size());
  ASSIGN_OR_RETURN(const std::string identity, generation.ReadChunk(segment.id(), table, kIdentityColumn));
  ASSIGN_OR_RETURN(read.identity, DecodeIds(identity, rows));
  ASSIGN_OR_RETURN(const std::string content, generation.ReadChunk(segment.id(), table, kContentColumn));
  ASSIGN_OR_RETURN(read.content, DecodeIds(content, rows));
  // Past the cache: questions have no use for what an import reads once.
  const auto unpacked = [&](uint32_t of, uint32_t column, size_t size) -> absl::StatusOr<UnpackedColumn> {
    ASSIGN_OR_RETURN(const std::string packed, generation.ReadChunk(segment.id(), of, column));
    return Unpack(packed, size);
  };
  ASSIGN_OR_RETURN(const UnpackedColumn batches, unpacked(table, kBatchColumn, rows));
  read.batch.resize(rows);
  batches.With([&](const auto* v) { std::copy(v, v + rows, read.batch.begin()); });
  ASSIGN_OR_RETURN(const std::vector<PersonKey> keys,
                   generation.ReadPersons(segment.id(), segment.persons()));
  ASSIGN_OR_RETURN(const UnpackedColumn counts, unpacked(table, kCountColumn, segment.persons()));
  for (uint32_t p = 0; p < segment.persons(); ++p) persons->insert(persons->end(), counts.at(p), keys[p]);
  if (persons->size() != rows)
    return Bad(absl::StatusCode::kDataLoss, "nombre de lignes contradictoire",
               "contradictory number of rows");
  const bool all = std::any_of(read.identity.begin(), read.identity.end(),
                               [this](const RowId& id) { return Repeatable(id); });
  for (size_t c = 0; c < read.columns.size(); ++c) {
    if (!all && std::find(constant_.begin(), constant_.end(), c) == constant_.end()) continue;
    read.columns[c].assign(rows, kNull);
    if (!generation.Has(segment.id(), table, static_cast<uint32_t>(c))) continue;
    ASSIGN_OR_RETURN(const UnpackedColumn values, unpacked(table, static_cast<uint32_t>(c), rows));
    values.With([&](const auto* v) { std::copy(v, v + rows, read.columns[c].begin()); });
  }
  return read;
}

void StoreImport::LearnRows(const There& there, const Withdrawals& withdrawals) {
  const auto& [persons, rows, overtaken] = there;
  const bool thinned = withdrawals.Touches(batch_.table());
  std::vector<uint64_t> prints;
  if (!overtaken && std::any_of(rows.identity.begin(), rows.identity.end(),
                                [this](const RowId& id) { return Repeatable(id); })) {
    std::vector<const std::vector<StoredValue>*> columns;
    for (const auto& column : rows.columns) columns.push_back(&column);
    prints = Fingerprints(persons, columns);
  }
  for (size_t r = 0; r < persons.size(); ++r) {
    if (thinned && withdrawals.Takes(batch_.table(), persons[r], rows.identity[r], rows.batch[r])) continue;
    if (overtaken || batch_.replaces()) {
      check_->LearnConsent(persons[r], rows.identity[r], rows.content[r]);
      continue;
    }
    check_->Learn(persons[r], rows, r);
    if (!prints.empty() && Repeatable(rows.identity[r])) repeats_->Learn(prints[r], rows.batch[r]);
  }
}

absl::StatusOr<StagedCounts> StoreImport::Judge() {
  batch_.set_rows(rows_);
  StagedCounts counts;
  counts.stored = rows_;
  if (!check_->needed() && repeats_ == nullptr) return counts;
  if (!batch_.replaces() || check_->withdraws()) RETURN_IF_ERROR(Learn());
  if (repeats_ != nullptr) {
    const RepeatedRows found = repeats_->Found();
    if (found.many) return Fail(absl::StatusCode::kAlreadyExists, Describe(found));
    counts.repeated = found.rows;
  }
  if (!check_->needed()) return counts;
  const std::shared_ptr<const Generation> generation = store_.current();
  const size_t columns = generation->manifest().tables(batch_.table()).columns_size();
  Aead aead(generation->key_of(batch_.table()));
  for (uint32_t b = 0; b < writer_->blocks(); ++b) {
    ASSIGN_OR_RETURN(const StagedBlock block, ReadBlock(store_.db_, aead, batch_.id(), b, columns));
    StagedBlock kept;
    kept.rows = TableRows(columns);
    for (size_t r = 0; r < block.persons.size(); ++r) {
      if (!check_->Judge(block.persons[r], block.rows.identity[r], block.rows.content[r], block.rows.columns,
                         r)) {
        continue;
      }
      kept.persons.push_back(block.persons[r]);
      kept.rows.Append(block.rows, r);
    }
    if (kept.persons.size() == block.persons.size()) continue;
    batch_.set_rows(batch_.rows() - (block.persons.size() - kept.persons.size()));
    rocksdb::WriteBatch writes;
    store_.db_.Put(writes, Space::kRecords, BlockKey(batch_.id(), b),
                   SealBlock(aead, *store_.options_.random, batch_.id(), b, kept));
    RETURN_IF_ERROR(store_.db_.Write(writes, /*sync=*/false));
  }
  for (const storage::v1::Superseded& superseded : check_->superseded())
    *batch_.add_superseded() = superseded;
  for (const storage::v1::Withdrawn& withdrawn : check_->withdrawn()) *batch_.add_withdrawn() = withdrawn;
  StagedCounts judged = check_->counts();
  judged.repeated = counts.repeated;
  for (const uint64_t batch : check_->duplicates_of()) batch_.add_duplicates_of(batch);
  return judged;
}

absl::StatusOr<RepeatedRows> StoreImport::Look() {
  std::lock_guard<std::mutex> writing(store_.writing_);  // staged blocks stay while they are read
  if (repeats_ == nullptr) return RepeatedRows{};
  RETURN_IF_ERROR(Learn());
  return repeats_->Found();
}

absl::StatusOr<StagedCounts> StoreImport::Commit() {
  RETURN_IF_ERROR(writer_->Flush());
  std::lock_guard<std::mutex> writing(store_.writing_);
  Manifest next = store_.Copy();
  {
    std::lock_guard<std::mutex> lock(store_.mutex_);
    RETURN_IF_ERROR(store_.CheckNew(next, batch_.table(), batch_.file_hash()));
  }
  ASSIGN_OR_RETURN(const StagedCounts counts, Judge());
  batch_.set_blocks(writer_->blocks());
  for (uint32_t run : writer_->runs()) batch_.add_runs(run);
  *next.add_batches() = batch_;
  next.set_next_batch(batch_.id() + 1);
  storage::v1::JournalLeaf leaf;
  leaf.mutable_imported()->set_batch(batch_.id());
  leaf.mutable_imported()->set_table(table_.name);
  leaf.mutable_imported()->set_replaced(batch_.replaces());
  RETURN_IF_ERROR(store_.Flip(std::move(next), std::move(leaf), "import", nullptr));
  return counts;
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
