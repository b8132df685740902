// One RocksDB per office: column families `records`, `ledger`, `journal`, and `office` for what was applied.
// Whoever changes state goes through the Committer (journal/committer.h); bulk data that nothing points at
// yet may be written directly.
//
// The write-ahead log is read with kTolerateCorruptedTailRecords: a torn tail (pulled plug) opens, a flipped
// byte is DATA_LOSS. A flip in the length of a log record looks like a torn tail and would forget what
// follows, so a mark beside the log (base/high_water.h) says how far synced writes have come: a database that
// is behind it is DATA_LOSS, too. All families are flushed together, so that what a damaged MANIFEST forgets
// is a state that once was, never one family older than the others; the journal notices that (journal.h).
// Thread-safe.
#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace rocksdb {
class ColumnFamilyHandle;
class DB;
class Status;
class WriteBatch;
}  // namespace rocksdb

namespace penc {

class HighWater;

enum class Space { kOffice, kRecords, kLedger, kJournal };

class Database {
 public:
  static constexpr size_t kWriteBytes = 32 << 20;

  // Creates what is missing. FAILED_PRECONDITION where another process has it open, DATA_LOSS where it is
  // damaged, RESOURCE_EXHAUSTED on a full disk.
  // `write_bytes`: kept in memory before it goes into files.
  static absl::StatusOr<std::unique_ptr<Database>> Open(const std::string& folder,
                                                        size_t write_bytes = kWriteBytes);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Nothing where there is no such key.
  absl::StatusOr<absl::optional<std::string>> Get(Space space, absl::string_view key) const;

  // Every entry whose key starts with `prefix`, in key order, of one consistent state; `visit` returns false
  // to stop. The views live until `visit` returns.
  absl::Status Scan(Space space, absl::string_view prefix,
                    const std::function<bool(absl::string_view key, absl::string_view value)>& visit) const;

  // Stages into a batch; the caller owns it.
  void Put(rocksdb::WriteBatch& batch, Space space, absl::string_view key, absl::string_view value) const;
  void Delete(rocksdb::WriteBatch& batch, Space space, absl::string_view key) const;
  // [first, last)
  void DeleteRange(rocksdb::WriteBatch& batch, Space space, absl::string_view first,
                   absl::string_view last) const;

  // One atomic write. `sync`: on the disk when this returns. RESOURCE_EXHAUSTED, with nothing written, where
  // less than 48 MiB would be left on the disk.
  absl::Status Write(rocksdb::WriteBatch& batch, bool sync);

  // Deletes [first, last) and gives its space back at once, also where the disk is full.
  absl::Status Discard(Space space, absl::string_view first, absl::string_view last);

  // A consistent copy in a folder that does not exist yet.
  absl::Status CopyTo(const std::string& folder) const;

  const std::string& folder() const { return folder_; }

  // On disk, about.
  uint64_t Bytes() const;

  // Makes sure that what was deleted or replaced in a space is in none of the folder's files: flushes, rewrites
  // the space's files, starts another log, removes the old ones. `left`: old files that are there all the same.
  struct Purged {
    uint32_t removed = 0;
    std::vector<std::string> left;  // names, without the folder
  };
  absl::StatusOr<Purged> Purge(Space space);

 private:
  Database(std::string folder, std::unique_ptr<rocksdb::DB> db,
           std::vector<rocksdb::ColumnFamilyHandle*> spaces);
  absl::Status CheckMark();
  absl::Status CheckRoom(size_t bytes) const;
  rocksdb::ColumnFamilyHandle* of(Space space) const { return spaces_[static_cast<int>(space)]; }

  std::string folder_;
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> spaces_;
  std::unique_ptr<HighWater> mark_;  // of the sequence numbers; null where it could not be opened
  std::atomic<bool> log_failed_{false};
};

// What a RocksDB error means for people.
absl::Status FromRocks(const rocksdb::Status& status, absl::string_view where);

}  // namespace penc
