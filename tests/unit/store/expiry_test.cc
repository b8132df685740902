// Rows leave when the last day on which they may be kept is over.
#include <gtest/gtest.h>

#include "store/layout.h"
#include "tests/support/crash_copies.h"
#include "tests/support/small_store.h"

namespace penc {
namespace {

constexpr char kOrigins[] = "SELECT origin, count(DISTINCT person) FROM move GROUP BY origin";

TestRow Move(const std::string& person, StoredValue origin, const std::string& identity = "") {
  return {person, {origin, 1, 5, 0, 700}, identity};
}

class Expiry : public SmallStore {
 protected:
  Expiry() { Open(); }
  void Until(absl::optional<int64_t> day, const std::vector<TestRow>& rows, const std::string& file,
             bool refused = false) {
    auto import =
        store_->Begin(codebook_.FindTable("move").value(), file, Sha256(file), false, clock_.Now()).value();
    RowBlock block = BlockOf(rows, 5);
    if (refused) block.refused.assign(rows.size(), 1);
    ASSERT_TRUE(import->Add(std::move(block)).ok());
    if (day.has_value()) import->SetKeepUntil(*day);
    ASSERT_TRUE(import->Commit().ok());
  }
  std::vector<uint64_t> Expire(int64_t today) {
    const auto gone = store_->Expire(today);
    EXPECT_TRUE(gone.ok()) << gone.status();
    return gone.value_or(std::vector<uint64_t>{});
  }
};

TEST_F(Expiry, TakesOutClosedAndStagedBatchesAfterTheirLastDay) {
  Until(100, {Move("ana", 1)}, "one.csv");
  Until(200, {Move("bo", 2)}, "two.csv");
  Until({}, {Move("cy", 3)}, "three.csv");
  ASSERT_TRUE(Close(kFirst).ok());
  Until(100, {Move("dan", 4)}, "four.csv");
  const uint64_t leaves = journal_->size();
  EXPECT_TRUE(Expire(100).empty()) << "the last day is a day";
  EXPECT_EQ(journal_->size(), leaves);
  EXPECT_EQ(Expire(101), (std::vector<uint64_t>{1, 4}));
  EXPECT_EQ(journal_->size(), leaves + 1);
  EXPECT_EQ(Ask(kOrigins), (std::vector<int64_t>{0, 1, 1, 0, 0})) << "at once";
  EXPECT_EQ(store_->Status().edition, kFirst) << "the edition does not move";
  EXPECT_TRUE(Expire(101).empty());
  const std::vector<BatchInfo> batches = store_->Batches();
  EXPECT_TRUE(batches[0].expired && batches[0].undone && batches[3].expired);
  EXPECT_FALSE(batches[1].expired || batches[2].expired);
  Open();
  EXPECT_EQ(Expire(100000), (std::vector<uint64_t>{2}));
  ASSERT_TRUE(Close(kFirst + 1).ok());
  EXPECT_EQ(Ask(kOrigins), (std::vector<int64_t>{0, 0, 1, 0, 0}));
}

TEST_F(Expiry, AWordOnConsentOutlivesItsFile) {
  Until({}, {Move("ana", 1, "a")}, "one.csv");
  ASSERT_TRUE(Close(kFirst).ok());
  Until(100, {Move("ana", 1, "a")}, "no.csv", /*refused=*/true);
  EXPECT_EQ(Ask(kOrigins)[0], 0);
  EXPECT_EQ(Expire(101), (std::vector<uint64_t>{2}));
  EXPECT_EQ(Ask(kOrigins)[0], 0);
  ASSERT_TRUE(Close(kFirst + 1).ok());
  EXPECT_EQ(store_->Status().rows, 0u);
}

TEST_F(Expiry, IsBeforeOrAfterAtEveryCrash) {
  Until(100, {Move("ana", 1)}, "one.csv");
  Until({}, {Move("bo", 2)}, "two.csv");
  ASSERT_TRUE(Close(kFirst).ok());
  Until(100, {Move("dan", 4)}, "four.csv");
  CrashCopies crashes(database_, folder_ + "_crash");
  options_.steps = &crashes;
  Open();
  EXPECT_EQ(Expire(101).size(), 2u);
  ASSERT_EQ(crashes.steps(), (std::vector<std::string>{"expire.before_flip", "expire.after_flip"}));
  options_.steps = nullptr;
  for (size_t i = 0; i < crashes.steps().size(); ++i) {
    Shut();
    std::filesystem::remove_all(folder_);
    std::filesystem::rename(absl::StrCat(folder_, "_crash_", i + 1), folder_);
    Open();
    EXPECT_EQ(store_->Status().staged_rows, 1 - i);
    EXPECT_EQ(Ask(kOrigins)[0], static_cast<int64_t>(1 - i));
    EXPECT_FALSE(database_->Get(Space::kRecords, PurgeKey()).value().has_value()) << "purged at the opening";
    Expire(101);
    EXPECT_EQ(Ask(kOrigins), (std::vector<int64_t>{0, 1, 0, 0, 0}));
  }
}

}  // namespace
}  // namespace penc
