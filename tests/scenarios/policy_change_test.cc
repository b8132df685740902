// A policy changes: what one person may do alone, what takes two, and what a signature is good for.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_replace.h"
#include "journal/journal.h"
#include "tests/support/small_office.h"
#include "tests/support/two_persons.h"

namespace penc {
namespace {

const std::string kTighter = absl::StrReplaceAll(kSmallPolicy, {{"work.year: allow", "work.year: ask"}});
const std::string kLooser = absl::StrReplaceAll(kSmallPolicy, {{"cells: 65536", "cells: 65537"}});

class PolicyChange : public SmallOffice {
 protected:
  void SetUp() override { Create(); }

  void EnrolBoth() {
    ASSERT_TRUE(both_.awa.EnrolIn(*office_).ok());
    ASSERT_TRUE(both_.moussa.EnrolIn(*office_).ok());
  }
  absl::StatusCode Apply(const std::string& text, const std::vector<std::string>& signatures = {}) {
    const auto applied = office_->ApplyPolicy("p.yaml", text, signatures);
    if (applied.ok()) return absl::StatusCode::kOk;
    EXPECT_NE(Explain(applied.status()).fr, Explain(applied.status()).en);
    EXPECT_EQ(Version(), version_before_) << "nothing changes";
    return applied.status().code();
  }
  uint64_t Version() { return Versions().versions(0).version(); }
  v1::PolicyVersionsResult Versions() {
    v1::AdminCommand command;
    command.mutable_policy_versions();
    return Run(command)->policy_versions();
  }
  storage::v1::JournalLeaf LastLeaf() {
    storage::v1::JournalLeaf leaf;
    EXPECT_TRUE(office_->journal()
                    .ForEach(office_->journal().size() - 1,
                             [&](uint64_t, absl::string_view bytes) {
                               return leaf.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
                             })
                    .ok());
    return leaf;
  }
  std::string Lifts(const SigningPerson& person) {
    return person.Signs(LiftDecision(office_->identity().fingerprint, office_->rules().stop_leaf));
  }

  uint64_t version_before_ = 1;
  TwoPersons both_;
};

TEST_F(PolicyChange, OnePersonTightensAndTheJournalSaysSo) {
  ASSERT_EQ(Apply(kTighter), absl::StatusCode::kOk);
  EXPECT_EQ(LastLeaf().policy_applied().verdict(), static_cast<uint32_t>(v1::DIRECTION_TIGHTENS));
  EXPECT_EQ(Versions().versions(0).verdict(), v1::DIRECTION_TIGHTENS);
  EXPECT_EQ(Apply(absl::StrCat(kTighter, "# a remark\n")), absl::StatusCode::kOk)
      << "the same by its meaning";
}

TEST_F(PolicyChange, NothingLoosensUntilBothAreEnrolledAndBothSign) {
  EXPECT_EQ(Apply(kLooser), absl::StatusCode::kFailedPrecondition) << "nobody is enrolled";
  ASSERT_TRUE(both_.awa.EnrolIn(*office_).ok());
  EXPECT_EQ(Apply(kLooser, {both_.awa.SignsPolicy(*office_, kLooser)}),
            absl::StatusCode::kFailedPrecondition);
  ASSERT_TRUE(both_.moussa.EnrolIn(*office_).ok());
  const std::string awa = both_.awa.SignsPolicy(*office_, kLooser);
  const std::string moussa = both_.moussa.SignsPolicy(*office_, kLooser);
  EXPECT_EQ(Apply(kLooser), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(Apply(kLooser, {awa}), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(Apply(kLooser, {moussa}), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(Apply(kLooser, {awa, awa}), absl::StatusCode::kUnauthenticated) << "twice the same person";
  ASSERT_EQ(Apply(kLooser, {awa, moussa}), absl::StatusCode::kOk);
  Open();
  EXPECT_EQ(office_->rules().policy->max_cells, 65537u);
  const v1::PolicyVersion version = Versions().versions(0);
  EXPECT_EQ(version.verdict(), v1::DIRECTION_LOOSENS);
  ASSERT_EQ(version.signers_size(), 2);
  EXPECT_EQ(version.signers(0).name(), "Awa");
}

TEST_F(PolicyChange, ASignatureIsOfNoUseForAnythingElse) {
  EnrolBoth();
  const std::string awa = both_.awa.SignsPolicy(*office_, kLooser);
  const std::string moussa = both_.moussa.SignsPolicy(*office_, kLooser);
  // Another text, by one letter.
  EXPECT_EQ(Apply(absl::StrCat(kLooser, "#"), {awa, moussa}), absl::StatusCode::kUnauthenticated);
  // Another office.
  const auto elsewhere = PolicyDecision("SHA256:other", 2, office_->rules().policy->hash, Sha256(kLooser));
  EXPECT_EQ(Apply(kLooser, {both_.awa.Signs(elsewhere), moussa}), absl::StatusCode::kUnauthenticated);
  // Somebody who is not enrolled; and the fields of one who is, with another's signature below.
  const SigningPerson stranger("Awa", "responsable", both_.random);
  EXPECT_EQ(Apply(kLooser, {stranger.SignsPolicy(*office_, kLooser), moussa}),
            absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(Apply(kLooser, {absl::StrReplaceAll(stranger.SignsPolicy(*office_, kLooser),
                                                {{stranger.officer.key(), both_.awa.officer.key()}}),
                            moussa}),
            absl::StatusCode::kUnauthenticated);
  // Again, after the policy was taken back.
  ASSERT_EQ(Apply(kLooser, {awa, moussa}), absl::StatusCode::kOk);
  ASSERT_EQ(Apply(kSmallPolicy), absl::StatusCode::kOk);
  version_before_ = 3;
  EXPECT_EQ(Apply(kLooser, {awa, moussa}), absl::StatusCode::kUnauthenticated);
}

TEST_F(PolicyChange, WhoMaySignIsChangedByAResponsableOnly) {
  EnrolBoth();
  const SigningPerson deputy("Fatou", "responsable", both_.random),
      other("Ali", "administrator", both_.random);
  const std::string office = office_->identity().fingerprint;
  EXPECT_EQ(deputy.EnrolIn(*office_).code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(
      deputy.EnrolIn(*office_, {both_.moussa.Signs(EnrolDecision(office, 2, deputy.officer, false))}).code(),
      absl::StatusCode::kUnauthenticated)
      << "the administrator's signature is not enough";
  EXPECT_EQ(
      deputy.EnrolIn(*office_, {both_.awa.Signs(EnrolDecision(office, 2, other.officer, false))}).code(),
      absl::StatusCode::kUnauthenticated)
      << "of another person";
  const std::string vouched = both_.awa.Signs(EnrolDecision(office, 2, deputy.officer, true));
  EXPECT_EQ(deputy.EnrolIn(*office_, {vouched}).code(), absl::StatusCode::kUnauthenticated)
      << "signed --only";
  SigningPerson renamed("Awa Traore", "responsable", both_.random);
  renamed.key = deputy.key.Copy();
  renamed.officer = deputy.officer;
  renamed.officer.set_officer("Awa Traore");
  EXPECT_EQ(renamed.EnrolIn(*office_, {vouched}, true).code(), absl::StatusCode::kUnauthenticated)
      << "under another name than was signed";
  ASSERT_TRUE(deputy.EnrolIn(*office_, {vouched}, true).ok());
  EXPECT_EQ(LastLeaf().officers_changed().officers().officers_size(), 2);
  // Awa signs no longer.
  EXPECT_EQ(
      Apply(kLooser, {both_.awa.SignsPolicy(*office_, kLooser), both_.moussa.SignsPolicy(*office_, kLooser)}),
      absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(
      Apply(kLooser, {deputy.SignsPolicy(*office_, kLooser), both_.moussa.SignsPolicy(*office_, kLooser)}),
      absl::StatusCode::kOk);
  // One key in both roles would be one person.
  SigningPerson both_roles = SigningPerson("Moussa", "responsable", both_.random);
  both_roles.officer = MakeOfficer("Moussa", "responsable", both_.moussa.key.verify_key());
  EXPECT_EQ(both_roles.EnrolIn(*office_, {deputy.Signs(EnrolDecision(office, 3, both_roles.officer, false))})
                .code(),
            absl::StatusCode::kAlreadyExists);
}

TEST_F(PolicyChange, AnybodyStopsAndTheResponsableLetsItEnd) {
  ASSERT_TRUE(office_->SetStopped(true).ok());
  EXPECT_TRUE(office_->SetStopped(false).ok()) << "nobody is enrolled";
  EnrolBoth();
  ASSERT_TRUE(office_->SetStopped(true).ok());
  const std::string awa = Lifts(both_.awa);
  EXPECT_FALSE(office_->SetStopped(false).ok());
  EXPECT_FALSE(office_->SetStopped(false, {Lifts(both_.moussa)}).ok());
  EXPECT_TRUE(office_->rules().stopped);
  Open();
  ASSERT_TRUE(office_->SetStopped(false, {awa}).ok());
  EXPECT_EQ(LastLeaf().stopped().signers_size(), 1);
  ASSERT_TRUE(office_->SetStopped(true).ok());
  EXPECT_EQ(office_->SetStopped(false, {awa}).code(), absl::StatusCode::kUnauthenticated)
      << "that was another stop";
  EXPECT_TRUE(office_->rules().stopped);
}

TEST_F(PolicyChange, ARaisedPromiseIsForPersonsToCome) {
  ASSERT_TRUE(Import(Rows(20)).ok());
  ASSERT_TRUE(Close("2026-Q2").ok());
  ASSERT_TRUE(both_.Apply(*office_, absl::StrReplaceAll(kSmallPolicy, {{"epsilon: 8", "epsilon: 16"}})).ok());
  ASSERT_TRUE(Import(Rows(20, 100), "more.csv").ok());
  ASSERT_TRUE(Close("2026-Q3").ok());
  const v1::BudgetResult budget = Budget();
  ASSERT_EQ(budget.cohorts_size(), 2);
  EXPECT_EQ(budget.cohorts(0).epsilon(), "8");
  EXPECT_EQ(budget.cohorts(1).epsilon(), "16");
}

TEST_F(PolicyChange, AnExerciseMayLoosenAlone) {
  office_.reset();
  std::filesystem::remove_all(dir_);
  InitOptions init = Init();
  init.practice = true;
  ASSERT_TRUE(Office::Create(dir_, init, environment()).ok());
  Open();
  const auto applied = office_->ApplyPolicy("p.yaml", kLooser);
  ASSERT_TRUE(applied.ok()) << applied.status();
  EXPECT_TRUE(applied->alone);
}

}  // namespace
}  // namespace penc
