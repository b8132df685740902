// The office's journal: an append-only Merkle log (RFC 6962) in the column family `journal`. A leaf is staged
// into the caller's own batch, so that what happened and its leaf are one write. One writer (the Committer's
// thread); any number of readers. Keys: "l" and the index as 8 bytes big-endian -> the leaf's bytes; "f" ->
// the frontier.
//
// Opening reads every leaf again: the frontier must be theirs, and they must be as many as the mark beside
// the database (base/high_water.h) says were written. So a database that lost a part of itself, or went back
// to an earlier state, is noticed before anything is answered from it.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/database.h"
#include "base/high_water.h"
#include "base/random.h"
#include "journal/merkle.h"
#include "journal/note.h"
#include "penc/storage/v1/journal.pb.h"

namespace penc {

class Journal {
 public:
  // DATA_LOSS where the frontier and the leaves do not belong together or leaves are missing at the end. `db`
  // and `random` outlive it.
  static absl::StatusOr<std::unique_ptr<Journal>> Open(Database& db, RandomSource& random);

  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // Readers: what is durable.
  uint64_t size() const;
  std::string root() const;
  std::string SignedCheckpoint(const std::string& origin, const SigningKey& key) const;
  absl::Status ForEach(uint64_t from,
                       const std::function<bool(uint64_t index, absl::string_view leaf)>& visit) const;

  // The writer. Stage fills format, time and salt and returns the leaf's index; Rollback forgets leaves
  // staged since Mark; Durable makes them visible to readers; Reload starts again from the disk after a
  // failed write.
  std::string Salt();  // 16 random bytes
  uint64_t Stage(rocksdb::WriteBatch& batch, storage::v1::JournalLeaf leaf, absl::Time now);
  merkle::Frontier Mark() const { return staged_; }
  void Rollback(merkle::Frontier mark) { staged_ = std::move(mark); }
  void Durable();
  absl::Status Reload();

  static std::string LeafKey(uint64_t index);

 private:
  Journal(Database& db, RandomSource& random) : db_(db), random_(random) {}
  absl::Status CheckLeaves() const;

  Database& db_;
  RandomSource& random_;
  std::unique_ptr<HighWater> mark_;  // of the number of leaves
  merkle::Frontier staged_;          // the writer's
  mutable std::mutex mutex_;
  merkle::Frontier durable_;
};

}  // namespace penc
