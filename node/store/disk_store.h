// The record store on the office's disk. Internal to the store; what it is for, record_store.h says. Its
// methods stand by their story: record_store.cc (opening, closing, reading), store_import.cc, removal.cc.
#pragma once
#include <rocksdb/write_batch.h>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/database.h"
#include "base/status.h"
#include "crypto/keyfile.h"
#include "crypto/secret.h"
#include "penc/storage/v1/journal.pb.h"
#include "penc/storage/v1/records.pb.h"
#include "store/generation.h"
#include "store/merge.h"
#include "store/record_store.h"

namespace penc {

class DiskStore final : public RecordStore {
 public:
  DiskStore(Database& db, Committer& committer, const Codebook& codebook, const Secret& node_key,
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

  absl::Status Load();

  // ---- imports

  absl::StatusOr<std::unique_ptr<Import>> Begin(uint32_t table, const std::string& file_name,
                                                const std::string& file_hash, bool replace,
                                                absl::Time now) override;
  absl::StatusOr<std::unique_ptr<Import>> BeginLook(uint32_t table) override;
  std::vector<BatchInfo> Batches() const override;

  // ---- changes of what there is: a new manifest, and often a new generation, in one synced write

  absl::Status Undo(uint64_t id) override;
  absl::StatusOr<std::vector<uint64_t>> Expire(int64_t today) override;
  absl::Status Close(Edition edition, absl::Time now,
                     const std::function<void(uint64_t, uint64_t)>& progress) override;
  absl::StatusOr<uint64_t> Erase(const PersonKey& person, bool elsewhere) override;
  absl::optional<PersonKey> Unfinished() const override;
  absl::StatusOr<ErasureProof> FinishErase(const PersonKey& person, absl::Duration wait) override;

  // ---- readers

  absl::StatusOr<std::shared_ptr<const Snapshot>> OpenSnapshot() const override;
  WordList Words(const Snapshot& snapshot, const ColumnRef& column) const override;
  absl::StatusOr<ExactVector> Extract(const Snapshot& snapshot, const Plan& plan) const override;
  absl::StatusOr<ExactVector> ExtractAsIfClosed(const Plan& plan, Edition cohort) const override;
  absl::Status Visit(bool as_if_closed,
                     const std::function<absl::Status(const PersonRows&)>& visit) const override;
  absl::StatusOr<PersonRecord> ReadPerson(const PersonKey& person) const override;
  absl::StatusOr<ConsentCounts> CountConsent(bool as_if_closed) const override;
  StoreStatus Status() const override;
  absl::Status SetCodebook(const Codebook& codebook) override;

 private:
  friend class StoreImport;

  const storage::v1::Manifest& manifest() const { return generation_->manifest(); }
  storage::v1::Manifest Copy() const {
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
  absl::Status CheckNoImport() const;

  // Gives numbers and keys to tables and columns that are new in the codebook.
  absl::Status Adopt(storage::v1::Manifest& manifest, const Codebook& codebook);

  // What a crash left: generations that are not this one, blocks of imports that never committed.
  absl::Status Sweep(const storage::v1::Manifest& manifest);
  absl::Status SweepGenerations(const storage::v1::Manifest& manifest);
  absl::Status DropFrom(uint64_t batch);

  static bool HasRows(const storage::v1::Manifest& manifest, uint32_t table);

  // A file is in where its batch is, unless a later file took the place of the whole table.
  absl::Status CheckNew(const storage::v1::Manifest& manifest, uint32_t table,
                        const std::string& file_hash) const;

  // Batches that `next` says are undone: their rows go at once, staged or closed.
  absl::Status Drop(const std::set<uint64_t>& batches, storage::v1::Manifest next,
                    storage::v1::JournalLeaf leaf, const char* what);

  absl::Status LoadPurgeDue();

  // With the write that takes something out: the next opening finishes what a crash cuts off from here.
  // `person`: who was erased; an earlier one who waits still is erased by then or is erased again.
  void StagePurge(rocksdb::WriteBatch& writes, const std::string& person = "");

  // What was replaced leaves the database's files, unless somebody reads it still: then at the next change or
  // opening. A full disk hinders this, not what was asked for.
  void Settle();

  absl::StatusOr<ErasureProof> Purge(absl::Duration wait);

  // Chunks of a new generation for `next`; nothing shows before Flip.
  absl::StatusOr<absl::optional<uint64_t>> Rewrite(MergePlan& plan, storage::v1::Manifest& next);
  absl::Status DropGeneration(uint64_t generation);

  // Words that no row of `next` holds leave it. `blocks`: staged blocks that the same write replaces.
  absl::Status DropWords(storage::v1::Manifest& next, const std::map<std::string, std::string>& blocks = {});

  // The one write that makes `next` what there is, with its journal leaf.
  absl::Status Flip(storage::v1::Manifest next, storage::v1::JournalLeaf leaf, const char* what,
                    const std::function<void(rocksdb::WriteBatch&)>& also);

  // Readers see `next` from here on. A generation that was replaced goes with its last reader.
  absl::Status Use(storage::v1::Manifest next);

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

}  // namespace penc
