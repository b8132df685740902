// The one thread through which every durable change of an office goes. It drains its queue, runs each
// caller's stage function in order, makes ONE synced write for all of them, then tells the callers. So a
// charge and its journal leaf are one write, decisions are serialised, and many charges share one fsync.
//
//   RETURN_IF_ERROR(committer.Commit([&](Staging& staging) -> absl::Status {
//     ...look at state, decide...
//     db.Put(staging.batch(), Space::kLedger, key, value);
//     staging.Leaf(leaf);
//     return absl::OkStatus();
//   }));
#pragma once
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/database.h"
#include "journal/journal.h"

namespace rocksdb {
class WriteBatch;
}

namespace penc {

class Staging {
 public:
  Staging(rocksdb::WriteBatch& batch, Journal& journal, absl::Time now, uint64_t group)
      : batch_(batch), journal_(journal), now_(now), group_(group) {}
  rocksdb::WriteBatch& batch() { return batch_; }
  // Number of the write that this is part of: what was staged under the same number is not on the disk yet.
  uint64_t group() const { return group_; }
  absl::Time now() const { return now_; }
  // 16 random bytes, so that the hash of what holds them confirms no guess of it.
  std::string Salt() { return journal_.Salt(); }
  uint64_t Leaf(storage::v1::JournalLeaf leaf) { return journal_.Stage(batch_, std::move(leaf), now_); }

 private:
  rocksdb::WriteBatch& batch_;
  Journal& journal_;
  absl::Time now_;
  uint64_t group_;
};

// Thread-safe. References outlive it.
class Committer {
 public:
  using Stage = std::function<absl::Status(Staging&)>;
  using Done = std::function<void(absl::Status)>;

  Committer(Database& db, Journal& journal, const Clock& clock);
  // Finishes what was accepted, then joins.
  ~Committer();
  Committer(const Committer&) = delete;
  Committer& operator=(const Committer&) = delete;

  // `stage` runs on the committer's thread. When it fails, nothing that it staged is written, and its error
  // is returned. When the write fails, every caller of the group gets that error and the reload hooks have
  // run.
  absl::Status Commit(Stage stage);
  // The same without waiting; `done` runs on the committer's thread and must be short.
  void CommitAsync(Stage stage, Done done);

  // Runs on the committer's thread after a failed write: whoever keeps state in memory reads the disk again.
  // Register before the first Commit.
  void OnReload(std::function<void()> reload);

 private:
  struct Item {
    Stage stage;
    Done done;
    absl::Status status;
  };

  void Loop();
  void CommitGroup(std::vector<Item>& group);

  Database& db_;
  Journal& journal_;
  const Clock& clock_;
  std::vector<std::function<void()>> reloads_;
  uint64_t group_ = 0;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Item> queue_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace penc
