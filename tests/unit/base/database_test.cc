// What a database does when its files are not as it left them: opens whole, or refuses. Never less than was
// promised, without a word.
#include "base/database.h"

#include <gtest/gtest.h>
#include <rocksdb/write_batch.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/high_water.h"
#include "tests/support/sanitized.h"

namespace penc {
namespace {

namespace fs = std::filesystem;

constexpr int kCommits = 10;

std::string Content(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void Overwrite(const fs::path& path, const std::string& content) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << content;
}

// Where the records of a log begin: 4 bytes checksum, 2 length, 1 type, then `length` bytes. A block that
// cannot take another header is filled up.
constexpr size_t kHeader = 7, kBlock = 32768;
std::vector<size_t> Records(const std::string& log) {
  std::vector<size_t> at;
  for (size_t i = 0; i + kHeader <= log.size();) {
    if (i % kBlock + kHeader > kBlock) i += kBlock - i % kBlock;
    at.push_back(i);
    i += kHeader + static_cast<uint8_t>(log[i + 4]) + 256 * static_cast<uint8_t>(log[i + 5]);
  }
  return at;
}

class DatabaseTest : public ::testing::Test {
 protected:
  DatabaseTest() {
    std::string name = (fs::temp_directory_path() / "penc-database-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~DatabaseTest() override { fs::remove_all(folder_); }

  static absl::Status Put(Database& db, const std::string& key, const std::string& value, bool sync) {
    rocksdb::WriteBatch batch;
    db.Put(batch, Space::kLedger, key, value);
    return db.Write(batch, sync);
  }
  static std::string Value(int i, size_t bytes) { return absl::StrCat("v", i, std::string(bytes, 'x')); }
  // Number of the synced commits that are there as they were written.
  int Commits(const Database& db) const {
    int found = 0;
    for (int i = 0; i < kCommits; ++i) {
      const auto value = db.Get(Space::kLedger, absl::StrCat("k", i));
      found += value.ok() && value->has_value() && **value == Value(i, bytes_);
    }
    return found;
  }
  // A copy of a running database with kCommits synced commits, `flushed` of them in its tables and the rest
  // only in its log; then `unsynced` more writes.
  fs::path Running(int flushed, int unsynced) {
    const fs::path running = folder_ / "running";
    fs::path copy = folder_ / "gold";
    auto db = Database::Open(running);
    EXPECT_TRUE(db.ok()) << db.status();
    for (int i = 0; i < kCommits; ++i) {
      EXPECT_TRUE(Put(**db, absl::StrCat("k", i), Value(i, bytes_), true).ok());
      if (i + 1 == flushed) {
        EXPECT_TRUE((*db)->CopyTo(folder_ / "copy").ok());
      }
    }
    for (int i = 0; i < unsynced; ++i) EXPECT_TRUE(Put(**db, absl::StrCat("u", i), "u", false).ok());
    fs::copy(running, copy, fs::copy_options::recursive);
    return copy;
  }
  // The newest file of `folder` whose name has `part` in it.
  static fs::path Newest(const fs::path& folder, const std::string& part) {
    fs::path newest;
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (absl::StrContains(entry.path().filename().string(), part) && entry.path() > newest)
        newest = entry.path();
    }
    return newest;
  }
  // Opens `gold` with `name` as given; what happened in a word.
  std::string OpenWith(const fs::path& gold, const fs::path& name, const std::string& content) {
    const fs::path work = folder_ / "work";
    fs::remove_all(work);
    fs::copy(gold, work, fs::copy_options::recursive);
    Overwrite(work / name, content);
    const auto db = Database::Open(work);
    if (!db.ok()) {
      EXPECT_EQ(db.status().code(), absl::StatusCode::kDataLoss) << db.status();
      return "refused";
    }
    return Commits(**db) == kCommits ? "whole" : "LOST";
  }
  // Every byte of every header, every `stride`th of the rest; under sanitizers, which look for other defects,
  // with one mask and not every byte.
  std::map<std::string, int> FlipAll(const fs::path& gold, const std::string& part, size_t stride) {
    const fs::path file = Newest(gold, part);
    const std::string good = Content(file);
    std::vector<bool> chosen(good.size());
    for (size_t i = 0; i < good.size(); i += stride) chosen[i] = true;
    for (size_t record : Records(good)) {
      for (size_t i = record; i < record + kHeader; ++i) chosen[i] = true;
    }
    std::map<std::string, int> outcomes;
    for (size_t i = 0; i < good.size(); ++i) {
      if (!chosen[i] || (kSanitized && i % 16 != 0)) continue;
      for (const int mask : kSanitized ? std::vector<int>{0x10} : std::vector<int>{0x01, 0x10, 0x80}) {
        std::string bad = good;
        bad[i] = static_cast<char>(bad[i] ^ mask);
        const std::string outcome = OpenWith(gold, file.filename(), bad);
        EXPECT_NE(outcome, "LOST") << part << " byte " << i << " of " << good.size() << " mask " << mask;
        ++outcomes[outcome];
      }
    }
    for (size_t record : Records(good)) {  // as if the sector had not been written
      std::string bad = good;
      bad.replace(record, kHeader, kHeader, '\0');
      const std::string outcome = OpenWith(gold, file.filename(), bad);
      EXPECT_NE(outcome, "LOST") << part << " header at " << record << " zeroed";
      ++outcomes[outcome];
    }
    return outcomes;
  }

  fs::path folder_;
  size_t bytes_ = 0;  // added to each value
};

TEST_F(DatabaseTest, AFlippedByteInTheLogNeverForgetsACommit) {
  const fs::path gold = Running(0, 0);
  ASSERT_EQ(Records(Content(Newest(gold, ".log"))).size(), static_cast<size_t>(kCommits));
  auto outcomes = FlipAll(gold, ".log", 1);
  EXPECT_GT(outcomes["refused"], kSanitized ? 15 : 800);
  EXPECT_EQ(outcomes["whole"], 0);
}

TEST_F(DatabaseTest, AFlippedByteInALogOfSeveralBlocksNeverForgetsACommit) {
  bytes_ = 9000;
  const fs::path gold = Running(0, 0);
  ASSERT_GT(Records(Content(Newest(gold, ".log"))).size(), static_cast<size_t>(kCommits));
  EXPECT_GT(FlipAll(gold, ".log", 997)["refused"], kSanitized ? 5 : 100);
}

TEST_F(DatabaseTest, AFlippedByteInTheManifestNeverForgetsACommit) {
  EXPECT_GT(FlipAll(Running(kCommits, 0), "MANIFEST", 1)["refused"], kSanitized ? 10 : 500);
}

TEST_F(DatabaseTest, AFlippedByteInTheNameOfTheManifestIsDamageAndSoIsAFileThatIsNotThere) {
  const fs::path gold = Running(kCommits, 0);
  EXPECT_GT(FlipAll(gold, "CURRENT", 1)["refused"], kSanitized ? 1 : 40);
  for (const char* part : {"CURRENT", "MANIFEST", ".sst"}) {
    const fs::path work = folder_ / "work";
    fs::remove_all(work);
    fs::copy(gold, work, fs::copy_options::recursive);
    fs::remove(Newest(work, part));
    EXPECT_EQ(Database::Open(work).status().code(), absl::StatusCode::kDataLoss) << part;
  }
}

// The file that would tell is damaged itself.
TEST_F(DatabaseTest, AFlippedByteInTheMarkIsHarmlessAndAMarkWithoutAnythingReadableIsDamage) {
  const fs::path gold = Running(0, 0);
  const std::string mark = Content(gold / "SYNCED");
  for (const size_t at : {0u, 9u, 20u, 4096u, 4105u, 4116u}) {
    std::string bad = mark;
    bad[at] = static_cast<char>(bad[at] ^ 0x10);
    EXPECT_EQ(OpenWith(gold, "SYNCED", bad), "whole") << at;
  }
  EXPECT_EQ(OpenWith(gold, "SYNCED", ""), "refused");
  EXPECT_EQ(OpenWith(gold, "SYNCED", std::string(mark.size(), 0)), "refused");
}

TEST_F(DatabaseTest, ATornTailOfWhatWasNotSyncedOpensWithEverySyncedCommit) {
  const fs::path gold = Running(0, 1);
  const fs::path log = Newest(gold, ".log");
  const std::string good = Content(log);
  const std::vector<size_t> records = Records(good);
  ASSERT_EQ(records.size(), kCommits + 1u);
  for (size_t end = records.back(); end <= good.size(); ++end)
    EXPECT_EQ(OpenWith(gold, log.filename(), good.substr(0, end)), "whole") << end;
  // Less than that was promised to be there.
  for (size_t end = 0; end < records.back(); end += 3)
    EXPECT_EQ(OpenWith(gold, log.filename(), good.substr(0, end)), "refused") << end;
}

TEST_F(DatabaseTest, ACleanCloseRemembersAlsoWhatWasNotSynced) {
  const fs::path running = folder_ / "running";
  {
    auto db = Database::Open(running);
    ASSERT_TRUE(db.ok()) << db.status();
    ASSERT_TRUE(Put(**db, "a", "1", false).ok());
    ASSERT_TRUE(Put(**db, "b", "2", false).ok());
  }
  const fs::path log = Newest(running, ".log");
  fs::resize_file(log, fs::file_size(log) - 1);
  EXPECT_EQ(Database::Open(running).status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(DatabaseTest, ACopyOpensElsewhereAndGoesOnByItself) {
  Running(0, 3);
  {
    auto db = Database::Open(folder_ / "running");
    ASSERT_TRUE(db.ok()) << db.status();
    ASSERT_TRUE((*db)->CopyTo(folder_ / "copy").ok());
    ASSERT_TRUE(Put(**db, "later", "v", true).ok());
  }
  for (int opening = 0; opening < 2; ++opening) {
    auto copy = Database::Open(folder_ / "copy");
    ASSERT_TRUE(copy.ok()) << copy.status();
    EXPECT_EQ(Commits(**copy), kCommits);
    EXPECT_FALSE((*copy)->Get(Space::kLedger, "later")->has_value());
    EXPECT_TRUE(Put(**copy, absl::StrCat("own", opening), "v", true).ok());
  }
}

// The other process is this test again up to the death statement; the variable tells it so.
TEST_F(DatabaseTest, AnotherProcessIsRefusedInWordsAndTheFirstGoesOn) {
  constexpr char kHeld[] = "PENC_TEST_HELD_FOLDER";
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  std::unique_ptr<Database> held;
  if (std::getenv(kHeld) == nullptr) {
    auto db = Database::Open(folder_ / "running");
    ASSERT_TRUE(db.ok()) << db.status();
    held = *std::move(db);
    ::setenv(kHeld, (folder_ / "running").c_str(), 1);
  }
  EXPECT_EXIT(
      {
        const absl::Status second = Database::Open(std::getenv(kHeld)).status();
        fs::remove_all(folder_);
        std::fprintf(stderr, "%s\n", second.ToString().c_str());
        std::_Exit(second.code() == absl::StatusCode::kFailedPrecondition ? 0 : 1);
      },
      ::testing::ExitedWithCode(0), "another penc already uses this folder");
  ::unsetenv(kHeld);
  ASSERT_NE(held, nullptr);
  EXPECT_TRUE(Put(*held, "k", "v", true).ok());
}

TEST_F(DatabaseTest, WhereThereIsNoRoomNothingIsWrittenAndAfterwardsItGoesOn) {
  auto db = Database::Open(folder_ / "running");
  ASSERT_TRUE(db.ok()) << db.status();
  struct rlimit whole {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &whole), 0);
  struct rlimit little = whole;
  little.rlim_cur = 1 << 20;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &little), 0);
  const absl::Status full = Put(**db, "k", "v", true);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &whole), 0);
  EXPECT_EQ(full.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_FALSE((*db)->Get(Space::kLedger, "k")->has_value());
  EXPECT_TRUE(Put(**db, "k", "v", true).ok());
}

TEST_F(DatabaseTest, DiscardDeletesItsRangeAndNothingElse) {
  const fs::path running = folder_ / "running";
  {
    auto db = Database::Open(running);
    ASSERT_TRUE(db.ok()) << db.status();
    for (const char* key : {"a", "b1", "b2", "c"}) ASSERT_TRUE(Put(**db, key, key, true).ok());
    ASSERT_TRUE((*db)->Discard(Space::kLedger, "b", "c").ok());
  }
  auto db = Database::Open(running);
  ASSERT_TRUE(db.ok()) << db.status();
  std::string keys;
  ASSERT_TRUE(
      (*db)
          ->Scan(Space::kLedger, "", [&](auto key, auto) { return absl::StrAppend(&keys, key), true; })
          .ok());
  EXPECT_EQ(keys, "ac");
}

TEST(HighWater, KeepsTheHighestOfWhatWasRaisedAndNeverSinks) {
  std::string name = (fs::temp_directory_path() / "penc-high-water-XXXXXX").string();
  const fs::path folder = ::mkdtemp(name.data());
  for (const uint64_t value : {7u, 8u, 9u, 10u}) {
    auto mark = HighWater::Open(folder / "m", 6);
    ASSERT_TRUE(mark.ok()) << mark.status();
    EXPECT_EQ((*mark)->value(), value - 1);
    (*mark)->Raise(value);
    (*mark)->Raise(3);
    EXPECT_EQ((*mark)->value(), value);
  }
  fs::remove_all(folder);
}

}  // namespace
}  // namespace penc
