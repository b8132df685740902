// W, witnessed heads, and what an office that comes back from an old copy takes over.
#include <map>
#include <random>

#include "absl/strings/str_cat.h"
#include "ledger/unwitnessed.h"
#include "tests/support/small_ledger.h"

namespace penc {
namespace {

class WitnessedLedger : public SmallLedger {
 protected:
  WitnessedLedger() { ledger_->HoldToWitnesses(true); }
  void Reopen(const std::string& name = "db") {
    Open(name);
    ledger_->HoldToWitnesses(true);
  }
  const uint64_t budget_ = RenyiBudget(kEight);
  const uint64_t w_ =
      static_cast<uint64_t>(static_cast<unsigned __int128>(budget_) * kUnwitnessedPpm / 1000000);
};

TEST_F(WitnessedLedger, LocalChargesStopExactlyAtW) {
  Answered(Ask("1", w_ - 10, {kQ2}));
  const Slot refused = Reserve(Ask("2", 11));
  EXPECT_EQ(refused.refusal, v1::REFUSAL_UNWITNESSED);
  EXPECT_EQ(refused.exhausted, std::vector<Edition>{kQ2});
  EXPECT_EQ(SpentOf(kQ1).renyi, 0u) << "charged nowhere";
  EXPECT_EQ(Head().size(), 1u);
  Answered(Ask("3", 10));
  EXPECT_EQ(RefusalOf(Ask("4", 1, {kQ2})), v1::REFUSAL_UNWITNESSED);
  Answered(Ask("5", w_ - 10, {kQ1}));
  EXPECT_EQ(RefusalOf(Ask("6", 1, {kQ1})), v1::REFUSAL_UNWITNESSED);
  EXPECT_EQ(Reserve(Ask("3", 10)).state, Slot::State::kCommitted) << "stored answers are given";
  EXPECT_EQ(Reserve(Ask("3", 10, {kQ1, kQ2}, "SHA256:b")).state, Slot::State::kCommitted);
  Reopen();
  EXPECT_EQ(RefusalOf(Ask("4", 1, {kQ2})), v1::REFUSAL_UNWITNESSED);
  EXPECT_EQ(BalanceOf(kQ2).unwitnessed.renyi, w_);
}

TEST_F(WitnessedLedger, BudgetAndShareAreRefusedBeforeW) {
  EXPECT_EQ(RefusalOf(Ask("1", budget_ + 1)), v1::REFUSAL_BUDGET_EXHAUSTED);
  Charge poor = Ask("2", w_ + 1);
  poor.share_ppm = 1000;
  EXPECT_EQ(RefusalOf(poor), v1::REFUSAL_SHARE_EXHAUSTED);
  EXPECT_EQ(RefusalOf(Ask("3", w_ + 1)), v1::REFUSAL_UNWITNESSED);
}

// What an adoption adds bounds the Rényi spending that may be lost only if a small pure cost does not let a
// large Rényi cost through.
TEST_F(WitnessedLedger, ASmallPureCostIsNoWayAroundW) {
  EXPECT_EQ(RefusalOf(Ask("1", w_ + 1, {kQ1}, "SHA256:a", 1)), v1::REFUSAL_UNWITNESSED);
  ASSERT_TRUE(ledger_->OpenCohort(kQ3, {8 * 1024, 0, 0}).ok());  // delta = 0: pure decides
  const uint64_t w = PureBudget(kEight) / 20;
  EXPECT_EQ(RefusalOf(Ask("2", 1, {kQ3}, "SHA256:a", w + 1)), v1::REFUSAL_UNWITNESSED);
  Answered(Ask("3", 1, {kQ3}, "SHA256:a", w));
  EXPECT_EQ(RefusalOf(Ask("4", 1, {kQ3}, "SHA256:a", 1)), v1::REFUSAL_UNWITNESSED);
}

TEST_F(WitnessedLedger, RoundsAndOfficesWithoutANetworkAreNotBoundByW) {
  Answered(Round("r", 6 * w_));
  EXPECT_EQ(BalanceOf(kQ1).unwitnessed.renyi, 0u);
  Answered(Ask("1", w_));
  ledger_->HoldToWitnesses(false);
  Answered(Ask("2", 3 * w_));
  EXPECT_EQ(BalanceOf(kQ1).unwitnessed.renyi, 4 * w_) << "counted all the same: it may join";
  ledger_->HoldToWitnesses(true);
  EXPECT_EQ(RefusalOf(Ask("3", 1)), v1::REFUSAL_UNWITNESSED);
}

TEST_F(WitnessedLedger, AWitnessedHeadCountsFromThereOn) {
  Answered(Ask("1", w_ / 2));
  const v1::ChargeLogHead first = Head();
  Answered(Round("r", 5 * w_));
  const v1::ChargeLogHead second = Head();
  Answered(Ask("2", w_ / 4, {kQ2}));
  EXPECT_TRUE(Witnessed(second));
  for (int pass = 0; pass < 2; ++pass) {
    EXPECT_EQ(BalanceOf(kQ1).unwitnessed.renyi, 0u);
    EXPECT_EQ(BalanceOf(kQ2).unwitnessed.renyi, w_ / 4);
    Reopen();
  }
  EXPECT_TRUE(Witnessed(first)) << "an earlier head is part of the log";
  EXPECT_EQ(BalanceOf(kQ1).unwitnessed.renyi, 0u) << "and changes nothing";
  Answered(Ask("3", w_, {kQ1}));
  EXPECT_EQ(RefusalOf(Ask("4", w_, {kQ2})), v1::REFUSAL_UNWITNESSED);
  EXPECT_TRUE(Witnessed(Head()));
  Answered(Ask("4", w_, {kQ2}));
}

TEST_F(WitnessedLedger, KnowsAHeadThatIsNotItsOwn) {
  Answered(Ask("1", 1));
  const v1::ChargeLogHead head = Head();
  EXPECT_TRUE(*ledger_->SetWitnessed(0, 1, head.root()));
  EXPECT_FALSE(*ledger_->SetWitnessed(0, 1, Sha256("another chain")));
  EXPECT_FALSE(*ledger_->SetWitnessed(0, 2, head.root())) << "it is behind";
  EXPECT_FALSE(*ledger_->SetWitnessed(1, 1, head.root())) << "it has been restored since";
  EXPECT_EQ(BalanceOf(kQ1).unwitnessed.renyi, 0u);
}

// A copy of the disk, the office that goes on, is lost, and the copy that comes back.
TEST_F(WitnessedLedger, ACopyThatComesBackTakesOverWhatStewardsSawAndW) {
  Answered(Ask("1", 100, {kQ1}, "SHA256:a", 1000));
  ASSERT_TRUE(Witnessed(Head()));
  const Slot open = Reserve(Round("open", 50));
  Copy("copy");
  ledger_->Abandon(open);
  Answered(Round("r", 5 * w_, {kQ2}));
  const v1::ChargeLogHead seen = Head();
  ASSERT_TRUE(Witnessed(seen));
  Answered(Ask("lost", w_));
  const std::map<Edition, uint64_t> truth = {{kQ1, SpentOf(kQ1).renyi}, {kQ2, SpentOf(kQ2).renyi}};

  Reopen("copy");
  EXPECT_FALSE(Witnessed(seen));
  ASSERT_TRUE(ledger_->Adopt(AsSeen(seen)).ok());
  for (int pass = 0; pass < 3; ++pass) {
    for (const auto& [cohort, spent] : truth) {
      EXPECT_EQ(SpentOf(cohort).renyi, seen.renyi() + w_ + 1) << "rounded up";
      EXPECT_GE(SpentOf(cohort).renyi, spent);
      EXPECT_EQ(SpentOf(cohort).pure, kInfinitePure);
      EXPECT_EQ(BalanceOf(cohort).gross.renyi, SpentOf(cohort).renyi);
    }
    EXPECT_EQ(ledger_->Position().generation, 1u);
    EXPECT_EQ(ledger_->Position().size, 1u);
    EXPECT_TRUE(Agrees().ok()) << Agrees();
    if (pass == 0) Reopen("copy");
    if (pass == 1) {
      ASSERT_TRUE(ledger_->Adopt(AsSeen(seen)).ok()) << "the same head again changes nothing";
    }
  }
  EXPECT_EQ(RefusalOf(Round("open", 50)), v1::REFUSAL_GIVEN_UP) << "it may have been sent since";
  EXPECT_EQ(Reserve(Ask("1", 100)).answer, "bytes");

  const auto leaves = Leaves();
  const auto restored =
      std::find_if(leaves.begin(), leaves.end(), [](const auto& leaf) { return leaf.has_restored(); });
  ASSERT_NE(restored, leaves.end());
  EXPECT_FALSE(restored->restored().forfeited());
  EXPECT_EQ(restored->restored().adopted().size(), seen.size());
  EXPECT_EQ(restored->restored().generation(), 1u);

  // Stewards know nothing of what it spends until they have seen a head of the new generation.
  EXPECT_EQ(RefusalOf(Ask("2", 1)), v1::REFUSAL_UNWITNESSED);
  Answered(Round("r2", 5));
  const v1::ChargeLogHead next = Head();
  EXPECT_EQ(next.generation(), 1u);
  EXPECT_EQ(next.size(), 2u);
  EXPECT_EQ(next.links_size(), 0);
  EXPECT_EQ(next.adopted().SerializeAsString(), AsSeen(seen).SerializeAsString());
  EXPECT_GE(next.renyi(), seen.renyi());
  EXPECT_TRUE(Witnessed(seen)) << "what was taken over is nothing to take over again";
  EXPECT_EQ(RefusalOf(Ask("2", 1)), v1::REFUSAL_UNWITNESSED);
  EXPECT_TRUE(Witnessed(next));
  Answered(Ask("2", w_));
  EXPECT_TRUE(Agrees().ok()) << Agrees();
}

TEST_F(WitnessedLedger, AnAnswerThatIsBeingMadeIsNotGivenAfterTakingOver) {
  const Slot local = Reserve(Ask("q", 5));
  const Slot regional = Reserve(Round("r", 5));
  v1::AdoptedHead seen = AsSeen(Head());
  seen.set_size(seen.size() + 3);
  ASSERT_TRUE(ledger_->Adopt(seen).ok());
  for (const Slot& slot : {local, regional}) {
    EXPECT_EQ(ledger_->Commit(slot, "bytes").code(), absl::StatusCode::kFailedPrecondition);
  }
  EXPECT_EQ(RefusalOf(Ask("q", 5)), v1::REFUSAL_GIVEN_UP);
  EXPECT_EQ(RefusalOf(Round("r", 5)), v1::REFUSAL_GIVEN_UP);
  Reopen();
  EXPECT_EQ(RefusalOf(Round("r", 5)), v1::REFUSAL_GIVEN_UP);
  EXPECT_TRUE(Agrees().ok()) << Agrees();
}

TEST_F(WitnessedLedger, EachFurtherLossBeginsAFurtherGeneration) {
  Answered(Round("1", 10));
  Copy("copy");
  Answered(Round("2", 10));
  const v1::ChargeLogHead first = Head();
  Reopen("copy");
  ASSERT_TRUE(ledger_->Adopt(AsSeen(first)).ok());
  Answered(Round("3", 10));
  const v1::ChargeLogHead second = Head();
  ASSERT_EQ(second.generation(), 1u);
  Reopen("db");  // it answered to the first generation
  EXPECT_FALSE(Witnessed(second));
  ASSERT_TRUE(ledger_->Adopt(AsSeen(second)).ok());
  EXPECT_EQ(ledger_->Position().generation, 2u);
  EXPECT_GE(SpentOf(kQ1).renyi, second.renyi() + w_);
  // A steward that saw more of the first generation than was taken over: once more.
  v1::AdoptedHead more = AsSeen(second);
  more.set_size(7);
  more.set_renyi(second.renyi() + 30);
  EXPECT_FALSE(*ledger_->SetWitnessed(1, 7, second.root()));
  ASSERT_TRUE(ledger_->Adopt(more).ok());
  EXPECT_EQ(ledger_->Position().generation, 3u);
  EXPECT_GE(SpentOf(kQ1).renyi, more.renyi() + w_);
  ASSERT_TRUE(ledger_->Adopt(AsSeen(second)).ok());
  EXPECT_EQ(ledger_->Position().generation, 3u) << "less than was taken over";
  EXPECT_TRUE(*ledger_->SetWitnessed(1, 2, second.root()));
  EXPECT_TRUE(*ledger_->SetWitnessed(0, 9, first.root())) << "of a generation before that";
  Reopen();
  EXPECT_EQ(ledger_->Position().generation, 3u);
  EXPECT_TRUE(Agrees().ok()) << Agrees();
}

TEST_F(WitnessedLedger, InfiniteAmountsAreTakenOverAsSuch) {
  Answered(Round("1", 10, {kQ1}, "SHA256:a", 5));
  v1::AdoptedHead seen = AsSeen(Head());
  seen.set_size(2);
  seen.set_pure(kInfinitePure);
  seen.set_renyi(UINT64_MAX);
  ASSERT_TRUE(ledger_->OpenCohort(kQ3, {8 * 1024, 0, 0}).ok());
  ASSERT_TRUE(ledger_->Adopt(seen).ok());
  for (Edition cohort : {kQ1, kQ2, kQ3}) {
    EXPECT_EQ(SpentOf(cohort).pure, kInfinitePure);
    EXPECT_EQ(RefusalOf(Round("r", 1, {cohort}, "SHA256:a", 1)), v1::REFUSAL_BUDGET_EXHAUSTED);
  }
  EXPECT_EQ(Head().renyi(), UINT64_MAX) << "never less than what was taken over";
}

TEST_F(WitnessedLedger, WhatIsNoHeadIsNotTakenOver) {
  v1::AdoptedHead none;
  EXPECT_EQ(ledger_->Adopt(none).code(), absl::StatusCode::kInvalidArgument);
  none.set_size(3);
  none.set_root("short");
  EXPECT_EQ(ledger_->Adopt(none).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ledger_->Position().generation, 0u);
}

TEST_F(WitnessedLedger, PeopleOfAClosingThatWasLostDoNotFindAFullBudget) {
  Copy("copy");
  clock_.now += absl::Hours(24 * 92);  // 2026-Q3
  ASSERT_TRUE(ledger_->OpenCohort(kQ3, kEight).ok());
  Answered(Round("r", 5 * w_, {kQ3}));
  const v1::ChargeLogHead seen = Head();
  Reopen("copy");  // it has closed nothing since 2026-Q2
  ASSERT_TRUE(ledger_->Adopt(AsSeen(seen)).ok());
  Reopen("copy");
  ASSERT_TRUE(ledger_->OpenCohort(kQ3, kEight).ok());
  EXPECT_GE(SpentOf(kQ3).renyi, 6 * w_);
  EXPECT_EQ(RefusalOf(Ask("q", 1, {kQ3})), v1::REFUSAL_UNWITNESSED);
  EXPECT_EQ(Leaves().back().restored().retaken(), "2026-Q3");
  EXPECT_EQ(ledger_->Position().size, 2u) << "one size never has two totals";
  Reopen("copy");
  ASSERT_TRUE(ledger_->OpenCohort(kQ4, kEight).ok());
  EXPECT_EQ(SpentOf(kQ4).renyi, 0u) << "people who come later bring new budget";
  EXPECT_TRUE(Agrees().ok()) << Agrees();
}

TEST_F(WitnessedLedger, ALaterClosingThatTakesALostOneInStartsThereToo) {
  clock_.now += absl::Hours(24 * 92);  // 2026-Q3, closed on the disk that was lost
  v1::AdoptedHead seen;
  seen.set_size(4);
  seen.set_root(Sha256("root"));
  seen.set_renyi(5 * w_);
  ASSERT_TRUE(ledger_->Adopt(seen).ok());
  Answered(Round("r", 1));
  const v1::ChargeLogHead before = Head();
  ASSERT_TRUE(ledger_->OpenCohort(kQ4, kEight).ok());
  EXPECT_GE(SpentOf(kQ4).renyi, 6 * w_);
  ASSERT_TRUE(Witnessed(before));
  Answered(Ask("1", w_, {kQ1}));
  EXPECT_EQ(RefusalOf(Ask("2", 1, {kQ4})), v1::REFUSAL_UNWITNESSED) << "no witness has seen where it starts";
  ASSERT_TRUE(Witnessed(Head()));
  Answered(Ask("2", w_, {kQ4}));
  ASSERT_TRUE(ledger_->OpenCohort(kQ4 + 1, kEight).ok());
  EXPECT_EQ(SpentOf(kQ4 + 1).renyi, 0u);
}

TEST_F(WitnessedLedger, AnAdoptionWhoseClosingsAreAllThereLeavesNewPeopleTheirs) {
  v1::AdoptedHead seen;
  seen.set_size(4);
  seen.set_root(Sha256("root"));
  seen.set_renyi(5 * w_);
  ASSERT_TRUE(ledger_->Adopt(seen).ok());  // in 2026-Q2, which is closed
  ASSERT_TRUE(ledger_->OpenCohort(kQ3, kEight).ok());
  EXPECT_EQ(SpentOf(kQ3).renyi, 0u);
}

// Two disks that part at a random moment: what the second has spent after taking over is at least what both
// have released together, in every cohort and every amount that decides, whatever was charged and whenever
// heads were witnessed. A share of a round that no witnessed head holds is not released: its round cannot
// open.
TEST_F(WitnessedLedger, NeverTakesOverLessThanWasReleased) {
  constexpr int kTurns = 30;
  for (unsigned seed = 1; seed <= 24; ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    std::mt19937_64 random(seed);
    const std::string lost = absl::StrCat("lost", seed), copy = absl::StrCat("copy", seed);
    Open(lost);
    for (Edition cohort : {kQ1, kQ2}) ASSERT_TRUE(ledger_->OpenCohort(cohort, kEight).ok());
    ASSERT_TRUE(ledger_->OpenCohort(kQ3, {8 * 1024, 0, 0}).ok());
    ledger_->HoldToWitnesses(true);
    std::map<Edition, Spent> released, waiting;  // waiting: shares of rounds that no witness has seen
    v1::AdoptedHead seen;
    int number = 0;
    const auto charge = [&](bool local) {
      const Edition cohort = kQ1 + static_cast<Edition>(random() % 3);
      // A sixth of W on the average in what decides, so that W is used up; one in eight without pure cost.
      const bool skellam = cohort != kQ3 && random() % 8 == 0;
      const Cost cost{skellam ? kInfinitePure : random() % (PureBudget(kEight) / 60),
                      random() % (w_ / 3) + 1};
      const std::string name = absl::StrCat(seed, " ", number++);
      const Slot slot = Reserve(local ? Ask(name, cost.renyi, {cohort}, "SHA256:a", cost.pure)
                                      : Round(name, cost.renyi, {cohort}, "SHA256:a", cost.pure));
      if (slot.state != Slot::State::kReserved) return;
      ledger_->Abandon(slot);  // its bytes do not matter here
      Spent& spent = (local ? released : waiting)[cohort];
      spent = Add(spent, cost);
    };
    const auto witness = [&] {
      const v1::ChargeLogHead head = Head();
      seen = AsSeen(head);
      for (auto& [cohort, spent] : waiting)
        released[cohort] = Add(released[cohort], {spent.pure, spent.renyi});
      waiting.clear();
      ASSERT_TRUE(Witnessed(head));
    };
    charge(false);
    witness();
    const int parts_at = static_cast<int>(random() % kTurns);
    for (int turn = 0; turn < kTurns; ++turn) {
      if (turn == parts_at) Copy(copy);
      random() % 16 == 0 ? witness() : charge(random() % 8 != 0);
    }
    Open(copy);
    ledger_->HoldToWitnesses(true);
    waiting.clear();
    for (int turn = 0; turn < kTurns; ++turn) charge(true);  // it does not know yet
    ASSERT_TRUE(ledger_->Adopt(seen).ok());
    for (const auto& [cohort, spent] : released) {
      EXPECT_GE(SpentOf(cohort).pure, spent.pure) << cohort;
      if (cohort == kQ3) continue;  // delta = 0: nothing is decided by the other amount
      EXPECT_GE(SpentOf(cohort).renyi, spent.renyi) << cohort;
    }
    EXPECT_TRUE(Agrees().ok()) << Agrees();
  }
}

}  // namespace
}  // namespace penc
