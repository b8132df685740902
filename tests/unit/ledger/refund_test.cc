#include "ledger/refund.h"

#include <thread>

#include "absl/strings/str_cat.h"
#include "tests/support/small_ledger.h"

namespace penc {
namespace {

TEST(Without, TakesWhatIsThereAndNothingOfWhatLostCount) {
  EXPECT_EQ(Without({7, 9}, {3, 9})->pure, 4u);
  EXPECT_EQ(Without({7, 9}, {3, 9})->renyi, 0u);
  EXPECT_FALSE(Without({7, 9}, {8, 1}).has_value());
  EXPECT_FALSE(Without({7, 9}, {kInfinitePure, 1}).has_value());
  EXPECT_EQ(Without({kInfinitePure, 9}, {kInfinitePure, 1})->pure, kInfinitePure);
  EXPECT_EQ(Without({kInfinitePure, 9}, {5, 1})->renyi, 8u);
  EXPECT_EQ(Without({7, UINT64_MAX - 1}, {3, UINT64_MAX - 1})->renyi, UINT64_MAX - 1);
}

class RefundOf : public SmallLedger {
 protected:
  size_t Refunds() const {
    size_t refunds = 0;
    for (const auto& leaf : Leaves()) refunds += leaf.has_refunded();
    return refunds;
  }
};

TEST_F(RefundOf, GivesARoundsChargeBackAndShowsItApartForLife) {
  Answered(Ask("q", 10, {kQ1}, "SHA256:a", 100));
  Answered(Round("r", 7, {kQ1, kQ2}, "SHA256:a", 40));
  const v1::ChargeLogHead before = Head();
  ASSERT_TRUE(ledger_->Refund(Sha256("r")).ok());
  for (int pass = 0; pass < 2; ++pass) {
    EXPECT_EQ(SpentOf(kQ1).renyi, 10u);
    EXPECT_EQ(SpentOf(kQ1).pure, 100u);
    EXPECT_EQ(SpentOf(kQ2).renyi, 0u);
    EXPECT_EQ(SpentOf(kQ1, "SHA256:a").renyi, 10u);
    EXPECT_EQ(SpentOf(kQ1, "SHA256:a").pure, 100u);
    EXPECT_EQ(SpentOf(kQ2, "SHA256:a").renyi, 0u);
    EXPECT_EQ(BalanceOf(kQ1).refunded.renyi, 7u);
    EXPECT_EQ(BalanceOf(kQ1).refunded.pure, 40u);
    EXPECT_EQ(BalanceOf(kQ1).gross.renyi, 17u) << "what was ever charged never falls";
    EXPECT_EQ(BalanceOf(kQ2).gross.pure, 40u);
    EXPECT_EQ(Head().SerializeAsString(), before.SerializeAsString());
    EXPECT_TRUE(Agrees().ok()) << Agrees();
    Open();
  }
  const auto leaves = Leaves();
  ASSERT_TRUE(leaves.back().has_refunded());
  EXPECT_EQ(leaves.back().refunded().slot(), Sha256("r"));
  EXPECT_EQ(leaves.back().refunded().cohorts_size(), 2);
  EXPECT_EQ(leaves.back().refunded().askers(0), "SHA256:a");
}

TEST_F(RefundOf, NeverDoubles) {
  for (int i = 0; i < 8; ++i) Answered(Round(absl::StrCat(i), 5));
  std::vector<std::thread> threads;
  threads.reserve(8);
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 6; ++i) EXPECT_TRUE(ledger_->Refund(Sha256(absl::StrCat(i))).ok());
    });
  }
  for (auto& thread : threads) thread.join();
  Open();
  for (int i = 0; i < 6; ++i) EXPECT_TRUE(ledger_->Refund(Sha256(absl::StrCat(i))).ok());
  EXPECT_EQ(SpentOf(kQ1).renyi, 10u);
  EXPECT_EQ(BalanceOf(kQ1).refunded.renyi, 30u);
  EXPECT_EQ(Refunds(), 6u);
  EXPECT_TRUE(Agrees().ok()) << Agrees();
}

TEST_F(RefundOf, ASlotThatWasGivenBackIsNeverChargedAgain) {
  Answered(Round("r", 7));
  ASSERT_TRUE(ledger_->Refund(Sha256("r")).ok());
  EXPECT_EQ(RefusalOf(Round("r", 7)), v1::REFUSAL_GIVEN_UP);
  EXPECT_EQ(RefusalOf(Round("r", 7, {kQ1, kQ2}, "SHA256:b")), v1::REFUSAL_GIVEN_UP);
  Open();
  EXPECT_EQ(RefusalOf(Round("r", 7)), v1::REFUSAL_GIVEN_UP);
  EXPECT_EQ(SpentOf(kQ1).renyi, 0u);
  EXPECT_EQ(Head().size(), 1u);
}

TEST_F(RefundOf, WhatIsInfiniteStaysInfinite) {
  Answered(Round("skellam", 7));
  Answered(Round("laplace", 3, {kQ1, kQ2}, "SHA256:a", 20));
  ASSERT_TRUE(ledger_->Refund(Sha256("skellam")).ok());
  ASSERT_TRUE(ledger_->Refund(Sha256("laplace")).ok());
  EXPECT_EQ(SpentOf(kQ1).pure, kInfinitePure);
  EXPECT_EQ(SpentOf(kQ1).renyi, 0u);
  EXPECT_EQ(BalanceOf(kQ1).refunded.pure, kInfinitePure);
  EXPECT_EQ(BalanceOf(kQ1).refunded.renyi, 10u);
  EXPECT_TRUE(Agrees().ok()) << Agrees();
}

TEST_F(RefundOf, TheRoomThatItMakesCanBeSpent) {
  const uint64_t budget = RenyiBudget(kEight);
  Answered(Round("r", budget));
  EXPECT_EQ(RefusalOf(Round("again", 1)), v1::REFUSAL_BUDGET_EXHAUSTED);
  ASSERT_TRUE(ledger_->Refund(Sha256("r")).ok());
  Answered(Round("again", budget));
  EXPECT_EQ(Head().renyi(), 2 * budget) << "stewards see both";
  EXPECT_EQ(SpentOf(kQ1).renyi, budget);
  EXPECT_TRUE(Agrees().ok()) << Agrees();
}

TEST_F(RefundOf, GivesEveryShareThatPaidItsPartBack) {
  Answered(Round("r", 7));
  EXPECT_EQ(Reserve(Round("r", 7, {kQ1, kQ2}, "SHA256:b")).state, Slot::State::kCommitted);
  ASSERT_EQ(SpentOf(kQ1, "SHA256:b").renyi, 7u);
  ASSERT_TRUE(ledger_->Refund(Sha256("r")).ok());
  Open();
  EXPECT_EQ(SpentOf(kQ1, "SHA256:a").renyi, 0u);
  EXPECT_EQ(SpentOf(kQ1, "SHA256:b").renyi, 0u);
  EXPECT_TRUE(Agrees().ok()) << Agrees();
}

TEST_F(RefundOf, TakesAChargeBackThatWasNeverAnsweredOrGivenUp) {
  Slot held = Reserve(Round("open", 7));
  EXPECT_EQ(ledger_->Refund(Sha256("open")).code(), absl::StatusCode::kFailedPrecondition)
      << "a contribution is being made";
  EXPECT_EQ(SpentOf(kQ1).renyi, 7u);
  ledger_->Abandon(held);
  EXPECT_TRUE(ledger_->Refund(Sha256("open")).ok());
  for (int completion = 0; completion < 4; ++completion) {
    Reserve(Round("given up", 7));
    Open();
  }
  ASSERT_EQ(RefusalOf(Round("given up", 7)), v1::REFUSAL_GIVEN_UP);
  EXPECT_TRUE(ledger_->Refund(Sha256("given up")).ok());
  EXPECT_EQ(SpentOf(kQ1).renyi, 0u);
  EXPECT_EQ(BalanceOf(kQ1).refunded.renyi, 14u);
}

TEST_F(RefundOf, LocalAnswersAndUnknownSlotsAreNotGivenBack) {
  Answered(Ask("q", 7));
  EXPECT_EQ(ledger_->Refund(Sha256("q")).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ledger_->Refund(Sha256("nobody asked")).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(SpentOf(kQ1).renyi, 7u);
  EXPECT_EQ(Refunds(), 0u);
}

TEST_F(RefundOf, TakesNothingOffSumsThatHaveBecomeBounds) {
  const uint64_t budget = RenyiBudget(kEight);
  Answered(Round("before", 7));
  ASSERT_TRUE(ledger_->ForfeitAll().ok());
  ASSERT_TRUE(ledger_->Refund(Sha256("before")).ok());
  EXPECT_EQ(SpentOf(kQ1).renyi, budget) << "a lost answer may have taken its place";
  EXPECT_EQ(BalanceOf(kQ1).refunded.renyi, 0u);
  EXPECT_EQ(RefusalOf(Round("before", 7)), v1::REFUSAL_GIVEN_UP);
  EXPECT_TRUE(Agrees().ok()) << Agrees();

  ASSERT_TRUE(ledger_->OpenCohort(kQ3, kEight).ok());
  Answered(Round("in between", 9, {kQ3}));
  v1::AdoptedHead seen = AsSeen(Head());
  seen.set_size(seen.size() + 1);
  seen.set_renyi(budget / 10);
  ASSERT_TRUE(ledger_->Adopt(seen).ok());
  const uint64_t taken = SpentOf(kQ3).renyi;
  ASSERT_TRUE(ledger_->Refund(Sha256("in between")).ok());
  EXPECT_EQ(SpentOf(kQ3).renyi, taken);
  Answered(Round("after", 9, {kQ3}));
  ASSERT_TRUE(ledger_->Refund(Sha256("after")).ok());
  EXPECT_EQ(SpentOf(kQ3).renyi, taken);
  EXPECT_EQ(BalanceOf(kQ3).refunded.renyi, 9u);
  Open();
  EXPECT_TRUE(Agrees().ok()) << Agrees();
}

}  // namespace
}  // namespace penc
