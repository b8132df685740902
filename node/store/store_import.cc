#include "store/store_import.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "crypto/aead.h"
#include "store/layout.h"

namespace penc {

using storage::v1::Manifest;
using storage::v1::StoredBatch;

absl::StatusOr<std::unique_ptr<RecordStore::Import>> DiskStore::Begin(uint32_t table,
                                                                      const std::string& file_name,
                                                                      const std::string& file_hash,
                                                                      bool replace, absl::Time now) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (importing_)
    return Fail(absl::StatusCode::kFailedPrecondition, {"un import est déjà en cours; attendez sa fin",
                                                        "an import is running already; wait for it to end"});
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

absl::StatusOr<std::unique_ptr<RecordStore::Import>> DiskStore::BeginLook(uint32_t table) {
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

bool DiskStore::HasRows(const Manifest& manifest, uint32_t table) {
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

absl::Status DiskStore::CheckNew(const Manifest& manifest, uint32_t table,
                                 const std::string& file_hash) const {
  if (file_hash.empty()) return absl::OkStatus();
  uint64_t in = 0;
  for (const StoredBatch& batch : manifest.batches()) {
    if (batch.undone() || batch.table() != table) continue;
    if (batch.replaces()) in = 0;
    if (batch.file_hash() == file_hash) in = batch.id();
  }
  if (in == 0) return absl::OkStatus();
  return Fail(absl::StatusCode::kAlreadyExists,
              {absl::StrCat("ce fichier est déjà là (lot ", in, "); rien n'a changé"),
               absl::StrCat("this file is in already (batch ", in, "); nothing changed")});
}

StoreImport::StoreImport(DiskStore& store, StoredBatch batch, std::shared_ptr<const Codebook> codebook,
                         uint32_t table, bool looks)
    : store_(store),
      batch_(std::move(batch)),
      codebook_(std::move(codebook)),
      table_(codebook_->tables[table]),
      looks_(looks),
      words_(store.generation_->manifest().tables(static_cast<int>(batch_.table()))) {
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
      DiskStore::HasRows(generation.manifest(), batch_.table()))
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
      return Fail(
          absl::StatusCode::kInvalidArgument,
          {absl::StrCat("colonne ", table_.columns[c].name, ": valeur hors du dictionnaire"),
           absl::StrCat("column ", table_.columns[c].name, ": a value that the codebook does not have")});
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

absl::StatusOr<StoredValue> StoreImport::WordOf(size_t column, const Word& word) {
  const auto number = std::find(from_.begin(), from_.end(), static_cast<int>(column));
  PENC_CHECK(number != from_.end() && table_.columns[column].type == ColumnType::kText);
  return words_.Of(static_cast<uint32_t>(number - from_.begin()), word);
}

absl::Status StoreImport::KeepWords(storage::v1::StoredTable& table) const {
  if (!words_.fresh()) return absl::OkStatus();
  const std::set<uint32_t> columns = words_.columns();
  std::set<std::pair<uint32_t, StoredValue>> held;
  Aead aead(store_.current()->key_of(batch_.table()));
  for (uint32_t b = 0; b < writer_->blocks(); ++b) {
    ASSIGN_OR_RETURN(const StagedBlock block, ReadBlock(store_.db_, aead, batch_.id(), b, from_.size()));
    for (const uint32_t column : columns) {
      for (const StoredValue value : block.rows.columns[column]) held.emplace(column, value);
    }
  }
  words_.AddTo(table, held);
  return absl::OkStatus();
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
    return Fail(absl::StatusCode::kDataLoss,
                {"nombre de lignes contradictoire", "contradictory number of rows"});
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
  RETURN_IF_ERROR(KeepWords(*next.mutable_tables(static_cast<int>(batch_.table()))));
  *next.add_batches() = batch_;
  next.set_next_batch(batch_.id() + 1);
  storage::v1::JournalLeaf leaf;
  leaf.mutable_imported()->set_batch(batch_.id());
  leaf.mutable_imported()->set_table(table_.name);
  leaf.mutable_imported()->set_replaced(batch_.replaces());
  RETURN_IF_ERROR(store_.Flip(std::move(next), std::move(leaf), "import", nullptr));
  return counts;
}

}  // namespace penc
