#include "journal/journal.h"

#include <gtest/gtest.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "crypto/secure_random.h"
#include "journal/committer.h"
#include "journal/verifier.h"
#include "tests/support/sanitized.h"

namespace penc {
namespace {

namespace fs = std::filesystem;

constexpr int kRefused = -1, kDisagree = -2;  // in place of a number of commits

class JournalTest : public ::testing::Test {
 protected:
  JournalTest() : folder_(fs::temp_directory_path() / ("penc-journal-" + std::to_string(::getpid()))) {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    Open();
  }
  ~JournalTest() override {
    Close();
    fs::remove_all(folder_);
  }

  void Open() {
    db_ = *Database::Open(folder_ / "db");
    journal_ = *Journal::Open(*db_, random_);
    committer_ = std::make_unique<Committer>(*db_, *journal_, clock_);
  }
  void Close() {
    committer_.reset();
    journal_.reset();
    db_.reset();
  }
  absl::Status Append(const std::string& label) {
    return committer_->Commit([&](Staging& staging) {
      storage::v1::JournalLeaf leaf;
      leaf.mutable_closed()->set_edition(label);
      staging.Leaf(leaf);
      return absl::OkStatus();
    });
  }
  absl::Status AppendWithRow(const std::string& label) {
    return committer_->Commit([&](Staging& staging) {
      storage::v1::JournalLeaf leaf;
      leaf.mutable_closed()->set_edition(label);
      staging.Leaf(leaf);
      db_->Put(staging.batch(), Space::kLedger, label, "v");
      return absl::OkStatus();
    });
  }
  // The newest file whose name has `part` in it.
  static fs::path Newest(const fs::path& folder, const std::string& part) {
    fs::path newest;
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (entry.path().filename().string().find(part) != std::string::npos &&
          (newest.empty() || entry.path() > newest))
        newest = entry.path();
    }
    return newest;
  }
  fs::path Log() { return Newest(folder_ / "db", ".log"); }
  static void Flip(const fs::path& path, size_t at, int mask) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(at));
    char byte = 0;
    file.read(&byte, 1);
    byte = static_cast<char>(byte ^ mask);
    file.seekp(static_cast<std::streamoff>(at));
    file.write(&byte, 1);
  }
  // Leaves that a flipped copy of `gold` gives, if each has its row.
  int CommitsAfterFlip(const fs::path& gold, const fs::path& name, size_t at, int mask) {
    const fs::path work = folder_ / "work";
    fs::remove_all(work);
    fs::copy(gold, work, fs::copy_options::recursive);
    Flip(work / name, at, mask);
    const auto db = Database::Open(work);
    if (!db.ok()) {
      EXPECT_EQ(db.status().code(), absl::StatusCode::kDataLoss) << db.status();
      return kRefused;
    }
    const auto journal = Journal::Open(**db, random_);
    if (!journal.ok()) {
      EXPECT_EQ(journal.status().code(), absl::StatusCode::kDataLoss) << journal.status();
      return kRefused;
    }
    int rows = 0;
    EXPECT_TRUE((*db)->Scan(Space::kLedger, "", [&](auto&&, auto&&) { return ++rows, true; }).ok());
    return rows == static_cast<int>((*journal)->size()) ? rows : kDisagree;
  }

  fs::path folder_;
  SystemClock clock_;
  SecureRandom random_;
  std::unique_ptr<Database> db_;
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<Committer> committer_;
};

TEST_F(JournalTest, VerifierRecomputesWhatTheWriterWrote) {
  for (int i = 0; i < 77; ++i) ASSERT_TRUE(Append(std::to_string(i)).ok());
  const SigningKey key = SigningKey::Generate(random_);
  const auto checkpoint = OpenCheckpoint(journal_->SignedCheckpoint("penc/ALCRER", key), key.verify_key());
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
  EXPECT_EQ(checkpoint->size, 77u);
  const auto verified = VerifyJournal(*db_, &*checkpoint, nullptr);
  ASSERT_TRUE(verified.ok()) << verified.status();
  EXPECT_EQ(verified->root, journal_->root());
  Close();
  Open();
  EXPECT_EQ(journal_->root(), verified->root);
}

TEST_F(JournalTest, VerifierNamesAnAlteredAndAMissingEntry) {
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(Append(std::to_string(i)).ok());
  const Checkpoint before{"o", journal_->size(), journal_->root()};
  auto leaf = db_->Get(Space::kJournal, Journal::LeafKey(4));
  ASSERT_TRUE(leaf.ok() && leaf->has_value());
  storage::v1::JournalLeaf altered;
  ASSERT_TRUE(altered.ParseFromString(**leaf));
  altered.mutable_closed()->set_edition("other");
  rocksdb::WriteBatch batch;
  db_->Put(batch, Space::kJournal, Journal::LeafKey(4), altered.SerializeAsString());
  ASSERT_TRUE(db_->Write(batch, true).ok());
  EXPECT_EQ(VerifyJournal(*db_, &before, nullptr).status().code(), absl::StatusCode::kDataLoss);
  rocksdb::WriteBatch removal;
  db_->Delete(removal, Space::kJournal, Journal::LeafKey(4));
  ASSERT_TRUE(db_->Write(removal, true).ok());
  const absl::Status missing = VerifyJournal(*db_, nullptr, nullptr).status();
  EXPECT_EQ(missing.code(), absl::StatusCode::kDataLoss);
  EXPECT_NE(missing.message().find("entry 4"), std::string::npos) << missing;
}

TEST_F(JournalTest, AFailedStageLeavesNoTraceAndItsNeighboursStand) {
  std::atomic<int> stored{0};
  std::vector<std::thread> threads;
  threads.reserve(8);
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        const bool fails = i % 3 == 0;
        const absl::Status status = committer_->Commit([&](Staging& staging) -> absl::Status {
          storage::v1::JournalLeaf leaf;
          leaf.mutable_closed()->set_edition("x");
          staging.Leaf(leaf);
          db_->Put(staging.batch(), Space::kLedger, std::to_string(t * 1000 + i), "v");
          return fails ? absl::AbortedError("decided otherwise") : absl::OkStatus();
        });
        EXPECT_EQ(status.ok(), !fails);
        stored += status.ok();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(journal_->size(), static_cast<uint64_t>(stored));
  int entries = 0;
  ASSERT_TRUE(db_->Scan(Space::kLedger, "", [&](auto, auto) { return ++entries, true; }).ok());
  EXPECT_EQ(entries, stored);
  EXPECT_TRUE(VerifyJournal(*db_, nullptr, nullptr).ok());
}

TEST_F(JournalTest, ATornTailOpensAndWhatWasWholeIsThere) {
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(Append(std::to_string(i)).ok());
  rocksdb::WriteBatch unsynced;
  db_->Put(unsynced, Space::kRecords, "r", "v");
  ASSERT_TRUE(db_->Write(unsynced, /*sync=*/false).ok());
  const fs::path log = Log();
  const fs::path copy = folder_ / "torn";
  fs::copy(folder_ / "db", copy, fs::copy_options::recursive);
  fs::resize_file(copy / log.filename(), fs::file_size(log) - 5);
  auto db = Database::Open(copy);
  ASSERT_TRUE(db.ok()) << db.status();
  auto journal = Journal::Open(**db, random_);
  ASSERT_TRUE(journal.ok()) << journal.status();
  EXPECT_EQ((*journal)->size(), 20u);
  EXPECT_TRUE(VerifyJournal(**db, nullptr, nullptr).ok());
}

TEST_F(JournalTest, AFlippedByteInTheLogIsDamageNotForgetting) {
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(Append(std::to_string(i)).ok());
  const fs::path log = Log();
  const auto size = fs::file_size(log);
  for (const auto at : {size / 3, size / 2, size - 10}) {  // the last one: inside the last record
    const fs::path copy = folder_ / ("flipped" + std::to_string(at));
    fs::copy(folder_ / "db", copy, fs::copy_options::recursive);
    Flip(copy / log.filename(), at, 0x40);
    auto db = Database::Open(copy);
    EXPECT_EQ(db.status().code(), absl::StatusCode::kDataLoss)
        << "byte " << at << " of " << size << ": " << db.status();
  }
}

// The database may believe an older MANIFEST while its log is new: rows of the tables between are gone. Each
// commit here has a row of the ledger beside its leaf; `unsynced` bulk writes follow the flush, so that the
// sequence numbers alone look right.
TEST_F(JournalTest, AFlippedByteInTheManifestNeverForgetsALeafOrWhatWasWrittenWithIt) {
  for (const int after : {0, 4}) {
    for (const int unsynced : {0, 40}) {
      SCOPED_TRACE(std::to_string(after) + " commits and " + std::to_string(unsynced) +
                   " writes after a flush");
      Close();
      fs::remove_all(folder_ / "db");
      Open();
      const int commits = 8 + after;
      for (int i = 0; i < commits; ++i) {
        ASSERT_TRUE(AppendWithRow(std::to_string(i)).ok());
        // A copy flushes.
        if (i == 3 || i == 7) {
          ASSERT_TRUE(db_->CopyTo(folder_ / ("copy" + std::to_string(i))).ok());
        }
      }
      for (int i = 0; i < unsynced; ++i) {
        rocksdb::WriteBatch batch;
        db_->Put(batch, Space::kRecords, std::to_string(i), "v");
        ASSERT_TRUE(db_->Write(batch, /*sync=*/false).ok());
      }
      const fs::path gold = folder_ / "gold";
      fs::copy(folder_ / "db", gold, fs::copy_options::recursive);
      int refused = 0;
      for (const fs::path& file : {Newest(gold, "MANIFEST"), Newest(gold, ".log")}) {
        for (size_t at = 0; at < std::min<size_t>(fs::file_size(file), 1200); at += kSanitized ? 17 : 1) {
          const int mask = 1 << at % 8;
          const int found = CommitsAfterFlip(gold, file.filename(), at, mask);
          refused += found == kRefused;
          EXPECT_TRUE(found == kRefused || found == commits)
              << file.filename() << " byte " << at << " mask " << mask << ": " << found << " commits";
        }
      }
      EXPECT_GT(refused, kSanitized ? 10 : 250);
      for (const char* used : {"gold", "copy3", "copy7"}) fs::remove_all(folder_ / used);
    }
  }
}

TEST_F(JournalTest, AnEarlierStateUnderTheMarksOfALaterOneIsRefused) {
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Append(std::to_string(i)).ok());
  ASSERT_TRUE(db_->CopyTo(folder_ / "earlier").ok());
  ASSERT_TRUE(Append("the last").ok());
  Close();
  fs::copy(folder_ / "db" / "JOURNALED", folder_ / "earlier" / "JOURNALED");
  {
    auto db = Database::Open(folder_ / "earlier");
    ASSERT_TRUE(db.ok()) << db.status();
    EXPECT_EQ(Journal::Open(**db, random_).status().code(), absl::StatusCode::kDataLoss);
  }
  fs::copy(folder_ / "db" / "SYNCED", folder_ / "earlier" / "SYNCED", fs::copy_options::overwrite_existing);
  EXPECT_EQ(Database::Open(folder_ / "earlier").status().code(), absl::StatusCode::kDataLoss);
  Open();
  EXPECT_EQ(journal_->size(), 4u);
}

TEST_F(JournalTest, ALeafThatIsNotTheOneThatWasCountedIsNoticedAtOpening) {
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(Append(std::to_string(i)).ok());
  const std::string leaf = **db_->Get(Space::kJournal, Journal::LeafKey(4));
  for (const bool missing : {false, true}) {
    rocksdb::WriteBatch damage, repair;
    if (missing) {
      db_->Delete(damage, Space::kJournal, Journal::LeafKey(4));
    } else {
      db_->Put(damage, Space::kJournal, Journal::LeafKey(4), leaf + "x");
    }
    ASSERT_TRUE(db_->Write(damage, true).ok());
    EXPECT_EQ(Journal::Open(*db_, random_).status().code(), absl::StatusCode::kDataLoss) << missing;
    db_->Put(repair, Space::kJournal, Journal::LeafKey(4), leaf);
    ASSERT_TRUE(db_->Write(repair, true).ok());
    EXPECT_TRUE(Journal::Open(*db_, random_).ok());
  }
}

TEST_F(JournalTest, ASecondOpeningOfTheSameFolderIsRefusedInWords) {
  const absl::Status second = Database::Open(folder_ / "db").status();
  EXPECT_EQ(second.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(second.message().find("already uses"), std::string::npos) << second;
}

TEST(Note, ASignatureOfAnotherKeyOrAnotherTextIsRefused) {
  SecureRandom random;
  const SigningKey key = SigningKey::Generate(random), other = SigningKey::Generate(random);
  const std::string note = SignCheckpoint({"penc/A B+C", 7, std::string(32, 'r')}, key);
  EXPECT_TRUE(OpenCheckpoint(note, key.verify_key()).ok());
  EXPECT_EQ(OpenCheckpoint(note, other.verify_key()).status().code(), absl::StatusCode::kDataLoss);
  std::string altered = note;
  altered.replace(altered.find("\n7\n"), 3, "\n8\n");
  EXPECT_EQ(OpenCheckpoint(altered, key.verify_key()).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(OpenCheckpoint("hello", key.verify_key()).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace penc
