// What leaves the store: files taken back, rows whose last day is over, persons who are erased; and that the
// database's files hold none of it afterwards.
#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/status.h"
#include "crypto/aead.h"
#include "store/disk_store.h"
#include "store/erasure.h"
#include "store/layout.h"

namespace penc {
namespace {

std::string Bytes(const PersonKey& person) {
  return {reinterpret_cast<const char*>(person.data()), person.size()};
}

}  // namespace

using storage::v1::Manifest;
using storage::v1::StoredBatch;

absl::Status DiskStore::Undo(uint64_t id) {
  std::lock_guard<std::mutex> writing(writing_);
  RETURN_IF_ERROR(CheckNoImport());
  Manifest next = Copy();
  StoredBatch* batch = nullptr;
  for (StoredBatch& b : *next.mutable_batches()) {
    if (b.id() == id) batch = &b;
  }
  if (batch == nullptr)
    return Fail(absl::StatusCode::kNotFound, {absl::StrCat("pas de lot ", id, "; voyez penc batches"),
                                              absl::StrCat("no batch ", id, "; see penc batches")});
  if (batch->expired())
    return Fail(absl::StatusCode::kFailedPrecondition,
                {absl::StrCat("le lot ", id, " est déjà retiré: son délai de garde est passé"),
                 absl::StrCat("batch ", id, " left already: its last day is over")});
  if (batch->undone())
    return Fail(absl::StatusCode::kFailedPrecondition, {absl::StrCat("le lot ", id, " est déjà annulé"),
                                                        absl::StrCat("batch ", id, " is undone already")});
  batch->set_undone(true);
  batch->clear_withdrawn();
  storage::v1::JournalLeaf leaf;
  leaf.mutable_undone()->set_batch(id);
  return Drop({id}, std::move(next), std::move(leaf), "undo");
}

absl::StatusOr<std::vector<uint64_t>> DiskStore::Expire(int64_t today) {
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

absl::StatusOr<uint64_t> DiskStore::Erase(const PersonKey& person, bool elsewhere) {
  std::lock_guard<std::mutex> writing(writing_);
  RETURN_IF_ERROR(CheckNoImport());
  Manifest next = Copy();
  ASSIGN_OR_RETURN(const StagedErasure staged, EraseStaged(db_, *current(), *options_.random, person, next));
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
  RETURN_IF_ERROR(DropWords(next, staged.blocks));
  storage::v1::JournalLeaf leaf;
  leaf.mutable_erased();
  RETURN_IF_ERROR(Flip(std::move(next), std::move(leaf), "erase", [&](rocksdb::WriteBatch& writes) {
    for (const auto& [key, sealed] : staged.blocks) db_.Put(writes, Space::kRecords, key, sealed);
    StagePurge(writes, Bytes(person));
  }));
  cache_.Clear();
  return rows;
}

absl::optional<PersonKey> DiskStore::Unfinished() const {
  std::lock_guard<std::mutex> writing(writing_);
  if (!purge_due_.has_value() || purge_due_->person().size() != sizeof(PersonKey)) return absl::nullopt;
  PersonKey person;
  std::memcpy(person.data(), purge_due_->person().data(), person.size());
  return person;
}

absl::StatusOr<ErasureProof> DiskStore::FinishErase(const PersonKey& person, absl::Duration wait) {
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

absl::Status DiskStore::Drop(const std::set<uint64_t>& batches, Manifest next, storage::v1::JournalLeaf leaf,
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
  RETURN_IF_ERROR(DropWords(next));
  RETURN_IF_ERROR(Flip(std::move(next), std::move(leaf), what, [&](rocksdb::WriteBatch& writes) {
    for (uint64_t batch : staged)
      db_.DeleteRange(writes, Space::kRecords, BatchKey(batch), BatchKey(batch + 1));
    StagePurge(writes);
  }));
  Settle();
  return absl::OkStatus();
}

absl::Status DiskStore::LoadPurgeDue() {
  purge_due_.reset();
  ASSIGN_OR_RETURN(const absl::optional<std::string> due, db_.Get(Space::kRecords, PurgeKey()));
  if (!due.has_value()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::string opened, Aead(manifest_key_).Open(ChunkName(PurgeKey()), *due));
  storage::v1::PurgeDue read;
  if (!read.ParseFromString(opened) || read.format() != 1)
    return Fail(absl::StatusCode::kDataLoss,
                {"note d'effacement illisible; restaurez une sauvegarde (penc restore)",
                 "unreadable note of an erasure; restore a backup (penc restore)"});
  purge_due_ = std::move(read);
  return absl::OkStatus();
}

void DiskStore::StagePurge(rocksdb::WriteBatch& writes, const std::string& person) {
  if (!purge_due_.has_value()) purge_due_.emplace();
  purge_due_->set_format(1);
  if (!person.empty()) purge_due_->set_person(person);
  db_.Put(writes, Space::kRecords, PurgeKey(),
          Aead(manifest_key_).Seal(*options_.random, ChunkName(PurgeKey()), purge_due_->SerializeAsString()));
}

void DiskStore::Settle() {
  if (purge_due_.has_value() && purge_due_->person().empty())
    Purge(absl::ZeroDuration()).status().IgnoreError();
}

absl::StatusOr<ErasureProof> DiskStore::Purge(absl::Duration wait) {
  const absl::Time until = absl::Now() + wait;
  const auto read = [](const std::weak_ptr<Chunks>& chunks) { return !chunks.expired(); };
  while (std::any_of(replaced_.begin(), replaced_.end(), read)) {
    if (absl::Now() >= until) {
      return Fail(absl::StatusCode::kUnavailable,
                  {"une question lit encore d'anciens dossiers; recommencez dans une minute",
                   "a question still reads old records; try again in a minute"});
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

}  // namespace penc
