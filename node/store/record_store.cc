#include "store/record_store.h"

#include <algorithm>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "crypto/aead.h"
#include "journal/committer.h"
#include "store/counted.h"
#include "store/disk_store.h"
#include "store/extract.h"
#include "store/gathered.h"
#include "store/layout.h"
#include "store/person_rows.h"
#include "store/stored_words.h"
#include "store/visit.h"
#include "store/withdrawals.h"

namespace penc {

using storage::v1::Manifest;
using storage::v1::StoredBatch;

absl::Status DiskStore::Load() {
  ASSIGN_OR_RETURN(const absl::optional<std::string> sealed, db_.Get(Space::kRecords, ManifestKey()));
  Manifest manifest;
  if (sealed.has_value()) {
    ASSIGN_OR_RETURN(const std::string bytes, Aead(manifest_key_).Open(ChunkName(ManifestKey()), *sealed));
    if (!manifest.ParseFromString(bytes) || manifest.format() != 1)
      return Fail(absl::StatusCode::kDataLoss,
                  {"manifeste illisible; restaurez une sauvegarde (penc restore)",
                   "unreadable manifest; restore a backup (penc restore)"});
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

std::vector<BatchInfo> DiskStore::Batches() const {
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

absl::Status DiskStore::Close(Edition edition, absl::Time now,
                              const std::function<void(uint64_t, uint64_t)>& progress) {
  std::lock_guard<std::mutex> writing(writing_);
  Manifest next = Copy();
  if (next.editions_size() > 0 && next.editions(next.editions_size() - 1) >= edition) {
    return Fail(absl::StatusCode::kFailedPrecondition, {"cette édition ou une plus récente est déjà arrêtée",
                                                        "this edition or a later one is closed already"});
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
  RETURN_IF_ERROR(DropWords(next));
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

absl::StatusOr<std::shared_ptr<const Snapshot>> DiskStore::OpenSnapshot() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return std::make_shared<const Snapshot>(generation_, codebook_);
}

WordList DiskStore::Words(const Snapshot& snapshot, const ColumnRef& column) const {
  const Generation& generation = *snapshot.generation;
  const Table& table = snapshot.codebook->tables[column.table];
  const int t = generation.TableNumber(table.name);
  const int c = generation.ColumnNumber(t, table.columns[column.column].name);
  return c < 0 ? WordList() : WordsIn(generation.manifest().tables(t), static_cast<uint32_t>(c));
}

absl::StatusOr<ExactVector> DiskStore::Extract(const Snapshot& snapshot, const Plan& plan) const {
  return Extraction::Run(snapshot, plan, cap_key_, options_.threads);
}

absl::StatusOr<ExactVector> DiskStore::ExtractAsIfClosed(const Plan& plan, Edition cohort) const {
  std::lock_guard<std::mutex> writing(writing_);
  ASSIGN_OR_RETURN(const std::shared_ptr<const Snapshot> snapshot, OpenSnapshot());
  return Extraction::RunAsIfClosed(db_, *snapshot, plan, cap_key_, cohort);
}

absl::Status DiskStore::Visit(bool as_if_closed,
                              const std::function<absl::Status(const PersonRows&)>& visit) const {
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

absl::StatusOr<PersonRecord> DiskStore::ReadPerson(const PersonKey& person) const {
  std::lock_guard<std::mutex> writing(writing_);  // a closing or an erasure takes staged blocks away
  ASSIGN_OR_RETURN(const std::shared_ptr<const Snapshot> snapshot, OpenSnapshot());
  return ReadPersonRows(db_, *snapshot, person);
}

absl::StatusOr<ConsentCounts> DiskStore::CountConsent(bool as_if_closed) const {
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

StoreStatus DiskStore::Status() const {
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

absl::Status DiskStore::SetCodebook(const Codebook& codebook) {
  std::lock_guard<std::mutex> writing(writing_);
  Manifest next = Copy();
  RETURN_IF_ERROR(Adopt(next, codebook));
  RETURN_IF_ERROR(Use(std::move(next)));
  std::lock_guard<std::mutex> lock(mutex_);
  codebook_ = std::make_shared<const Codebook>(codebook);
  return absl::OkStatus();
}

absl::Status DiskStore::CheckNoImport() const {
  std::lock_guard<std::mutex> lock(mutex_);
  if (!importing_) return absl::OkStatus();
  return Fail(absl::StatusCode::kFailedPrecondition,
              {"un import est en cours; attendez sa fin", "an import is running; wait for it to end"});
}

absl::Status DiskStore::Adopt(Manifest& manifest, const Codebook& codebook) {
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

absl::Status DiskStore::Sweep(const Manifest& manifest) {
  RETURN_IF_ERROR(SweepGenerations(manifest));
  return DropFrom(manifest.next_batch());
}

absl::Status DiskStore::SweepGenerations(const Manifest& manifest) {
  rocksdb::WriteBatch writes;
  if (manifest.generation() > 0)
    db_.DeleteRange(writes, Space::kRecords, GenerationKey(0), GenerationKey(manifest.generation()));
  db_.DeleteRange(writes, Space::kRecords, GenerationKey(manifest.generation() + 1), "h");
  return db_.Write(writes, /*sync=*/false);
}

absl::Status DiskStore::DropFrom(uint64_t batch) {
  rocksdb::WriteBatch writes;
  db_.DeleteRange(writes, Space::kRecords, BatchKey(batch), "s");
  return db_.Write(writes, /*sync=*/false);
}

absl::StatusOr<absl::optional<uint64_t>> DiskStore::Rewrite(MergePlan& plan, Manifest& next) {
  std::shared_ptr<const Generation> old;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    old = generation_;
    // Numbers are not used twice, even after a failed attempt: its chunks may still be around.
    plan.target = std::max(next_generation_, next.next_generation());
    next_generation_ = plan.target + 1;
  }
  plan.segment_rows = options_.segment_rows;
  absl::StatusOr<absl::optional<uint64_t>> erased = WriteGeneration(db_, *options_.random, *old, plan, next);
  // What stays is swept at the next opening.
  if (!erased.ok()) DropGeneration(plan.target).IgnoreError();
  return erased;
}

absl::Status DiskStore::DropWords(Manifest& next, const std::map<std::string, std::string>& blocks) {
  const auto& tables = next.tables();
  if (std::all_of(tables.begin(), tables.end(), [](const auto& table) { return table.words().empty(); }))
    return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::shared_ptr<const Generation> rows,
                   Generation::Open(db_, cache_, node_key_, next, current().get()));
  return PruneWords(db_, *rows, blocks, next);
}

absl::Status DiskStore::DropGeneration(uint64_t generation) {
  rocksdb::WriteBatch writes;
  db_.DeleteRange(writes, Space::kRecords, GenerationKey(generation), GenerationKey(generation + 1));
  return db_.Write(writes, /*sync=*/false);
}

absl::Status DiskStore::Flip(Manifest next, storage::v1::JournalLeaf leaf, const char* what,
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

absl::Status DiskStore::Use(Manifest next) {
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

absl::StatusOr<std::unique_ptr<RecordStore>> RecordStore::Open(Database& db, Committer& committer,
                                                               const Codebook& codebook,
                                                               const Secret& node_key,
                                                               const StoreOptions& options) {
  auto store = std::make_unique<DiskStore>(db, committer, codebook, node_key, options);
  RETURN_IF_ERROR(store->Load());
  return std::unique_ptr<RecordStore>(std::move(store));
}

}  // namespace penc
