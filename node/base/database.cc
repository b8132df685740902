#include "base/database.h"

#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/write_batch.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <filesystem>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/file.h"
#include "base/high_water.h"
#include "base/status.h"

namespace penc {
namespace {

constexpr char kMarkFile[] = "SYNCED";     // RocksDB leaves a name it does not know alone
constexpr uint64_t kRoomBytes = 48 << 20;  // what flushing and compacting may need at once

rocksdb::Slice S(absl::string_view text) { return {text.data(), text.size()}; }
absl::string_view V(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

rocksdb::DBOptions Options(bool create, size_t write_bytes) {
  rocksdb::DBOptions options;
  options.create_if_missing = create;
  options.create_missing_column_families = create;
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.recycle_log_file_num = 0;  // a recycled log cannot tell a torn tail from a flipped byte
  options.paranoid_checks = true;
  options.atomic_flush = true;
  options.max_open_files = 64;
  options.max_background_jobs = 2;
  options.max_total_wal_size = 64 << 20;
  options.keep_log_file_num = 2;
  options.max_log_file_size = 1 << 20;
  options.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  options.db_write_buffer_size = write_bytes;
  return options;
}

rocksdb::ColumnFamilyOptions SpaceOptions(const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::ColumnFamilyOptions options;
  options.write_buffer_size = 16 << 20;
  options.max_write_buffer_number = 2;
  options.compression = rocksdb::kNoCompression;  // records are sealed, the rest is small
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.cache_index_and_filter_blocks = true;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

}  // namespace

absl::Status FromRocks(const rocksdb::Status& status, absl::string_view where) {
  if (status.ok()) return absl::OkStatus();
  if (status.IsNoSpace() || status.subcode() == rocksdb::Status::kNoSpace ||
      absl::StrContains(status.ToString(), "No space left")) {
    return Fail(absl::StatusCode::kResourceExhausted,
                {absl::StrCat(where, ": disque plein; libérez de la place et recommencez, rien n'est perdu"),
                 absl::StrCat(where, ": disk full; free some space and try again, nothing is lost")});
  }
  if (status.IsCorruption()) {
    return Fail(
        absl::StatusCode::kDataLoss,
        {absl::StrCat(
             where, ": la base est abîmée et ne sera pas utilisée; restaurez une sauvegarde (penc restore). ",
             status.ToString()),
         absl::StrCat(where,
                      ": the database is damaged and will not be used; restore a backup (penc restore). ",
                      status.ToString())});
  }
  if (status.IsIOError() && (absl::StrContains(status.ToString(), "While lock file") ||
                             absl::StrContains(status.ToString(), "lock hold by"))) {
    return Fail(
        absl::StatusCode::kFailedPrecondition,
        {absl::StrCat(where, ": un autre penc utilise déjà ce dossier; arrêtez-le ou laissez-le répondre"),
         absl::StrCat(where, ": another penc already uses this folder; stop it or let it answer")});
  }
  if (status.IsIOError() && (absl::StrContains(status.ToString(), "Read-only file system") ||
                             absl::StrContains(status.ToString(), "Permission denied"))) {
    return Fail(
        absl::StatusCode::kPermissionDenied,
        {absl::StrCat(where,
                      ": impossible d'y écrire (disque en lecture seule, ou dossier d'un autre "
                      "utilisateur), et penc ne s'ouvre pas sans cela; rien n'a changé"),
         absl::StrCat(where,
                      ": cannot be written to (a read-only disk, or another user's folder), and penc does "
                      "not open without; nothing changed")});
  }
  return Fail(absl::StatusCode::kInternal,
              {absl::StrCat(where, ": ", status.ToString()), absl::StrCat(where, ": ", status.ToString())});
}

absl::StatusOr<std::unique_ptr<Database>> Database::Open(const std::string& folder, size_t write_bytes) {
  const std::shared_ptr<rocksdb::Cache> cache = rocksdb::NewLRUCache(8 << 20);
  // The order is enum Space's; RocksDB insists on a family named "default".
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (const char* name : {"default", "records", "ledger", "journal"}) {
    families.emplace_back(name, SpaceOptions(cache));
  }
  rocksdb::DB* raw = nullptr;
  std::vector<rocksdb::ColumnFamilyHandle*> spaces;
  ::mkdir(folder.c_str(), 0700);  // else RocksDB makes it for everybody to read; where it exists, it stays
  // Where a database was whole once, what is missing now is damage.
  const bool create = !FileExists(absl::StrCat(folder, "/", kMarkFile));
  rocksdb::Status status = rocksdb::DB::Open(Options(create, write_bytes), folder, families, &spaces, &raw);
  const bool missing = status.IsInvalidArgument() || status.IsNotFound() || status.IsPathNotFound() ||
                       (status.IsIOError() && absl::StrContains(status.ToString(), "No such file"));
  if (!create && missing) status = rocksdb::Status::Corruption(status.ToString());
  if (!status.ok()) return FromRocks(status, folder);
  std::unique_ptr<Database> database(
      new Database(folder, std::unique_ptr<rocksdb::DB>(raw), std::move(spaces)));
  RETURN_IF_ERROR(database->CheckMark());
  return database;
}

Database::Database(std::string folder, std::unique_ptr<rocksdb::DB> db,
                   std::vector<rocksdb::ColumnFamilyHandle*> spaces)
    : folder_(std::move(folder)), db_(std::move(db)), spaces_(std::move(spaces)) {}

// Opening has flushed what it found in the log, so all that can be read is on the disk.
absl::Status Database::CheckMark() {
  const uint64_t found = db_->GetLatestSequenceNumber();
  ASSIGN_OR_RETURN(std::unique_ptr<HighWater> mark,
                   HighWater::Open(absl::StrCat(folder_, "/", kMarkFile), found));
  if (found < mark->value())
    return FromRocks(rocksdb::Status::Corruption("writes are missing at the end"), folder_);
  mark_ = std::move(mark);
  return absl::OkStatus();
}

Database::~Database() {
  // A log that failed once must not be touched again.
  if (mark_ != nullptr && !log_failed_) {
    const uint64_t last = db_->GetLatestSequenceNumber();
    if (db_->SyncWAL().ok()) mark_->Raise(last);
  }
  if (mark_ != nullptr) mark_->Sync();
  for (rocksdb::ColumnFamilyHandle* space : spaces_) db_->DestroyColumnFamilyHandle(space);
  db_->Close();
}

absl::StatusOr<absl::optional<std::string>> Database::Get(Space space, absl::string_view key) const {
  std::string value;
  rocksdb::Status status = db_->Get(rocksdb::ReadOptions(), of(space), S(key), &value);
  if (status.IsNotFound()) return absl::optional<std::string>();
  RETURN_IF_ERROR(FromRocks(status, "db"));
  return absl::optional<std::string>(std::move(value));
}

absl::Status Database::Scan(Space space, absl::string_view prefix,
                            const std::function<bool(absl::string_view, absl::string_view)>& visit) const {
  rocksdb::ReadOptions options;
  options.fill_cache = false;
  std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator(options, of(space)));
  for (at->Seek(S(prefix)); at->Valid() && absl::StartsWith(V(at->key()), prefix); at->Next()) {
    if (!visit(V(at->key()), V(at->value()))) break;
  }
  return FromRocks(at->status(), "db");
}

void Database::Put(rocksdb::WriteBatch& batch, Space space, absl::string_view key,
                   absl::string_view value) const {
  PENC_CHECK(batch.Put(of(space), S(key), S(value)).ok());
}

void Database::Delete(rocksdb::WriteBatch& batch, Space space, absl::string_view key) const {
  PENC_CHECK(batch.Delete(of(space), S(key)).ok());
}

void Database::DeleteRange(rocksdb::WriteBatch& batch, Space space, absl::string_view first,
                           absl::string_view last) const {
  PENC_CHECK(batch.DeleteRange(of(space), S(first), S(last)).ok());
}

// Room that is kept for the database's own work: after a log that could not be written RocksDB refuses every
// write until it has noticed free space by itself, some seconds late, so a full disk is noticed before.
absl::Status Database::CheckRoom(size_t bytes) const {
  struct statvfs disk {};
  if (::statvfs(folder_.c_str(), &disk) != 0) return absl::OkStatus();
  const uint64_t free_bytes = static_cast<uint64_t>(disk.f_bavail) * disk.f_frsize;
  struct rlimit file_size {};
  const bool limited = ::getrlimit(RLIMIT_FSIZE, &file_size) == 0 && file_size.rlim_cur < kRoomBytes;
  if (!limited && free_bytes >= kRoomBytes + 2 * bytes) return absl::OkStatus();
  return FromRocks(rocksdb::Status::NoSpace(), folder_);
}

absl::Status Database::Write(rocksdb::WriteBatch& batch, bool sync) {
  RETURN_IF_ERROR(CheckRoom(batch.GetDataSize()));
  rocksdb::WriteOptions options;
  options.sync = sync;
  // Syncing covers all that was in the log before and this batch; what other threads write meanwhile may not
  // be.
  const uint64_t before = db_->GetLatestSequenceNumber();
  const uint64_t numbers = batch.Count();
  const rocksdb::Status written = db_->Write(options, &batch);
  if (!written.ok()) log_failed_ = true;
  RETURN_IF_ERROR(FromRocks(written, folder_));
  if (sync) mark_->Raise(before + numbers);
  return absl::OkStatus();
}

absl::Status Database::Discard(Space space, absl::string_view first, absl::string_view last) {
  const rocksdb::Slice begin = S(first), end = S(last);
  RETURN_IF_ERROR(FromRocks(rocksdb::DeleteFilesInRange(db_.get(), of(space), &begin, &end, false), folder_));
  const rocksdb::Status deleted = db_->DeleteRange(rocksdb::WriteOptions(), of(space), begin, end);
  if (!deleted.ok()) log_failed_ = true;
  RETURN_IF_ERROR(FromRocks(deleted, folder_));
  rocksdb::CompactRangeOptions options;
  options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
  return FromRocks(db_->CompactRange(options, of(space), &begin, &end), folder_);
}

absl::Status Database::CopyTo(const std::string& folder) const {
  rocksdb::Checkpoint* raw = nullptr;
  RETURN_IF_ERROR(FromRocks(rocksdb::Checkpoint::Create(db_.get(), &raw), folder));
  std::unique_ptr<rocksdb::Checkpoint> checkpoint(raw);
  return FromRocks(checkpoint->CreateCheckpoint(folder), folder);
}

uint64_t Database::Bytes() const {
  uint64_t bytes = 0;
  for (rocksdb::ColumnFamilyHandle* space : spaces_) {
    uint64_t part = 0;
    if (db_->GetIntProperty(space, rocksdb::DB::Properties::kLiveSstFilesSize, &part)) bytes += part;
    if (db_->GetIntProperty(space, rocksdb::DB::Properties::kSizeAllMemTables, &part)) bytes += part;
  }
  return bytes;
}

absl::StatusOr<Database::Purged> Database::Purge(Space space) {
  namespace fs = std::filesystem;
  std::vector<rocksdb::LiveFileMetaData> live;
  db_->GetLiveFilesMetaData(&live);
  std::set<std::string> others;  // what other spaces have never held it
  for (const rocksdb::LiveFileMetaData& file : live) {
    if (file.column_family_name != of(space)->GetName()) others.insert(fs::path(file.name).filename());
  }
  std::vector<std::string> old;
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_, ignored)) {
    const fs::path name = entry.path().filename();
    if ((name.extension() == ".sst" && others.count(name) == 0) || name.extension() == ".log") old.push_back(name);
  }
  // Every space leaves the log, so that it can go; one that has nothing to flush would keep it.
  rocksdb::WriteBatch nothing;
  Delete(nothing, space, "");
  RETURN_IF_ERROR(Write(nothing, /*sync=*/true));
  RETURN_IF_ERROR(FromRocks(db_->Flush(rocksdb::FlushOptions(), spaces_), folder_));
  rocksdb::CompactRangeOptions options;
  options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
  RETURN_IF_ERROR(FromRocks(db_->CompactRange(options, of(space), nullptr, nullptr), folder_));
  // Turning deletions on again removes what is obsolete before it returns.
  RETURN_IF_ERROR(FromRocks(db_->DisableFileDeletions(), folder_));
  RETURN_IF_ERROR(FromRocks(db_->EnableFileDeletions(/*force=*/false), folder_));
  Purged purged;
  for (const std::string& name : old) {
    const std::string path = absl::StrCat(folder_, "/", name);
    // Another thread of the database may be removing it.
    for (int tries = 0; FileExists(path) && tries < 100; ++tries) absl::SleepFor(absl::Milliseconds(10));
    if (FileExists(path)) {
      purged.left.push_back(name);
    } else {
      ++purged.removed;
    }
  }
  return purged;
}

}  // namespace penc
