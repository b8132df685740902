#include "office/applied.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "crypto/secure_random.h"

namespace penc {
namespace {

class Applied : public ::testing::Test {
 protected:
  Applied() {
    std::filesystem::remove_all(folder_);
    auto db = Database::Open(folder_);
    EXPECT_TRUE(db.ok()) << db.status();
    db_ = *std::move(db);
    auto journal = Journal::Open(*db_, random_);
    EXPECT_TRUE(journal.ok()) << journal.status();
    journal_ = *std::move(journal);
    committer_ = std::make_unique<Committer>(*db_, *journal_, clock_);
  }
  ~Applied() override {
    committer_.reset();
    db_.reset();
    std::filesystem::remove_all(folder_);
  }

  void Apply(AppliedKind kind, uint64_t previous, const std::string& text) {
    storage::v1::AppliedText applied = NextApplied(previous, text, clock_.Now());
    ASSERT_TRUE(committer_
                    ->Commit([&](Staging& staging) {
                      StageApplied(*db_, staging, kind, "name", applied);
                      return absl::OkStatus();
                    })
                    .ok());
  }

  const std::string folder_ = absl::StrCat(::testing::TempDir(), "/applied_test");
  SystemClock clock_;
  SecureRandom random_;
  std::unique_ptr<Database> db_;
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<Committer> committer_;
};

TEST_F(Applied, LatestVersionIsInForceAndAllAreJournaled) {
  EXPECT_FALSE(LatestApplied(*db_, AppliedKind::kPolicy)->has_value());
  for (uint64_t version = 0; version < 300; ++version) {
    Apply(AppliedKind::kPolicy, version, absl::StrCat("policy: p", version, "\n"));
  }
  Apply(AppliedKind::kCodebook, 0, "codebook: c\n");
  auto policy = LatestApplied(*db_, AppliedKind::kPolicy);
  ASSERT_TRUE(policy.ok() && policy->has_value());
  EXPECT_EQ((*policy)->version(), 300u);
  EXPECT_EQ((*policy)->text(), "policy: p299\n");
  EXPECT_EQ((*LatestApplied(*db_, AppliedKind::kCodebook))->version(), 1u);
  const auto all = AllApplied(*db_, AppliedKind::kPolicy);
  ASSERT_TRUE(all.ok()) << all.status();
  ASSERT_EQ(all->size(), 300u);
  EXPECT_EQ(all->front().version(), 300u);
  EXPECT_EQ(all->back().version(), 1u);
  EXPECT_EQ(journal_->size(), 301u);
}

TEST_F(Applied, DamagedTextIsNotPutIntoForce) {
  Apply(AppliedKind::kPolicy, 0, "policy: p\n");
  storage::v1::AppliedText damaged = NextApplied(1, "policy: p\n", clock_.Now());
  damaged.set_text("policy: q\n");
  ASSERT_TRUE(committer_
                  ->Commit([&](Staging& staging) {
                    StageApplied(*db_, staging, AppliedKind::kPolicy, "name", damaged);
                    return absl::OkStatus();
                  })
                  .ok());
  EXPECT_EQ(LatestApplied(*db_, AppliedKind::kPolicy).status().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace penc
