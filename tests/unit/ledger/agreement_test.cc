#include "ledger/agreement.h"

#include <map>

#include "tests/support/small_ledger.h"

namespace penc {
namespace {

class AgreementTest : public SmallLedger {
 protected:
  AgreementTest() {
    Answered(Ask("first", kUnit, {kQ1, kQ2}, "SHA256:a"));
    Reserve(Ask("first", kUnit, {kQ1, kQ2}, "SHA256:b"));  // of the stored answer: its share only
    Answered(Ask("second", kUnit, {kQ2}, "SHA256:a", kUnit));
  }
  std::vector<std::string> Keys(const std::string& prefix) const {
    std::vector<std::string> keys;
    for (const auto& [key, value] : Rows(prefix)) keys.push_back(key);
    return keys;
  }
  // Another value for one row, or none; the ledger is opened again.
  void Set(const std::string& key, const absl::optional<std::string>& value) {
    SetRow(key, value);
    Open();
  }
};

TEST_F(AgreementTest, HoldsForWhatWasChargedAlsoAfterARestart) {
  EXPECT_TRUE(Agrees().ok()) << Agrees();
  Open();
  EXPECT_TRUE(Agrees().ok()) << Agrees();
}

TEST_F(AgreementTest, HoldsAfterARestoreThatForfeitsEverything) {
  ASSERT_TRUE(ledger_->ForfeitAll().ok());
  Open();
  EXPECT_TRUE(Agrees().ok()) << Agrees();
}

TEST_F(AgreementTest, NoticesEveryAskersRowThatIsMissing) {
  const std::vector<std::string> keys = Keys("a");
  ASSERT_EQ(keys.size(), 4u);
  for (const std::string& key : keys) {
    const absl::optional<std::string> row = *parts_.db->Get(Space::kLedger, key);
    Set(key, absl::nullopt);
    EXPECT_EQ(Agrees().code(), absl::StatusCode::kDataLoss);
    Set(key, row);
    EXPECT_TRUE(Agrees().ok()) << Agrees();
  }
}

TEST_F(AgreementTest, NoticesACohortThatIsMissingWithItsAskers) {
  const std::vector<std::string> cohorts = Keys("c");  // in order of time
  ASSERT_EQ(cohorts.size(), 2u);
  for (const std::string& key : cohorts) {
    std::map<std::string, absl::optional<std::string>> rows = {{key, *parts_.db->Get(Space::kLedger, key)}};
    for (const std::string& asker : Keys("a" + key.substr(1)))
      rows[asker] = *parts_.db->Get(Space::kLedger, asker);
    for (const auto& [row, value] : rows) Set(row, absl::nullopt);  // askers before their cohort
    EXPECT_EQ(Agrees().code(), absl::StatusCode::kDataLoss);
    // A budget opened anew in its place does not hide it.
    ASSERT_TRUE(ledger_->OpenCohort(key == cohorts[0] ? kQ1 : kQ2, kEight).ok());
    Open();
    EXPECT_EQ(Agrees().code(), absl::StatusCode::kDataLoss);
    for (auto row = rows.rbegin(); row != rows.rend(); ++row) Set(row->first, row->second);
    EXPECT_TRUE(Agrees().ok()) << Agrees();
  }
}

TEST_F(AgreementTest, NoticesARowOfAnEarlierTime) {
  const std::vector<std::string> cohorts = Keys("c");
  const absl::optional<std::string> before = *parts_.db->Get(Space::kLedger, cohorts.back());
  Answered(Ask("third", kUnit, {kQ2}, "SHA256:a", kUnit));
  Set(cohorts.back(), before);
  EXPECT_EQ(Agrees().code(), absl::StatusCode::kDataLoss);
}

TEST_F(AgreementTest, NoticesARowFromBeforeARefund) {
  Answered(Round("round", kUnit, {kQ2}, "SHA256:a", kUnit));
  const std::string cohort = Keys("c").back();
  const absl::optional<std::string> before = *parts_.db->Get(Space::kLedger, cohort);
  ASSERT_TRUE(ledger_->Refund(Sha256("round")).ok());
  EXPECT_TRUE(Agrees().ok()) << Agrees();
  Set(cohort, before);
  EXPECT_EQ(Agrees().code(), absl::StatusCode::kDataLoss) << "what was given back is shown for life";
}

TEST_F(AgreementTest, NoticesARefundThatIsToldTwiceOrOfMoreThanWasCharged) {
  Answered(Round("round", kUnit, {kQ2}, "SHA256:a", kUnit));
  ASSERT_TRUE(ledger_->Refund(Sha256("round")).ok());
  const auto told = [&](const std::string& slot, uint64_t renyi) {
    storage::v1::JournalLeaf leaf;
    leaf.mutable_refunded()->set_slot(Sha256(slot));
    if (renyi > 0) {
      storage::v1::CohortCharge* charge = leaf.mutable_refunded()->add_cohorts();
      charge->set_cohort("2026-Q1");
      charge->set_renyi(renyi);
    }
    EXPECT_TRUE(parts_.committer
                    ->Commit([&](Staging& staging) {
                      staging.Leaf(leaf);
                      return absl::OkStatus();
                    })
                    .ok());
    return Agrees().code();
  };
  EXPECT_EQ(told("another", 0), absl::StatusCode::kOk) << "taken from nobody";
  EXPECT_EQ(told("round", 0), absl::StatusCode::kDataLoss);
  Open();
  EXPECT_EQ(told("a third", kUnit + 1), absl::StatusCode::kDataLoss);
}

TEST_F(AgreementTest, NoticesAnEntryOfTheChargeLogThatTheLedgerLost) {
  const std::string log = Keys("f").back(), entry = Keys("e").back();
  const absl::optional<std::string> before = *parts_.db->Get(Space::kLedger, log);
  Answered(Ask("third", 1, {kQ2}));
  const std::string last = Keys("e").back();
  ASSERT_NE(last, entry);
  SetRow(last, absl::nullopt);
  Set(log, before);  // both rows go back in time together: what is left agrees with itself
  EXPECT_EQ(Agrees().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace penc
