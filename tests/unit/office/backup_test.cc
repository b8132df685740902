#include "office/backup.h"

#include "ledger/ledger.h"
#include "office/balance.h"
#include "tests/support/small_office.h"

namespace penc {
namespace {

namespace fs = std::filesystem;

class BackupOf : public SmallOffice {
 protected:
  ~BackupOf() override {
    fs::remove_all(copy_);
    fs::remove(file_);
  }
  const std::string file_ = dir_ + ".backup";
  const std::string copy_ = dir_ + "-copy";
};

TEST_F(BackupOf, RestoresEverythingExceptTheBudget) {
  Create();
  ASSERT_TRUE(Import(Rows(300)).ok());
  ASSERT_TRUE(Close().ok());
  ASSERT_TRUE(Import(Rows(10, 300), "more.csv").ok());
  const std::string key = SigningKey::Generate(random_).verify_key().Fingerprint();
  ASSERT_TRUE(Grant(key, "iom-dakar").ok());
  v1::AdminCommand backup;
  backup.mutable_backup()->set_path(file_);
  auto made = Run(backup);
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(made->backup().bytes(), fs::file_size(file_));
  EXPECT_EQ(fs::status(file_).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(Run(backup).status().code(), absl::StatusCode::kAlreadyExists);
  v1::StatusResult before = Status();
  office_.reset();

  auto restored = Restore(file_, copy_, /*forfeit=*/false, environment());
  ASSERT_TRUE(restored.ok()) << restored.status();
  EXPECT_EQ(restored->name, "ALCRER");
  EXPECT_EQ(restored->cohorts, 1u);
  auto office = Office::Open(copy_, environment());
  ASSERT_TRUE(office.ok()) << office.status();
  office_ = *std::move(office);
  v1::StatusResult after = Status();
  EXPECT_EQ(after.persons(), before.persons());
  EXPECT_EQ(after.rows(), before.rows());
  EXPECT_EQ(after.staged_rows(), before.staged_rows());
  EXPECT_EQ(after.fingerprint(), before.fingerprint());
  EXPECT_TRUE(office_->Knows(key).ok());
  v1::BudgetResult budget = Budget();
  ASSERT_EQ(budget.cohorts_size(), 1);
  EXPECT_EQ(budget.cohorts(0).spent_ppm(), kWholePpm);
  for (const CohortBalance& balance : office_->ledger().Balances()) {
    EXPECT_FALSE(Fits(balance.promise, balance.spent, Cost{1, 1}));
  }
  v1::AdminCommand verify;
  verify.mutable_journal_verify();
  EXPECT_TRUE(Run(verify).ok());
  // People who come later bring new budget.
  ASSERT_TRUE(Close("2026-Q4").ok());
  EXPECT_EQ(Budget().cohorts(1).spent_ppm(), 0u);
}

TEST_F(BackupOf, RefusesWhatIsNoneAndLeavesNothingBehind) {
  Create();
  ASSERT_TRUE(WriteFileAtomically(file_, "person_ref,race\n").ok());
  EXPECT_EQ(Restore(file_, copy_, /*forfeit=*/false, environment()).status().code(),
            absl::StatusCode::kInvalidArgument);
  fs::remove(file_);
  ASSERT_TRUE(Backup(*office_, file_).ok());
  EXPECT_EQ(Restore(file_, dir_, /*forfeit=*/false, environment()).status().code(),
            absl::StatusCode::kAlreadyExists);
  fs::resize_file(file_, fs::file_size(file_) / 2);
  EXPECT_EQ(Restore(file_, copy_, /*forfeit=*/false, environment()).status().code(),
            absl::StatusCode::kDataLoss);
  EXPECT_FALSE(fs::exists(copy_));
  EXPECT_TRUE(Status().persons() == 0);
}

}  // namespace
}  // namespace penc
