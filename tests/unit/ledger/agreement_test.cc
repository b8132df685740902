#include "ledger/agreement.h"

#include <gtest/gtest.h>
#include <rocksdb/write_batch.h>

#include <cstdlib>
#include <filesystem>
#include <map>

#include "base/database.h"
#include "crypto/hash.h"
#include "crypto/secure_random.h"
#include "journal/committer.h"
#include "journal/journal.h"
#include "ledger/ledger.h"

namespace penc {
namespace {

namespace fs = std::filesystem;

constexpr Edition kQ1 = 224, kQ2 = 225;  // 2026-Q1, 2026-Q2
constexpr uint64_t kUnit = uint64_t{1} << 30;

class AgreementTest : public ::testing::Test {
 protected:
  AgreementTest() {
    std::string name = (fs::temp_directory_path() / "penc-agreement-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    Open();
    for (Edition cohort : {kQ1, kQ2}) EXPECT_TRUE(ledger_->OpenCohort(cohort, {8 * 1024, 1, 6}).ok());
    Ask("first", {kQ1, kQ2}, "SHA256:a", kInfinitePure);
    Ask("first", {kQ1, kQ2}, "SHA256:b", kInfinitePure);  // of the stored answer: its share only
    Ask("second", {kQ2}, "SHA256:a", kUnit);
  }
  ~AgreementTest() override {
    Close();
    fs::remove_all(folder_);
  }
  void Open() {
    Close();
    db_ = *Database::Open(folder_ / "db");
    journal_ = *Journal::Open(*db_, random_);
    committer_ = std::make_unique<Committer>(*db_, *journal_, clock_);
    ledger_ = *Ledger::Open(*db_, *committer_, Closing::kQuarter);
  }
  void Close() {
    committer_.reset();
    ledger_.reset();
    journal_.reset();
    db_.reset();
  }
  void Ask(const std::string& question, std::vector<Edition> cohorts, const std::string& asker,
           uint64_t pure) {
    Charge charge;
    charge.slot = Sha256(question);
    charge.asker = asker;
    charge.cohorts = std::move(cohorts);
    charge.cost = [=](Order) { return Cost{pure, kUnit}; };
    const auto slot = ledger_->Reserve(charge);
    ASSERT_TRUE(slot.ok()) << slot.status();
    if (slot->state == Slot::State::kReserved) {
      EXPECT_TRUE(ledger_->Commit(*slot, "bytes").ok());
    }
  }
  absl::Status Check() const { return CheckSpending(*ledger_, *journal_, Closing::kQuarter); }
  std::vector<std::string> Keys(const std::string& prefix) const {
    std::vector<std::string> keys;
    EXPECT_TRUE(db_->Scan(Space::kLedger, prefix,
                          [&](absl::string_view key, absl::string_view) {
                            keys.emplace_back(key);
                            return true;
                          })
                    .ok());
    return keys;
  }
  // Another value for one row, or none; the ledger is opened again.
  void Set(const std::string& key, const absl::optional<std::string>& value) {
    rocksdb::WriteBatch batch;
    if (value) {
      db_->Put(batch, Space::kLedger, key, *value);
    } else {
      db_->Delete(batch, Space::kLedger, key);
    }
    ASSERT_TRUE(db_->Write(batch, true).ok());
    Open();
  }

  fs::path folder_;
  SystemClock clock_;
  SecureRandom random_;
  std::unique_ptr<Database> db_;
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<Committer> committer_;
  std::unique_ptr<Ledger> ledger_;
};

TEST_F(AgreementTest, HoldsForWhatWasChargedAlsoAfterARestart) {
  EXPECT_TRUE(Check().ok()) << Check();
  Open();
  EXPECT_TRUE(Check().ok()) << Check();
}

TEST_F(AgreementTest, HoldsAfterARestoreThatForfeitsEverything) {
  ASSERT_TRUE(ledger_->ForfeitAll().ok());
  Open();
  EXPECT_TRUE(Check().ok()) << Check();
}

TEST_F(AgreementTest, NoticesEveryAskersRowThatIsMissing) {
  const std::vector<std::string> keys = Keys("a");
  ASSERT_EQ(keys.size(), 4u);
  for (const std::string& key : keys) {
    const absl::optional<std::string> row = *db_->Get(Space::kLedger, key);
    Set(key, absl::nullopt);
    EXPECT_EQ(Check().code(), absl::StatusCode::kDataLoss);
    Set(key, row);
    EXPECT_TRUE(Check().ok()) << Check();
  }
}

TEST_F(AgreementTest, NoticesACohortThatIsMissingWithItsAskers) {
  const std::vector<std::string> cohorts = Keys("c");  // in order of time
  ASSERT_EQ(cohorts.size(), 2u);
  for (const std::string& key : cohorts) {
    std::map<std::string, absl::optional<std::string>> rows = {{key, *db_->Get(Space::kLedger, key)}};
    for (const std::string& asker : Keys("a" + key.substr(1))) rows[asker] = *db_->Get(Space::kLedger, asker);
    for (const auto& [row, value] : rows) Set(row, absl::nullopt);  // askers before their cohort
    EXPECT_EQ(Check().code(), absl::StatusCode::kDataLoss);
    // A budget opened anew in its place does not hide it.
    ASSERT_TRUE(ledger_->OpenCohort(key == cohorts[0] ? kQ1 : kQ2, {8 * 1024, 1, 6}).ok());
    Open();
    EXPECT_EQ(Check().code(), absl::StatusCode::kDataLoss);
    for (auto row = rows.rbegin(); row != rows.rend(); ++row) Set(row->first, row->second);
    EXPECT_TRUE(Check().ok()) << Check();
  }
}

TEST_F(AgreementTest, NoticesARowOfAnEarlierTime) {
  const std::vector<std::string> cohorts = Keys("c");
  const absl::optional<std::string> before = *db_->Get(Space::kLedger, cohorts.back());
  Ask("third", {kQ2}, "SHA256:a", kUnit);
  Set(cohorts.back(), before);
  EXPECT_EQ(Check().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace penc
