// Erasing a person: nothing that is sealed and no file of the database holds them afterwards, whatever was
// cut off.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <thread>
#include <utility>

#include "absl/strings/match.h"
#include "base/status.h"
#include "base/steps.h"
#include "crypto/aead.h"
#include "crypto/keyfile.h"
#include "store/generation.h"
#include "store/layout.h"
#include "tests/support/small_store.h"

namespace penc {
namespace {

constexpr char kPersons[] = "SELECT count(DISTINCT person) FROM move";

TestRow Move(const std::string& person, StoredValue origin) { return {person, {origin, 1, 5, 0, 700}, ""}; }
TestRow Visit(const std::string& person, StoredValue day, const std::string& identity = "") {
  return {person, {day}, identity};
}

std::string Bytes(const PersonKey& key) { return {reinterpret_cast<const char*>(key.data()), key.size()}; }

class Erasure : public SmallStore {
 protected:
  Erasure() { Open(); }

  void Staged(const std::string& table, const std::vector<TestRow>& rows, const std::string& file) {
    ASSERT_TRUE(Stage(table, rows, file).ok());
  }
  // p7 and p8 are everywhere: closed in two tables, staged in two, one row passed from one to the other.
  void Fill() {
    std::vector<TestRow> rows;
    for (int i = 0; i < 400; ++i) rows.push_back(Move(absl::StrCat("p", i % 130), 1 + i % 130 % 4));
    Staged("move", rows, "one.csv");
    Staged("visit", {Visit("p7", 1, "v1"), Visit("p8", 1, "v2")}, "visits.csv");
    ASSERT_TRUE(Close(kFirst).ok());
    Staged("visit", {Visit("p7", 2, "v2"), Visit("p7", 3, "v3")}, "more.csv");
    Staged("person", {{"p7", {1, 0, 20}, ""}}, "persons.csv");
  }

  // Sealed values whose content holds the bytes. With the node key everything can be opened, and is.
  std::vector<std::string> SealedWith(const std::string& bytes) {
    std::vector<Secret> keys;
    keys.push_back(DeriveKey(key_, "manifest"));
    keys.push_back(DeriveKey(key_, "persons"));
    storage::v1::Manifest manifest;
    const std::string sealed = database_->Get(Space::kRecords, ManifestKey()).value().value();
    EXPECT_TRUE(manifest.ParseFromString(Aead(keys[0]).Open(ChunkName(ManifestKey()), sealed).value()));
    for (const auto& table : manifest.tables()) {
      keys.push_back(UnwrapKey(key_, absl::StrCat("table ", table.name()), table.wrapped_key()).value());
    }
    std::vector<std::string> found;
    size_t opened = 0, values = 0;
    EXPECT_TRUE(database_
                    ->Scan(Space::kRecords, "",
                           [&](absl::string_view key, absl::string_view value) {
                             ++values;
                             for (const Secret& secret : keys) {
                               const auto plain = Aead(secret).Open(ChunkName(std::string(key)), value);
                               if (!plain.ok()) continue;
                               ++opened;
                               if (absl::StrContains(*plain, bytes)) found.emplace_back(value);
                             }
                             return true;
                           })
                    .ok());
    EXPECT_EQ(opened, values);
    EXPECT_GT(values, 20u);
    return found;
  }

  // Files in the folder that hold one of the sealed values. Logs cut values into pieces; their beginning
  // tells enough.
  std::vector<std::string> FilesWith(const std::vector<std::string>& sealed) const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_)) {
      if (!entry.is_regular_file()) continue;
      std::ifstream in(entry.path(), std::ios::binary);
      const std::string content{std::istreambuf_iterator<char>(in), {}};
      if (std::any_of(sealed.begin(), sealed.end(), [&](const std::string& value) {
            return absl::StrContains(content, absl::string_view(value).substr(0, 28)) ||
                   absl::StrContains(content, absl::string_view(value).substr(value.size() - 16));
          })) {
        names.push_back(entry.path().filename());
      }
    }
    return names;
  }

  const PersonKey p7_ = Key16("person p7"), p8_ = Key16("person p8");
};

TEST_F(Erasure, LeavesThePersonInNothingSealedAndInNoFile) {
  Fill();
  const std::vector<std::string> before = SealedWith(Bytes(p7_));
  ASSERT_GE(before.size(), 4u);
  ASSERT_FALSE(FilesWith(before).empty());
  const int64_t persons = Ask(kPersons)[0];
  const absl::StatusOr<uint64_t> removed = store_->Erase(p7_);
  ASSERT_TRUE(removed.ok()) << removed.status();
  EXPECT_EQ(*removed, 4u + 1 + 2 + 1);
  EXPECT_EQ(Ask(kPersons)[0], persons - 1) << "at once";
  const absl::StatusOr<ErasureProof> proof = store_->FinishErase(p7_, absl::ZeroDuration());
  ASSERT_TRUE(proof.ok()) << proof.status();
  EXPECT_GT(proof->segments, 1u);
  EXPECT_GE(proof->staged_blocks, 2u);
  EXPECT_GT(proof->chunks, 20u);
  EXPECT_GT(proof->files_removed, 0u);
  EXPECT_TRUE(proof->files_left.empty());
  EXPECT_TRUE(SealedWith(Bytes(p7_)).empty());
  EXPECT_FALSE(SealedWith(Bytes(p8_)).empty());
  EXPECT_TRUE(FilesWith(before).empty()) << FilesWith(before)[0];
  EXPECT_FALSE(database_->Get(Space::kRecords, PurgeKey()).value().has_value());
  EXPECT_EQ(store_->Status().edition, kFirst) << "the edition does not move";
  EXPECT_EQ(store_->Status().staged_rows, 0u);
  ASSERT_TRUE(Close(kFirst + 1).ok());
  EXPECT_TRUE(SealedWith(Bytes(p7_)).empty());
  EXPECT_EQ(store_->Status().rows, 396u) << "p8's visit became p7's and went with p7";
}

TEST_F(Erasure, OfSomebodyUnknownChangesAndSaysNothing) {
  Fill();
  const uint64_t journaled = journal_->size();
  EXPECT_EQ(store_->Erase(Key16("person nobody")).value(), 0u);
  EXPECT_EQ(journal_->size(), journaled) << "nobody was erased, and the journal does not say so";
  EXPECT_EQ(store_->Status().rows, 402u);
  EXPECT_TRUE(store_->FinishErase(Key16("person nobody"), absl::ZeroDuration()).ok());
  ASSERT_TRUE(store_->Erase(Key16("person nobody"), /*elsewhere=*/true).ok());
  EXPECT_EQ(journal_->size(), journaled + 1) << "rows of them lay elsewhere";
}

// The manifest pointed at chunks that were never kept: all closed records were lost.
TEST_F(Erasure, OfSomebodyWhoIsOnlyStagedKeepsWhatIsClosed) {
  Fill();
  Staged("move", {Move("new", 2)}, "new.csv");
  const std::vector<int64_t> before = Ask(kPersons);
  EXPECT_EQ(store_->Erase(Key16("person new")).value(), 1u);
  EXPECT_EQ(Ask(kPersons), before);
  EXPECT_TRUE(store_->FinishErase(Key16("person new"), absl::ZeroDuration()).ok());
  Open();
  EXPECT_EQ(Ask(kPersons), before);
  EXPECT_EQ(store_->Status().rows, 402u);
}

TEST_F(Erasure, FindsAKeyThatIsStillThere) {
  Fill();
  const absl::Status found = store_->FinishErase(p7_, absl::ZeroDuration()).status();
  EXPECT_EQ(found.code(), absl::StatusCode::kInternal) << found;
  EXPECT_FALSE(absl::StrContains(found.message(), "p7"));
}

// Does something at a named step.
class AtStep final : public Steps {
 public:
  AtStep(std::string step, std::function<void()> what) : step_(std::move(step)), what_(std::move(what)) {}
  void Reached(absl::string_view step) override {
    if (step == step_) what_();
  }

 private:
  const std::string step_;
  const std::function<void()> what_;
};

TEST_F(Erasure, SaysThatAnImportBeganMeanwhileAndIsVerifiedAfterIt) {
  std::unique_ptr<RecordStore::Import> import;
  AtStep steps("erase.purged", [&] {
    import = store_->Begin(*codebook_.FindTable("visit"), "late.csv", "", false, clock_.Now()).value();
    // More than two runs: the second one waits until the first is written.
    for (int i = 0; i < 40; ++i)
      ASSERT_TRUE(import->Add(BlockOf({Visit("a", 1), Visit("b", 2), Visit("c", 3), Visit("d", 4)}, 1)).ok());
    ASSERT_TRUE(import->Add(BlockOf({Visit("e", 1)}, 1)).ok());
  });
  options_.steps = &steps;
  Open();
  Fill();
  const PersonKey p7 = Key16("person p7");
  ASSERT_TRUE(store_->Erase(p7).ok());
  for (int again = 0; again < 2; ++again) {
    const absl::Status unverified = store_->FinishErase(p7, absl::Seconds(1)).status();
    EXPECT_EQ(unverified.code(), absl::StatusCode::kFailedPrecondition) << again;
    EXPECT_TRUE(absl::StrContains(Explain(unverified).en, "import")) << unverified;
  }
  import->SetFileHash("late");
  ASSERT_TRUE(import->Commit().ok());
  import.reset();
  EXPECT_TRUE(store_->FinishErase(p7, absl::Seconds(1)).ok());
  options_.steps = nullptr;
  Open();
}

// A closing takes the blocks of staged rows away while somebody's sheet is read.
TEST_F(Erasure, APersonIsReadWholeWhileOthersAreClosedAndErased) {
  Fill();
  std::atomic<bool> done{false};
  std::thread changing([&] {
    for (int i = 0; i < 4; ++i) {
      EXPECT_TRUE(Stage("visit",
                        {Visit("p8", 1 + i, absl::StrCat("n", i)), Visit("p9", 2, absl::StrCat("m", i))},
                        absl::StrCat(i, ".csv"))
                      .ok());
      EXPECT_TRUE(Close(kFirst + 1 + i).ok());
    }
    done = true;
  });
  while (!done) {
    const auto read = store_->ReadPerson(Key16("person p8"));
    EXPECT_TRUE(read.ok()) << read.status();
  }
  changing.join();
}

TEST_F(Erasure, WaitsForQuestionsThatReadWhatWasThere) {
  Fill();
  const std::vector<std::string> before = SealedWith(Bytes(p7_));
  auto snapshot = store_->OpenSnapshot().value();
  ASSERT_TRUE(store_->Erase(p7_).ok());
  EXPECT_EQ(store_->FinishErase(p7_, absl::ZeroDuration()).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_FALSE(FilesWith(before).empty());
  snapshot.reset();
  EXPECT_TRUE(store_->FinishErase(p7_, absl::ZeroDuration()).ok());
  EXPECT_TRUE(FilesWith(before).empty());
}

// A process that is killed there leaves its log as it is: whatever that holds must be gone after the next
// opening.
class KillAt : public Steps {
 public:
  explicit KillAt(std::string at) : at_(std::move(at)) {}
  void Reached(absl::string_view step) override {
    if (step == at_) ::raise(SIGKILL);
  }

 private:
  const std::string at_;
};

// What the test below runs in a process of its own: a database does not survive a fork.
TEST(ErasureInAnotherProcess, DiesAtTheStepThatItIsTold) {
  const char* folder = std::getenv("PENC_TEST_FOLDER");
  const char* step = std::getenv("PENC_TEST_KILL_AT");
  if (folder == nullptr || step == nullptr) return;
  SecureRandom random;
  StoreClock clock;
  KillAt kill(step);
  StoreOptions options;
  options.random = &random;
  options.segment_rows = 64;
  options.steps = &kill;
  const auto database = Database::Open(folder).value();
  const auto journal = Journal::Open(*database, random).value();
  Committer committer(*database, *journal, clock);
  const auto store =
      RecordStore::Open(*database, committer, ReadCodebook("codebook.yaml", kStoreCodebook).value(),
                        Secret(std::string(32, 'k')), options)
          .value();
  const PersonKey p7 = Key16("person p7");
  if (store->Erase(p7).ok()) store->FinishErase(p7, absl::ZeroDuration()).status().IgnoreError();
}

TEST_F(Erasure, IsFinishedAfterAKillAtAnyStepOrHasNotBegun) {
  for (const char* step : {"erase.before_flip", "erase.after_flip", "erase.unnamed", "erase.purged"}) {
    SCOPED_TRACE(step);
    Shut();
    std::filesystem::remove_all(folder_);
    Open();
    Fill();
    const std::vector<std::string> before = SealedWith(Bytes(p7_));
    Shut();
    const int died = std::system(absl::StrCat("PENC_TEST_FOLDER=", folder_, " PENC_TEST_KILL_AT=", step, " ",
                                              std::filesystem::read_symlink("/proc/self/exe").string(),
                                              " --gtest_filter=ErasureInAnotherProcess.* >/dev/null 2>&1")
                                     .c_str());
    ASSERT_TRUE(WIFEXITED(died) && WEXITSTATUS(died) == 128 + SIGKILL)
        << "the step was not reached: " << died;
    Open();
    const auto unfinished = store_->Unfinished();
    if (std::string(step) == "erase.before_flip") {
      EXPECT_FALSE(unfinished.has_value());
      EXPECT_EQ(store_->Status().rows, 402u);
      EXPECT_GE(SealedWith(Bytes(p7_)).size(), 4u);
      continue;
    }
    EXPECT_EQ(unfinished.has_value(), std::string(step) == "erase.after_flip");
    if (unfinished.has_value()) {
      EXPECT_EQ(*unfinished, p7_);
      EXPECT_TRUE(store_->FinishErase(*unfinished, absl::ZeroDuration()).ok());
    }
    EXPECT_TRUE(SealedWith(Bytes(p7_)).empty());
    EXPECT_TRUE(FilesWith(before).empty());
    EXPECT_FALSE(database_->Get(Space::kRecords, PurgeKey()).value().has_value());
  }
}

TEST_F(Erasure, UndoneRowsAreInNoFileEither) {
  Fill();
  Staged("move", {Move("ana", 1)}, "ana.csv");
  const std::vector<std::string> before = SealedWith(Bytes(Key16("person ana")));
  ASSERT_EQ(before.size(), 1u);
  ASSERT_TRUE(store_->Undo(5).ok());
  EXPECT_TRUE(FilesWith(before).empty());
}

TEST_F(Erasure, ShowsEverythingThatIsStoredOfOnePerson) {
  Fill();
  const PersonRecord record = store_->ReadPerson(p7_).value();
  EXPECT_EQ(record.entered, kFirst);
  EXPECT_FALSE(record.consents.has_value());
  std::vector<std::string> rows;
  for (const PersonRow& row : record.rows) {
    rows.push_back(absl::StrCat(codebook_.tables[row.table].name, " ", row.batch, row.staged ? " staged" : "",
                                " ", row.values[0]));
  }
  EXPECT_EQ(rows, (std::vector<std::string>{"move 1 4", "move 1 4", "move 1 4", "move 1 4", "visit 2 1",
                                            "visit 3 staged 2", "visit 3 staged 3", "person 4 staged 1"}));
  EXPECT_TRUE(store_->ReadPerson(Key16("person nobody")).value().rows.empty());
}

}  // namespace
}  // namespace penc
