#include "store/record_store.h"

#include <gtest/gtest.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "absl/strings/match.h"
#include "crypto/aead.h"
#include "crypto/keyfile.h"
#include "store/generation.h"
#include "store/layout.h"
#include "tests/support/crash_copies.h"
#include "tests/support/small_store.h"

namespace penc {
namespace {

constexpr char kOrigins[] = "SELECT origin, count(DISTINCT person) FROM move GROUP BY origin";
constexpr char kPersons[] = "SELECT count(DISTINCT person) FROM move";
constexpr char kRows[] = "SELECT count(*) FROM visit";

int64_t Total(const std::vector<int64_t>& cells) {
  return std::accumulate(cells.begin(), cells.end(), int64_t{0});
}

// origin, dest, month, needs, cost
TestRow Move(const std::string& person, StoredValue origin, const std::string& identity = "",
             StoredValue dest = 1) {
  return {person, {origin, dest, 5, 0, 700}, identity};
}
// The same in another month.
TestRow Later(const std::string& person, StoredValue origin) {
  TestRow row = Move(person, origin);
  ++row.values[2];
  return row;
}
TestRow Visit(const std::string& person, StoredValue day, const std::string& identity = "") {
  return {person, {day}, identity};
}

std::vector<std::string> JournalKinds(const Journal& journal) {
  std::vector<std::string> kinds;
  EXPECT_TRUE(journal
                  .ForEach(0,
                           [&](uint64_t, absl::string_view bytes) {
                             storage::v1::JournalLeaf leaf;
                             EXPECT_TRUE(leaf.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
                             kinds.push_back(
                                 leaf.what_case() == storage::v1::JournalLeaf::kImported ? "imported"
                                 : leaf.what_case() == storage::v1::JournalLeaf::kClosed ? "closed"
                                 : leaf.what_case() == storage::v1::JournalLeaf::kUndone ? "undone"
                                 : leaf.what_case() == storage::v1::JournalLeaf::kErased ? "erased"
                                                                                         : "?");
                             return true;
                           })
                  .ok());
  return kinds;
}

class Store : public SmallStore {
 protected:
  Store() { Open(); }

  void Staged(const StagedCounts& expected, const std::string& table, const std::vector<TestRow>& rows,
              const std::string& file, bool replace = false) {
    const absl::StatusOr<StagedCounts> counts = Stage(table, rows, file, replace);
    ASSERT_TRUE(counts.ok()) << counts.status();
    EXPECT_EQ(counts->stored, expected.stored);
    EXPECT_EQ(counts->duplicate, expected.duplicate);
    EXPECT_EQ(counts->replaced, expected.replaced);
    EXPECT_EQ(counts->conflicting, expected.conflicting);
  }
  void Closed(Edition edition) {
    const absl::Status closed = Close(edition);
    ASSERT_TRUE(closed.ok()) << closed;
  }
  size_t Chunks() const {
    size_t chunks = 0;
    EXPECT_TRUE(database_
                    ->Scan(Space::kRecords, "g",
                           [&](absl::string_view, absl::string_view) {
                             ++chunks;
                             return true;
                           })
                    .ok());
    return chunks;
  }
};

TEST_F(Store, AnswersZerosBeforeTheFirstClosing) {
  EXPECT_EQ(Ask(kOrigins), std::vector<int64_t>(5, 0));
  Staged({2}, "move", {Move("ana", 1), Move("bo", 2)}, "one.csv");
  EXPECT_EQ(Ask(kOrigins), std::vector<int64_t>(5, 0)) << "staged rows are not asked";
  EXPECT_EQ(store_->Status().staged_rows, 2u);
  EXPECT_FALSE(store_->Status().edition.has_value());
}

TEST_F(Store, ClosesWhatIsStagedAndJournalsEveryChange) {
  Staged({3}, "move", {Move("ana", 1), Move("bo", 2), Move("bo", 2)}, "one.csv");
  Staged({1}, "visit", {Visit("cy", 9)}, "two.csv");
  Closed(kFirst);
  EXPECT_EQ(Ask(kOrigins), (std::vector<int64_t>{1, 1, 0, 0, 0}));
  EXPECT_EQ(Ask(kRows), (std::vector<int64_t>{1}));
  const StoreStatus status = store_->Status();
  EXPECT_EQ(status.edition, kFirst);
  EXPECT_EQ(status.persons, 3u);
  EXPECT_EQ(status.rows, 4u);
  EXPECT_EQ(status.staged_rows, 0u);
  const std::vector<BatchInfo> batches = store_->Batches();
  ASSERT_EQ(batches.size(), 2u);
  EXPECT_EQ(batches[0].table, "move");
  EXPECT_EQ(batches[0].file_name, "one.csv");
  EXPECT_EQ(batches[0].rows, 3u);
  EXPECT_EQ(batches[0].closed_in, kFirst);
  EXPECT_EQ(JournalKinds(*journal_), (std::vector<std::string>{"imported", "imported", "closed"}));
  Open();
  EXPECT_EQ(Ask(kOrigins), (std::vector<int64_t>{1, 1, 0, 0, 0})) << "after opening again";
  EXPECT_EQ(store_->Batches().size(), 2u);
}

TEST_F(Store, RefusesAnEditionThatIsNotAfterTheLast) {
  Closed(kFirst);
  EXPECT_EQ(Close(kFirst).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Close(kFirst - 1).code(), absl::StatusCode::kFailedPrecondition);
  Closed(kFirst + 2);
  EXPECT_EQ(store_->Status().editions, (std::vector<Edition>{kFirst, kFirst + 2}));
}

TEST_F(Store, GivesEachPersonTheCohortThatFirstClosedThemInForEver) {
  Staged({2}, "move", {Move("ana", 1), Move("bo", 2)}, "one.csv");
  Closed(kFirst);
  Staged({2}, "move", {Later("ana", 1), Move("cy", 3)}, "two.csv");
  Closed(kFirst + 1);
  Plan first = PlanOf(kPersons), second = first;
  first.questions[0].question.cohorts.to = kFirst;
  second.questions[0].question.cohorts.from = kFirst + 1;
  EXPECT_EQ(Ask(first), (std::vector<int64_t>{2}));
  EXPECT_EQ(Ask(second), (std::vector<int64_t>{1}));
  // Undoing all of somebody's rows does not give them a new budget when they come again.
  ASSERT_TRUE(store_->Undo(1).ok());
  Staged({1}, "move", {Move("bo", 2)}, "three.csv");
  Closed(kFirst + 2);
  EXPECT_EQ(Ask(first), (std::vector<int64_t>{2})) << "ana by the second file, bo by the third";
  EXPECT_EQ(Ask(second), (std::vector<int64_t>{1}));
}

TEST_F(Store, RefusesTheSameFileTwice) {
  Staged({1}, "move", {Move("ana", 1)}, "one.csv");
  EXPECT_EQ(Stage("move", {Move("ana", 1)}, "one.csv").status().code(), absl::StatusCode::kAlreadyExists);
  Closed(kFirst);
  EXPECT_EQ(Stage("move", {Move("ana", 1)}, "one.csv").status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(store_->Batches().size(), 1u);
  // A pipe's hash is known at its end only.
  {
    auto import = store_->Begin(codebook_.FindTable("move").value(), "pipe", "", false, clock_.Now()).value();
    ASSERT_TRUE(import->Add(BlockOf({Move("ana", 1)}, 5)).ok());
    import->SetFileHash(Sha256("one.csv"));
    EXPECT_EQ(import->Commit().status().code(), absl::StatusCode::kAlreadyExists);
  }
  Staged({1}, "visit", {Visit("ana", 1)}, "one.csv");  // another table is another matter
  ASSERT_TRUE(store_->Undo(1).ok());
  Staged({1}, "move", {Move("ana", 1)}, "one.csv");  // after undoing it may come again
  Staged({1}, "move", {Move("bo", 1)}, "whole.csv", /*replace=*/true);
  Staged({1}, "move", {Move("ana", 1)}, "one.csv", /*replace=*/true);  // it was replaced: it is not in
}

TEST_F(Store, TellsDuplicatesFromReplacementsByTheRowsIdentity) {
  Staged({3, 1, 0, 0}, "visit",
         {Visit("ana", 1, "r1"), Visit("ana", 2, "r2"), Visit("bo", 3, "r3"), Visit("bo", 3, "r3")},
         "one.csv");
  Closed(kFirst);
  EXPECT_EQ(Ask(kRows), (std::vector<int64_t>{3}));
  // The same file grown: two known rows, one corrected, one new.
  Staged({1, 2, 1, 0}, "visit",
         {Visit("ana", 1, "r1"), Visit("ana", 7, "r2"), Visit("bo", 3, "r3"), Visit("bo", 4, "r4")},
         "two.csv");
  // Staged rows are known too.
  Staged({0, 1, 1, 0}, "visit", {Visit("ana", 8, "r2"), Visit("bo", 4, "r4")}, "three.csv");
  EXPECT_EQ(Ask(kRows), (std::vector<int64_t>{3})) << "until the closing";
  Closed(kFirst + 1);
  EXPECT_EQ(store_->Status().rows, 4u);
  const std::vector<int64_t> days = Ask("SELECT day, count(*) FROM visit WHERE day IS NOT NULL GROUP BY day");
  EXPECT_EQ(Total(days), 4);
  EXPECT_EQ(days[0], 1);
  EXPECT_EQ(days[1], 0);
  EXPECT_EQ(days[6], 0);
  EXPECT_EQ(days[7], 1) << "the last correction holds";
}

TEST_F(Store, MovesARowToAnotherPersonWhenTheReferenceWasCorrected) {
  Staged({2}, "visit", {Visit("ana", 1, "r1"), Visit("bo", 2, "r2")}, "one.csv");
  Closed(kFirst);
  Staged({0, 0, 1, 0}, "visit", {Visit("zoe", 1, "r1")}, "two.csv");
  Staged({0, 0, 1, 0}, "visit", {Visit("zoe", 5, "r1")}, "three.csv");
  // Both in one file: the last one holds.
  Staged({1, 0, 1, 0}, "visit", {Visit("yan", 9, "r9"), Visit("xi", 9, "r9")}, "four.csv");
  ASSERT_TRUE(store_->Undo(2).ok());  // what came later still knows that the row was somebody else's
  Closed(kFirst + 1);
  EXPECT_EQ(store_->Status().rows, 3u);
  EXPECT_EQ(Ask("SELECT count(DISTINCT person) FROM visit"), (std::vector<int64_t>{3}));
  Plan old = PlanOf("SELECT count(DISTINCT person) FROM visit");
  old.questions[0].question.cohorts.to = kFirst;
  EXPECT_EQ(Ask(old), (std::vector<int64_t>{1})) << "ana has no row any more";
}

TEST_F(Store, KeepsOneRowPerPersonInATableOfPersons) {
  Staged({2, 1, 1, 0}, "person",
         {{"ana", {1, 0, 30}, ""}, {"bo", {2, 0, 40}, ""}, {"ana", {1, 0, 31}, ""}, {"bo", {2, 0, 40}, ""}},
         "one.csv");
  Closed(kFirst);
  EXPECT_EQ(Ask("SELECT sex, count(DISTINCT person) FROM person GROUP BY sex"),
            (std::vector<int64_t>{1, 1, 0}));
  Staged({0, 1, 1, 0}, "person", {{"ana", {1, 0, 31}, ""}, {"bo", {1, 0, 40}, ""}}, "two.csv");
  Closed(kFirst + 1);
  EXPECT_EQ(Ask("SELECT sex, count(DISTINCT person) FROM person GROUP BY sex"),
            (std::vector<int64_t>{2, 0, 0}));
  EXPECT_EQ(store_->Status().rows, 2u);
}

TEST_F(Store, CountsRowsWhoseConstantColumnContradictsThePerson) {
  Staged({2, 0, 0, 1}, "move", {Move("ana", 1), Move("ana", 2), Move("ana", kNull)}, "one.csv");
  Staged({1, 0, 0, 1}, "move", {Move("ana", 3), Move("bo", 3)}, "two.csv");
  Closed(kFirst);
  Staged({1, 0, 0, 1}, "move", {Move("ana", 4), Later("ana", 1)}, "three.csv");
  Closed(kFirst + 1);
  EXPECT_EQ(store_->Status().rows, 4u);
}

TEST_F(Store, LetsAFileCorrectAConstantColumnOfAllRowsOfAPerson) {
  Staged({3}, "move", {Move("ana", 1, "a"), Move("ana", 1, "b"), Move("bo", 1, "c")}, "one.csv");
  Closed(kFirst);
  Staged({0, 1, 2, 0}, "move", {Move("ana", 2, "a"), Move("bo", 1, "c"), Move("ana", 2, "b")}, "two.csv");
  Closed(kFirst + 1);
  EXPECT_EQ(Ask(kOrigins), (std::vector<int64_t>{1, 1, 0, 0, 0}));
  // One row alone contradicts the other, which stays; it stays itself as it was.
  Staged({0, 0, 0, 1}, "move", {Move("ana", 3, "a")}, "three.csv");
  Closed(kFirst + 2);
  EXPECT_EQ(Ask(kOrigins), (std::vector<int64_t>{1, 1, 0, 0, 0}));
  EXPECT_EQ(store_->Status().rows, 3u);
}

TEST_F(Store, ReplacesAWholeTableAtTheClosing) {
  Staged({2}, "move", {Move("ana", 1), Move("bo", 2)}, "one.csv");
  Staged({1}, "visit", {Visit("ana", 1)}, "visits.csv");
  Closed(kFirst);
  Staged({1}, "move", {Move("cy", 3)}, "two.csv");
  Staged({2}, "move", {Move("dan", 4), Move("ana", 4)}, "whole.csv", /*replace=*/true);
  Staged({1}, "move", {Move("eve", 1)}, "after.csv");
  EXPECT_EQ(Ask(kOrigins), (std::vector<int64_t>{1, 1, 0, 0, 0}));
  Closed(kFirst + 1);
  EXPECT_EQ(Ask(kOrigins), (std::vector<int64_t>{1, 0, 0, 2, 0}));
  EXPECT_EQ(Ask(kRows), (std::vector<int64_t>{1})) << "other tables stay";
}

TEST_F(Store, UndoesStagedAndClosedBatches) {
  Staged({1}, "move", {Move("ana", 1)}, "one.csv");
  Staged({1}, "move", {Move("bo", 2)}, "two.csv");
  ASSERT_TRUE(store_->Undo(1).ok());
  Closed(kFirst);
  EXPECT_EQ(Ask(kOrigins), (std::vector<int64_t>{0, 1, 0, 0, 0}));
  Staged({1}, "move", {Move("cy", 3)}, "three.csv");
  Closed(kFirst + 1);
  ASSERT_TRUE(store_->Undo(2).ok());
  EXPECT_EQ(Ask(kOrigins), (std::vector<int64_t>{0, 0, 1, 0, 0})) << "at once";
  EXPECT_EQ(store_->Status().editions, (std::vector<Edition>{kFirst, kFirst + 1})) << "editions stay";
  EXPECT_EQ(store_->Undo(2).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(store_->Undo(77).code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(store_->Batches()[1].undone);
  Open();
  EXPECT_EQ(Ask(kOrigins), (std::vector<int64_t>{0, 0, 1, 0, 0}));
}

TEST_F(Store, SweepsAnAbandonedImport) {
  Staged({1}, "move", {Move("ana", 1)}, "one.csv");
  {
    auto import =
        store_->Begin(codebook_.FindTable("move").value(), "cut.csv", "hash", false, clock_.Now()).value();
    std::vector<TestRow> rows(200, Move("bo", 2));
    ASSERT_TRUE(import->Add(BlockOf(rows, 5)).ok());
    EXPECT_EQ(store_->Begin(0, "other.csv", "other", false, clock_.Now()).status().code(),
              absl::StatusCode::kFailedPrecondition)
        << "one import at a time";
    EXPECT_EQ(Close(kFirst).code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_EQ(store_->Undo(1).code(), absl::StatusCode::kFailedPrecondition);
  }
  size_t blocks = 0;
  ASSERT_TRUE(database_
                  ->Scan(Space::kRecords, "r",
                         [&](absl::string_view, absl::string_view) {
                           ++blocks;
                           return true;
                         })
                  .ok());
  EXPECT_EQ(blocks, 1u) << "the blocks of the import that was cut off are gone";
  Closed(kFirst);
  EXPECT_EQ(Ask(kOrigins), (std::vector<int64_t>{1, 0, 0, 0, 0}));
}

TEST_F(Store, IsBeforeOrAfterEveryChangeAtEveryCrash) {
  CrashCopies crashes(database_, folder_ + "_crash");
  options_.steps = &crashes;
  Open();
  std::vector<TestRow> rows;
  for (int i = 0; i < 200; ++i) rows.push_back(Move(absl::StrCat("p", i), 1));
  Staged({200}, "move", rows, "one.csv");
  Closed(kFirst);
  Staged({1}, "move", {Later("p7", 1)}, "two.csv");
  ASSERT_TRUE(store_->Erase(Key16("person p7")).ok());
  ASSERT_TRUE(store_->Undo(2).ok());
  ASSERT_TRUE(store_->Undo(1).ok());
  EXPECT_EQ(crashes.steps(),
            (std::vector<std::string>{"import.before_flip", "import.after_flip", "close.before_flip",
                                      "close.after_flip", "import.before_flip", "import.after_flip",
                                      "erase.before_flip", "erase.after_flip", "undo.before_flip",
                                      "undo.after_flip", "undo.before_flip", "undo.after_flip"}));
  const std::vector<int64_t> staged = {0, 200, 200, 0, 0, 1, 1, 0, 0, 0, 0, 0};
  const std::vector<int64_t> closed = {0, 0, 0, 200, 200, 200, 200, 199, 199, 199, 199, 0};
  const std::vector<size_t> leaves = {0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6};
  options_.steps = nullptr;
  for (size_t i = 0; i < crashes.steps().size(); ++i) {
    SCOPED_TRACE(absl::StrCat(crashes.steps()[i], " ", i + 1));
    Shut();
    std::filesystem::remove_all(folder_);
    std::filesystem::rename(absl::StrCat(folder_, "_crash_", i + 1), folder_);
    Open();
    EXPECT_EQ(store_->Status().staged_rows, static_cast<uint64_t>(staged[i]));
    EXPECT_EQ(Ask(kPersons), (std::vector<int64_t>{closed[i]}));
    EXPECT_EQ(JournalKinds(*journal_).size(), leaves[i]);
    // What the crash left over is gone, and work goes on.
    EXPECT_LE(Chunks(), (store_->Status().persons + 63) / 64 * 11) << "chunks of another generation stayed";
    Staged({1}, "move", {Move("new", 2)}, "new.csv");
    Closed(kFirst + 9);
    EXPECT_EQ(Ask(kOrigins)[1], 1);
  }
}

TEST_F(Store, KeepsAnsweringFromASnapshotWhateverHappensMeanwhile) {
  Staged({2}, "move", {Move("ana", 1), Move("bo", 2)}, "one.csv");
  Closed(kFirst);
  options_.cache_bytes = 0;  // every question reads its chunks
  Open();
  const Plan plan = PlanOf(kOrigins);
  const auto snapshot = store_->OpenSnapshot().value();
  Staged({1}, "move", {Move("cy", 3)}, "two.csv");
  Closed(kFirst + 1);
  ASSERT_TRUE(store_->Undo(1).ok());
  const absl::StatusOr<ExactVector> then = store_->Extract(*snapshot, plan);
  ASSERT_TRUE(then.ok()) << then.status();
  EXPECT_EQ(Ask(plan), (std::vector<int64_t>{0, 0, 1, 0, 0}));
}

TEST_F(Store, DeletesReplacedChunksWithTheirLastReader) {
  Staged({1}, "move", {Move("ana", 1)}, "one.csv");
  Closed(kFirst);
  const size_t chunks = Chunks();
  auto snapshot = store_->OpenSnapshot().value();
  Staged({1}, "move", {Move("bo", 1)}, "two.csv");
  Closed(kFirst + 1);
  EXPECT_EQ(Chunks(), 2 * chunks);
  snapshot.reset();
  EXPECT_EQ(Chunks(), chunks);
}

TEST_F(Store, NamesEveryAlteredChunkAndAnswersNothingFromIt) {
  std::vector<TestRow> rows;
  for (int i = 0; i < 300; ++i)
    rows.push_back(Move(absl::StrCat("p", i % 100), 1 + i % 100 % 4, "", 1 + i % 4));
  Staged({300}, "move", rows, "one.csv");
  Closed(kFirst);
  const Plan plan = PlanOf("SELECT origin, dest, count(*), sum(cost) FROM move GROUP BY origin, dest");
  const std::vector<int64_t> right = Ask(plan);
  std::vector<std::pair<std::string, std::string>> chunks;
  ASSERT_TRUE(database_
                  ->Scan(Space::kRecords, "g",
                         [&](absl::string_view key, absl::string_view value) {
                           chunks.emplace_back(key, value);
                           return true;
                         })
                  .ok());
  size_t refused = 0;
  for (size_t i = 0; i < chunks.size(); ++i) {
    const auto& [key, value] = chunks[i];
    for (const int how : {0, 1, 2}) {
      std::string altered = value;
      if (how == 0) altered[altered.size() / 2] = static_cast<char>(altered[altered.size() / 2] ^ 1);
      if (how == 1) altered = chunks[(i + 1) % chunks.size()].second;  // moved from elsewhere
      rocksdb::WriteBatch writes;
      if (how == 2) database_->Delete(writes, Space::kRecords, key);
      if (how != 2) database_->Put(writes, Space::kRecords, key, altered);
      ASSERT_TRUE(database_->Write(writes, false).ok());
      Open();
      const auto cells = TryAsk(plan);
      if (cells.ok()) {
        EXPECT_EQ(*cells, right) << "a chunk that the question does not read";
      } else {
        ++refused;
        EXPECT_EQ(cells.status().code(), absl::StatusCode::kDataLoss);
        EXPECT_TRUE(absl::StrContains(cells.status().message(), "segment ")) << cells.status();
      }
      rocksdb::WriteBatch back;
      database_->Put(back, Space::kRecords, key, value);
      ASSERT_TRUE(database_->Write(back, false).ok());
    }
  }
  EXPECT_GE(refused, 3 * 5 * store_->Status().rows / 100)
      << "keys, counts, origin, dest, cost of each segment";
  Open();
  EXPECT_EQ(Ask(plan), right);
}

TEST_F(Store, OpensNothingWithoutItsKeyOrWithAnAlteredManifest) {
  Staged({1}, "move", {Move("ana", 1)}, "one.csv");
  const Secret right = key_.Copy();
  key_ = Secret(std::string(32, 'x'));
  EXPECT_EQ(TryOpen().code(), absl::StatusCode::kDataLoss);
  key_ = right.Copy();
  Open();
  std::string sealed = database_->Get(Space::kRecords, ManifestKey()).value().value();
  sealed.back() = static_cast<char>(sealed.back() ^ 1);
  rocksdb::WriteBatch writes;
  database_->Put(writes, Space::kRecords, ManifestKey(), sealed);
  ASSERT_TRUE(database_->Write(writes, true).ok());
  EXPECT_EQ(TryOpen().code(), absl::StatusCode::kDataLoss);
}

TEST_F(Store, ReadsNullInColumnsThatAreYoungerThanTheRecords) {
  Staged({2}, "visit", {Visit("ana", 1), Visit("bo", 2)}, "one.csv");
  Closed(kFirst);
  Staged({1}, "visit", {Visit("cy", 3)}, "two.csv");  // staged before, closed after
  Codebook grown = codebook_;
  const uint32_t visit = codebook_.FindTable("visit").value();
  Column reason = codebook_.tables[codebook_.FindTable("move").value()].columns[1];
  reason.name = "place";
  grown.tables[visit].columns.insert(grown.tables[visit].columns.begin(),
                                     reason);  // numbers do not follow order
  Table extra = grown.tables[visit];
  extra.name = "extra";
  grown.tables.push_back(extra);
  grown.hash = std::string(32, 'g');
  ASSERT_TRUE(store_->SetCodebook(grown).ok());
  codebook_ = grown;
  const char* by_place = "SELECT place, count(*) FROM visit GROUP BY place";
  EXPECT_EQ(Ask(by_place), (std::vector<int64_t>{0, 0, 0, 0, 2}));
  Staged({1}, "visit", {{"dan", {3, 9}, ""}}, "three.csv");
  Staged({1}, "extra", {{"dan", {2, 9}, ""}}, "extra.csv");
  Closed(kFirst + 1);
  EXPECT_EQ(Ask(by_place), (std::vector<int64_t>{0, 0, 1, 0, 3}));
  EXPECT_EQ(Ask("SELECT count(*) FROM extra"), (std::vector<int64_t>{1}));
  Open();
  EXPECT_EQ(Ask(by_place), (std::vector<int64_t>{0, 0, 1, 0, 3}));
  EXPECT_EQ(Ask("SELECT count(*) FROM visit WHERE day = '2026-01-09'"), (std::vector<int64_t>{1}));
}

TEST_F(Store, RefusesValuesThatTheCodebookDoesNotHave) {
  EXPECT_EQ(Stage("move", {Move("ana", 5)}, "one.csv").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(store_->Batches().empty());
}

TEST_F(Store, RoundsAmountsToTheGridWithoutBias) {
  // 5,000 persons with one amount of 10,123: the grid is more than 1, so that every one is rounded.
  std::vector<TestRow> rows;
  constexpr int kPeople = 5000;
  const Column& cost = codebook_.tables[codebook_.FindTable("move").value()].columns[4];
  for (int i = 0; i < kPeople; ++i) {
    rows.push_back({absl::StrCat("p", i), {1, 1, 5, 0, static_cast<StoredValue>(10123 - cost.lo + 1)}, ""});
  }
  options_.run_rows = 100000;
  Open();
  Staged({kPeople}, "move", rows, "one.csv");
  Closed(kFirst);
  const Plan plan = PlanOf("SELECT sum(cost) FROM move");
  const Counting& counting = plan.blocks[0].counting;
  ASSERT_GT(counting.grid, 100);
  const int64_t each = counting.multiplier * (10123 - cost.lo) + counting.offset;
  const auto sum = static_cast<double>(Ask(plan)[0]);
  const double expected = static_cast<double>(each) * kPeople / static_cast<double>(counting.grid);
  // Each rounding has a variance of at most 1/4. Six standard deviations: a false alarm in 5 * 10^8 runs.
  EXPECT_NEAR(sum, expected, 6 * 0.5 * std::sqrt(kPeople));
  const double fraction = static_cast<double>(((each % counting.grid) + counting.grid) % counting.grid) /
                          static_cast<double>(counting.grid);
  ASSERT_GT(fraction, 0.05);
  ASSERT_LT(fraction, 0.95);
}

TEST_F(Store, KeepsEachCellEquallyOftenUnderACap) {
  // 4,000 persons in all four cells, a cap of 3: each cell loses a quarter of them.
  std::vector<TestRow> rows;
  constexpr int kPeople = 4000;
  for (int i = 0; i < kPeople; ++i) {
    for (StoredValue dest = 1; dest <= 4; ++dest) rows.push_back(Move(absl::StrCat("p", i), 1, "", dest));
  }
  options_.run_rows = 100000;
  Open();
  Staged({4 * kPeople}, "move", rows, "one.csv");
  Closed(kFirst);
  const std::vector<int64_t> cells =
      Ask("SELECT dest, count(DISTINCT person) FROM move WHERE dest IS NOT NULL GROUP BY dest");
  ASSERT_EQ(cells.size(), 4u);
  EXPECT_EQ(Total(cells), 3 * kPeople);
  // Binomial, sd sqrt(4000 * 3/16) = 27.4; six of them: a false alarm in 10^8 runs.
  for (int64_t cell : cells) EXPECT_NEAR(static_cast<double>(cell), 0.75 * kPeople, 6 * 27.4);
  // Another question keeps other cells: asking it twice in two ways teaches nothing new about whom.
  const std::vector<int64_t> other = Ask(
      "SELECT dest, count(DISTINCT person) FROM move WHERE dest IS NOT NULL AND origin = 'a' GROUP BY dest");
  EXPECT_EQ(Total(other), 3 * kPeople);
  EXPECT_NE(other, cells);
}

}  // namespace
}  // namespace penc
