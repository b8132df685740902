// Rows of events that no identity tells apart, and that a file brings once more.
#include "store/repeats.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "tests/support/small_store.h"

namespace penc {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class Repeated : public SmallStore {
 protected:
  Repeated() { Open(); }

  // Each row of its own month and cost; of person `p` + number.
  static std::vector<TestRow> Moves(int first, int count, bool identified = false) {
    std::vector<TestRow> rows;
    for (int i = first; i < first + count; ++i) {
      rows.push_back({absl::StrCat("p", i),
                      {1, 2, static_cast<StoredValue>(1 + i % 20), 0, 600u + i},
                      identified ? absl::StrCat("r", i) : ""});
    }
    return rows;
  }
  static std::vector<TestRow> Both(std::vector<TestRow> rows, const std::vector<TestRow>& more) {
    rows.insert(rows.end(), more.begin(), more.end());
    return rows;
  }
  std::unique_ptr<RecordStore::Import> With(const std::vector<TestRow>& rows, const std::string& file,
                                            bool again = false) {
    const uint32_t move = codebook_.FindTable("move").value();
    auto import = store_->Begin(move, file, Sha256(file), false, clock_.Now()).value();
    if (again) import->SetAgain();
    EXPECT_TRUE(import->Add(BlockOf(rows, codebook_.tables[move].columns.size())).ok());
    return import;
  }
  RepeatedRows Look(const std::vector<TestRow>& rows) {
    const uint32_t move = codebook_.FindTable("move").value();
    auto look = store_->BeginLook(move).value();
    if (look == nullptr) return {};
    EXPECT_TRUE(look->Add(BlockOf(rows, codebook_.tables[move].columns.size())).ok());
    const absl::StatusOr<RepeatedRows> found = look->Look();
    EXPECT_TRUE(found.ok()) << found.status();
    return found.value_or(RepeatedRows{});
  }
  uint64_t StagedRows() const { return store_->Status().staged_rows; }
};

TEST_F(Repeated, AnExportThatGrewIsRefusedStagedOrClosedAndLeavesNothing) {
  ASSERT_TRUE(Stage("move", Moves(0, 40), "january.csv").ok());
  for (int closed = 0; closed < 2; ++closed) {
    const absl::Status why = Stage("move", Moves(0, 400), "grown.csv").status();
    ASSERT_EQ(why.code(), absl::StatusCode::kAlreadyExists) << why;
    EXPECT_THAT(Explain(why).en, HasSubstr("about 10 % of the file; batch 1)"));
    EXPECT_THAT(Explain(why).en, HasSubstr("--again"));
    EXPECT_EQ(store_->Batches().size(), 1u);
    ASSERT_TRUE(Close(kFirst + closed).ok());
    EXPECT_EQ(store_->Status().rows, 40u);
  }
}

TEST_F(Repeated, TheStoreGoesOnAfterARefusal) {
  ASSERT_TRUE(Stage("move", Moves(0, 4), "january.csv").ok());
  EXPECT_FALSE(Stage("move", Moves(0, 5), "grown.csv").ok());
  EXPECT_TRUE(Stage("move", Moves(4, 3), "february.csv").ok());
  Open();
  EXPECT_EQ(StagedRows(), 7u);
}

TEST_F(Repeated, NewEventsOfTheSamePersonsComeIn) {
  ASSERT_TRUE(Stage("move", Moves(0, 40), "january.csv").ok());
  std::vector<TestRow> next = Moves(0, 40);
  for (TestRow& row : next) row.values[2] += 1;
  const absl::StatusOr<StagedCounts> counts = Stage("move", next, "february.csv");
  ASSERT_TRUE(counts.ok()) << counts.status();
  EXPECT_EQ(counts->repeated, 0u);
}

TEST_F(Repeated, AFewRowsThatAreLikeOthersAreKeptAndSaid) {
  ASSERT_TRUE(Stage("move", Moves(0, 40), "january.csv").ok());
  const absl::StatusOr<StagedCounts> counts = Stage("move", Moves(38, 100), "february.csv");
  ASSERT_TRUE(counts.ok()) << counts.status();
  EXPECT_EQ(counts->repeated, 2u);
  EXPECT_EQ(counts->stored, 100u);
}

TEST_F(Repeated, MostOfAnEarlierFileIsTooManyHoweverLargeTheNewOneIs) {
  ASSERT_TRUE(Stage("move", Moves(0, 3), "january.csv").ok());
  EXPECT_EQ(Stage("move", Moves(1, 500), "grown.csv").status().code(), absl::StatusCode::kAlreadyExists);
}

TEST_F(Repeated, RowsOfOneFileThatAreAlikeAreEvents) {
  const std::vector<TestRow> twice = Both(Moves(0, 20), Moves(0, 20));
  ASSERT_TRUE(Stage("move", twice, "january.csv").ok());
  EXPECT_EQ(StagedRows(), 40u);
}

TEST_F(Repeated, ThatAreSaidToBeNewEventsComeIn) {
  ASSERT_TRUE(Stage("move", Moves(0, 20), "january.csv").ok());
  const absl::StatusOr<StagedCounts> counts = With(Moves(0, 20), "again.csv", /*again=*/true)->Commit();
  ASSERT_TRUE(counts.ok()) << counts.status();
  EXPECT_EQ(StagedRows(), 40u);
}

TEST_F(Repeated, AFileThatBecomesTheWholeTableRepeatsNothing) {
  ASSERT_TRUE(Stage("move", Moves(0, 20), "january.csv").ok());
  ASSERT_TRUE(Stage("move", Moves(0, 30), "all.csv", /*replace=*/true).ok());
  EXPECT_EQ(Stage("move", Moves(0, 40), "more.csv").status().code(), absl::StatusCode::kAlreadyExists)
      << "what waits to become the table counts";
  ASSERT_TRUE(Close(kFirst).ok());
  EXPECT_EQ(store_->Status().rows, 30u);
}

TEST_F(Repeated, WhatAnUndoneFileBroughtIsNotThere) {
  ASSERT_TRUE(Stage("move", Moves(0, 20), "january.csv").ok());
  ASSERT_TRUE(Close(kFirst).ok());
  ASSERT_TRUE(store_->Undo(1).ok());
  EXPECT_TRUE(Stage("move", Moves(0, 30), "grown.csv").ok());
}

TEST_F(Repeated, AnIdentityThatComesLaterDoesNotDoubleWhatWasStoredWithoutOne) {
  ASSERT_TRUE(Stage("move", Moves(0, 20), "january.csv").ok());
  ASSERT_TRUE(Close(kFirst).ok());
  const absl::Status why = Stage("move", Moves(0, 30, true), "grown.csv").status();
  ASSERT_EQ(why.code(), absl::StatusCode::kAlreadyExists) << why;
  ASSERT_TRUE(store_->Undo(1).ok());
  ASSERT_TRUE(Stage("move", Moves(0, 30, true), "grown.csv").ok()) << "the next step that the refusal names";
  const absl::StatusOr<StagedCounts> counts = Stage("move", Moves(0, 35, true), "more.csv");
  ASSERT_TRUE(counts.ok()) << counts.status();
  EXPECT_EQ(counts->duplicate, 30u);
}

TEST_F(Repeated, AnIdentityThatIsLostDoesNotDoubleWhatWasStoredWithOne) {
  ASSERT_TRUE(Stage("move", Moves(0, 20, true), "january.csv").ok());
  EXPECT_EQ(Stage("move", Moves(0, 30), "grown.csv").status().code(), absl::StatusCode::kAlreadyExists);
}

TEST_F(Repeated, RowsThatTheirIdentitiesTellApartAreEvents) {
  ASSERT_TRUE(Stage("move", Moves(0, 20, true), "january.csv").ok());
  std::vector<TestRow> others = Moves(0, 20, true);
  for (TestRow& row : others) row.identity += " other";
  EXPECT_TRUE(Stage("move", others, "february.csv").ok());
}

TEST_F(Repeated, WhatIsKnownByItsIdentityIsNotRefusedForATwinWithoutOne) {
  ASSERT_TRUE(Stage("move", Moves(0, 20), "january.csv").ok());
  ASSERT_TRUE(With(Moves(0, 20, true), "identified.csv", /*again=*/true)->Commit().ok());
  const absl::StatusOr<StagedCounts> counts = Stage("move", Moves(0, 20, true), "third.csv");
  ASSERT_TRUE(counts.ok()) << counts.status();
  EXPECT_EQ(counts->duplicate, 20u);
}

TEST_F(Repeated, ALookSaysTheSameAndKeepsNothing) {
  EXPECT_FALSE(Look(Moves(0, 20)).many) << "nothing is there";
  ASSERT_TRUE(Stage("move", Moves(0, 10), "january.csv").ok());
  ASSERT_TRUE(Stage("move", Moves(10, 10), "february.csv").ok());
  for (const bool identified : {false, true}) {
    const RepeatedRows found = Look(Moves(0, 40, identified));
    EXPECT_TRUE(found.many);
    EXPECT_EQ(found.rows, 20u);
    EXPECT_EQ(found.percent, 50u);
    EXPECT_THAT(found.batches, ElementsAre(1, 2));
  }
  EXPECT_EQ(store_->Batches().size(), 2u);
  EXPECT_TRUE(Stage("move", Moves(20, 10), "march.csv").ok()) << "no import is running";
}

TEST_F(Repeated, TheRefusalStatesNoCount) {
  const Text why = Describe({1234567, 87, true, {31, 32}});
  for (const std::string& text : {why.fr, why.en}) {
    EXPECT_THAT(text, Not(HasSubstr("1234567")));
    EXPECT_THAT(text, Not(HasSubstr("87")));
    EXPECT_THAT(text, HasSubstr("31, 32"));
  }
}

std::vector<uint64_t> Prints(uint64_t first, uint64_t count) {
  std::vector<uint64_t> prints;
  for (uint64_t i = first; i < first + count; ++i) {
    const std::array<uint8_t, 16> key = Key16(absl::StrCat(i));
    uint64_t print = 0;
    std::memcpy(&print, key.data(), sizeof(print));
    prints.push_back(print);
  }
  return prints;
}

TEST(Repeats, OfALargeFileAreEstimatedFromASample) {
  Repeats repeats(/*most=*/1000);
  for (const uint64_t print : Prints(0, 20000)) repeats.Add(print);
  for (const uint64_t print : Prints(10000, 10000)) repeats.Learn(print, 7);
  const RepeatedRows found = repeats.Found();
  EXPECT_TRUE(found.many);
  // 500 of a sample of 1000 or so: off by a fifth with a chance below 1e-5; the prints are fixed.
  EXPECT_NEAR(static_cast<double>(found.rows), 10000, 2000);
  EXPECT_NEAR(found.percent, 50, 10);
}

TEST(Repeats, AFewOfASampleAreChance) {
  Repeats repeats(/*most=*/1000);
  for (const uint64_t print : Prints(0, 20000)) repeats.Add(print);
  for (const uint64_t print : Prints(0, 100)) repeats.Learn(print, 7);
  EXPECT_FALSE(repeats.Found().many);
}

}  // namespace
}  // namespace penc
