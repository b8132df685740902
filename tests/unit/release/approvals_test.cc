// The register of what people decide: what it keeps apart, what it outlives, how much of it there may be.
#include "release/approvals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <rocksdb/write_batch.h>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "tests/support/small_store.h"

namespace penc {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Row = Approvals::Row;

class ApprovalsTest : public SmallStore {
 protected:
  ApprovalsTest() { Again(); }
  ~ApprovalsTest() override { approvals_.reset(); }

  // As after kill -9.
  void Again() {
    approvals_.reset();
    Open();
    approvals_ = Approvals::Open(*database_, *committer_).value();
    approvals_->OnAsked([this] { ++told_; });
  }
  InForce Now() const { return {"policy", "codebook", kEdition, clock_.Now()}; }
  static Row Question(const std::string& plan, const std::string& asker = "SHA256:a",
                      const std::string& qid = "") {
    Row row;
    row.set_slot(absl::StrCat("slot of ", plan, qid));
    row.set_plan_id(plan);
    row.set_asker(asker);
    row.set_purpose("plaidoyer");
    row.set_policy_sha256("policy");
    row.set_codebook_sha256("codebook");
    row.set_edition(kEdition);
    row.set_qid(qid);
    return row;
  }
  static Subject SubjectOf(const Row& row) {
    return {row.slot(), row.plan_id(), row.asker(), row.purpose(), row.policy_sha256()};
  }
  absl::optional<absl::Time> Ask(const Row& row, uint32_t most = 20) {
    const auto until =
        approvals_->Ask(row, clock_.Now() + absl::Hours(24 * 14), most, Now(), "SELECT 1", "2026-Q3");
    EXPECT_TRUE(until.ok()) << until.status();
    return until.ok() ? *until : absl::nullopt;
  }
  absl::StatusOr<Row> Decide(uint64_t number, bool approve, const std::string& because = "",
                             const std::string& by = "Awa") {
    return approvals_->Decide(number, approve, because, by, absl::Hours(24 * 14), Now());
  }
  std::vector<uint64_t> Numbers() {
    std::vector<uint64_t> numbers;
    for (const Row& row : approvals_->All(Now())) numbers.push_back(row.number());
    return numbers;
  }
  // What the journal says of it.
  std::string Leaves() {
    std::string all;
    EXPECT_TRUE(journal_
                    ->ForEach(0,
                              [&](uint64_t, absl::string_view bytes) {
                                storage::v1::JournalLeaf leaf;
                                EXPECT_TRUE(
                                    leaf.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
                                if (leaf.has_decision_asked())
                                  absl::StrAppend(&all, "asked ", leaf.decision_asked().number(), ";");
                                if (leaf.has_decided())
                                  absl::StrAppend(&all, leaf.decided().approved() ? "approved " : "refused ",
                                                  leaf.decided().number(), ";");
                                for (uint64_t number : leaf.decision_lapsed().numbers())
                                  absl::StrAppend(&all, "lapsed ", number, ";");
                                return true;
                              })
                    .ok());
    return all;
  }

  static constexpr Edition kEdition = 226;
  std::unique_ptr<Approvals> approvals_;
  int told_ = 0;
};

TEST_F(ApprovalsTest, AskingAgainAddsNothing) {
  const absl::optional<absl::Time> first = Ask(Question("a"));
  ASSERT_TRUE(first.has_value());
  clock_.now += absl::Hours(5);
  EXPECT_EQ(Ask(Question("a")), first) << "and does not put it off";
  EXPECT_THAT(Numbers(), ElementsAre(1));
  EXPECT_EQ(told_, 1);
  EXPECT_EQ(Leaves(), "asked 1;");
}

TEST_F(ApprovalsTest, EveryPartOfASubjectMakesItAnotherQuestion) {
  Row a = Question("a");
  Ask(a);
  ASSERT_TRUE(Decide(1, true).ok());
  const Subject same = SubjectOf(a);
  EXPECT_TRUE(approvals_->Find(same, clock_.Now()).has_value());
  for (std::string Subject::*part :
       {&Subject::slot, &Subject::plan_id, &Subject::asker, &Subject::purpose, &Subject::policy_hash}) {
    Subject other = same;
    other.*part = "another";
    EXPECT_FALSE(approvals_->Find(other, clock_.Now()).has_value());
  }
}

TEST_F(ApprovalsTest, ADecisionOutlivesTheProgramAndIsOneLeaf) {
  Ask(Question("a"));
  Ask(Question("b"));
  Again();
  EXPECT_THAT(Numbers(), ElementsAre(1, 2));
  ASSERT_TRUE(Decide(1, true, "", "Awa").ok());
  ASSERT_TRUE(Decide(2, false, "pas pendant les arrestations", "Awa").ok());
  Again();
  const auto approved = approvals_->Find(SubjectOf(Question("a")), clock_.Now()),
             refused = approvals_->Find(SubjectOf(Question("b")), clock_.Now());
  ASSERT_TRUE(approved.has_value() && refused.has_value());
  EXPECT_TRUE(VerdictOf(*approved)->approved);
  EXPECT_FALSE(VerdictOf(*refused)->approved);
  EXPECT_EQ(VerdictOf(*refused)->because, "pas pendant les arrestations");
  EXPECT_EQ(refused->by(), "Awa");
  EXPECT_EQ(Leaves(), "asked 1;asked 2;approved 1;refused 2;");
}

TEST_F(ApprovalsTest, APersonMayChangeTheirMind) {
  Ask(Question("a"));
  ASSERT_TRUE(Decide(1, true).ok());
  ASSERT_TRUE(Decide(1, false, "à la réflexion").ok());
  EXPECT_FALSE(VerdictOf(*approvals_->Find(SubjectOf(Question("a")), clock_.Now()))->approved);
  ASSERT_TRUE(Decide(1, true).ok());
  EXPECT_TRUE(VerdictOf(*approvals_->Find(SubjectOf(Question("a")), clock_.Now()))->approved);
}

TEST_F(ApprovalsTest, WhatNobodyDecidesExpiresAndComesBackUnderAnotherNumber) {
  Ask(Question("a"));
  clock_.now += absl::Hours(24 * 14);
  EXPECT_FALSE(approvals_->Find(SubjectOf(Question("a")), clock_.Now()).has_value());
  EXPECT_TRUE(absl::IsNotFound(Decide(1, true).status()));
  EXPECT_THAT(Numbers(), ElementsAre());
  Ask(Question("a"));
  EXPECT_THAT(Numbers(), ElementsAre(2)) << "a number never means two questions";
  EXPECT_EQ(Leaves(), "asked 1;lapsed 1;asked 2;");
  Again();
  EXPECT_THAT(Numbers(), ElementsAre(2));
}

TEST_F(ApprovalsTest, ANumberIsNotUsedTwiceThoughItsQuestionIsGone) {
  Ask(Question("a"));
  Ask(Question("b"));
  clock_.now += absl::Hours(24 * 15);
  Ask(Question("c"));
  Again();
  Ask(Question("d"));
  EXPECT_THAT(Numbers(), ElementsAre(3, 4));
}

TEST_F(ApprovalsTest, AnApprovalHoldsFourteenDaysARefusalAsLongAsEditionAndRules) {
  Ask(Question("a"));
  Ask(Question("b"));
  clock_.now += absl::Hours(24 * 13);
  ASSERT_TRUE(Decide(1, true).ok());
  ASSERT_TRUE(Decide(2, false, "non").ok());
  clock_.now += absl::Hours(24 * 14) - absl::Seconds(1);
  EXPECT_TRUE(approvals_->Find(SubjectOf(Question("a")), clock_.Now()).has_value());
  clock_.now += absl::Seconds(1);
  EXPECT_FALSE(approvals_->Find(SubjectOf(Question("a")), clock_.Now()).has_value());
  clock_.now += absl::Hours(24 * 365);
  EXPECT_TRUE(approvals_->Find(SubjectOf(Question("b")), clock_.Now()).has_value());
}

TEST_F(ApprovalsTest, ARoundEndsByItself) {
  const Row row = Question("a", "SHA256:a", "qid");
  ASSERT_TRUE(approvals_->Ask(row, clock_.Now() + absl::Hours(72), 20, Now(), "", "").ok());
  EXPECT_TRUE(approvals_->Waits("qid", Now()));
  EXPECT_FALSE(approvals_->Waits("other", Now()));
  ASSERT_TRUE(Decide(1, false, "non").ok());
  EXPECT_FALSE(approvals_->Waits("qid", Now()));
  clock_.now += absl::Hours(72);
  EXPECT_FALSE(approvals_->Find(SubjectOf(row), clock_.Now()).has_value());
  EXPECT_TRUE(absl::IsNotFound(Decide(1, true).status())) << "too late";
}

TEST_F(ApprovalsTest, OtherRulesAndAnotherEditionEndWhatWaits) {
  Ask(Question("a"));
  for (int what = 0; what < 4; ++what) {
    InForce later = Now();
    if (what == 0) later.policy_hash = "another";
    if (what == 1) later.codebook_hash = "another";
    if (what == 2) later.edition = kEdition + 1;
    if (what == 3) later.edition.reset();
    EXPECT_TRUE(approvals_->All(later).empty());
    EXPECT_TRUE(absl::IsNotFound(approvals_->Decide(1, true, "", "", absl::Hours(1), later).status()));
  }
  EXPECT_TRUE(Decide(1, true).ok());
}

TEST_F(ApprovalsTest, APartnerCannotFloodIt) {
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(Ask(Question(absl::StrCat("q", i)), 3).has_value());
  EXPECT_FALSE(Ask(Question("q3"), 3).has_value());
  EXPECT_TRUE(Ask(Question("q1"), 3).has_value()) << "known already";
  EXPECT_TRUE(Ask(Question("q3", "SHA256:b"), 3).has_value()) << "somebody else";
  EXPECT_TRUE(Decide(2, false, "non").ok());
  EXPECT_TRUE(Ask(Question("q3"), 3).has_value()) << "one was decided";
  EXPECT_FALSE(Ask(Question("q4"), 3).has_value());
  clock_.now += absl::Hours(24 * 14);
  EXPECT_TRUE(Ask(Question("q4"), 3).has_value()) << "the others expired";
}

TEST_F(ApprovalsTest, ARefusalNeedsAReasonThatFitsOnALine) {
  Ask(Question("a"));
  EXPECT_TRUE(absl::IsInvalidArgument(Decide(1, false, "").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Decide(1, false, " \t").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Decide(1, false, std::string(301, 'x')).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Decide(1, false, "non\x1b[2J").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Decide(1, false, "non\xff").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Decide(1, true, "", std::string(101, 'x')).status()));
  EXPECT_EQ(Leaves(), "asked 1;");
  EXPECT_TRUE(Decide(1, false, std::string(300, 'x')).ok());
}

// A damaged row is not taken for "nobody was asked": what somebody had refused could be approved by a slip.
TEST_F(ApprovalsTest, ADamagedRegisterDoesNotOpen) {
  Ask(Question("a"));
  for (const char* prefix : {"approval/", "approvals"}) {
    std::string key, value;
    ASSERT_TRUE(database_
                    ->Scan(Space::kOffice, prefix,
                           [&](absl::string_view k, absl::string_view v) {
                             key = std::string(k);
                             value = std::string(v);
                             return false;
                           })
                    .ok());
    ASSERT_FALSE(key.empty());
    for (int kind = 0; kind < 2; ++kind) {
      std::string bad = value;
      bad[bad.size() / 2] ^= 1;
      rocksdb::WriteBatch damage, mend;
      if (kind == 0) database_->Put(damage, Space::kOffice, key, bad);
      if (kind == 1) {  // the counter lost: its number could come again; the row under another key
        database_->Delete(damage, Space::kOffice, key);
        if (key != "approvals")
          database_->Put(damage, Space::kOffice, absl::StrCat(prefix, "12345678"), value);
      }
      ASSERT_TRUE(database_->Write(damage, true).ok());
      EXPECT_TRUE(absl::IsDataLoss(Approvals::Open(*database_, *committer_).status())) << prefix << kind;
      database_->Put(mend, Space::kOffice, key, value);
      database_->Delete(mend, Space::kOffice, absl::StrCat(prefix, "12345678"));
      ASSERT_TRUE(database_->Write(mend, true).ok());
    }
  }
  EXPECT_TRUE(Approvals::Open(*database_, *committer_).ok());
}

}  // namespace
}  // namespace penc
