// Heads as an office's ledger gives them, before a steward's eyes.
#include <algorithm>
#include <random>

#include "absl/strings/str_cat.h"
#include "federation/witness.h"
#include "tests/support/small_ledger.h"

namespace penc {
namespace {

class LedgerHeads : public SmallLedger {
 protected:
  struct Steward {
    storage::v1::WitnessRow row;
    bool Sees(const v1::ChargeLogHead& head) {
      const auto next = Witness(row, head);
      if (next.ok()) row = *next;
      return next.ok();
    }
  };
  v1::ChargeLogHead Charged(uint64_t renyi = 3) {
    Answered(Round(absl::StrCat("round ", rounds_++), renyi));
    return Head();
  }
  // Of the office that the steward saw last.
  static v1::AdoptedHead LastOf(const Steward& steward) {
    const storage::v1::WitnessedHead& last = steward.row.heads(steward.row.heads_size() - 1);
    v1::AdoptedHead head;
    head.set_generation(last.generation());
    head.set_size(last.size());
    head.set_root(last.root());
    head.set_pure(last.pure());
    head.set_renyi(last.renyi());
    return head;
  }

  Steward steward_;
  int rounds_ = 0;
};

TEST_F(LedgerHeads, AreAcceptedOneAfterTheOtherAlsoAfterRestartsAndRefunds) {
  for (int i = 0; i < 20; ++i) {
    Answered(Ask(absl::StrCat("local ", i), 2, {kQ1}));
    if (i % 6 == 5) Open();
    EXPECT_TRUE(steward_.Sees(Charged())) << i;
    if (i % 3 == 1) {
      ASSERT_TRUE(ledger_->Refund(Sha256(absl::StrCat("round ", i))).ok());
    }
  }
  ASSERT_TRUE(ledger_->ForfeitAll().ok());
  EXPECT_TRUE(steward_.Sees(Head()));
  EXPECT_EQ(steward_.row.heads(steward_.row.heads_size() - 1).pure(), kInfinitePure);
}

TEST_F(LedgerHeads, OfOverlappingRoundsAreAcceptedInEitherOrder) {
  Steward other = steward_;
  const v1::ChargeLogHead zeroth = Charged();
  EXPECT_TRUE(steward_.Sees(zeroth));
  EXPECT_TRUE(other.Sees(zeroth));
  const v1::ChargeLogHead first = Charged();
  Answered(Ask("local", 1));
  const v1::ChargeLogHead second = Charged();
  EXPECT_TRUE(steward_.Sees(first));
  EXPECT_TRUE(steward_.Sees(second));
  EXPECT_TRUE(other.Sees(second));
  EXPECT_TRUE(other.Sees(first));
  const v1::ChargeLogHead third = Charged();
  EXPECT_TRUE(steward_.Sees(third));
  EXPECT_TRUE(other.Sees(third));
}

TEST_F(LedgerHeads, AreAcceptedInEveryOrderOfUpToSixteenOpenRounds) {
  const v1::ChargeLogHead before = Charged();
  std::vector<v1::ChargeLogHead> open;
  for (int i = 0; i < 16; ++i) open.push_back(Charged());
  for (unsigned seed = 1; seed <= 50; ++seed) {
    std::shuffle(open.begin(), open.end(), std::mt19937(seed));
    Steward fresh;
    ASSERT_TRUE(fresh.Sees(before));
    for (const v1::ChargeLogHead& head : open) EXPECT_TRUE(fresh.Sees(head)) << "seed " << seed;
  }
}

TEST_F(LedgerHeads, OfADiskThatWasCopiedAreRefusedUntilItTakesOver) {
  EXPECT_TRUE(steward_.Sees(Charged()));
  Copy("copy");
  EXPECT_TRUE(steward_.Sees(Charged()));
  const v1::ChargeLogHead last = Charged();
  EXPECT_TRUE(steward_.Sees(last));
  Open("copy");
  const int lost_rounds = rounds_;
  rounds_ = 100;
  EXPECT_FALSE(steward_.Sees(Charged()));
  EXPECT_FALSE(steward_.Sees(Charged()));
  EXPECT_FALSE(Witnessed(last));
  ASSERT_TRUE(ledger_->Adopt(LastOf(steward_)).ok());
  EXPECT_TRUE(steward_.Sees(Charged()));
  EXPECT_TRUE(steward_.Sees(Charged()));
  Open("copy");
  EXPECT_TRUE(steward_.Sees(Charged()));
  Open("db");  // the old disk is found again
  rounds_ = lost_rounds;
  EXPECT_FALSE(steward_.Sees(Charged()));
  EXPECT_FALSE(*ledger_->SetWitnessed(LastOf(steward_).generation(), LastOf(steward_).size(),
                                      LastOf(steward_).root()));
  ASSERT_TRUE(ledger_->Adopt(LastOf(steward_)).ok());
  EXPECT_TRUE(steward_.Sees(Charged()));
  EXPECT_EQ(LastOf(steward_).generation(), 2u);
}

// Nothing is closed on the disk that came back: what was taken over is told all the same.
TEST_F(LedgerHeads, OfAnOfficeThatHasNoCohortYetTellWhatItTookOver) {
  Charged(1000);
  EXPECT_TRUE(steward_.Sees(Head()));
  Open("empty");
  ASSERT_TRUE(ledger_->Balances().empty());
  ASSERT_TRUE(ledger_->Adopt(LastOf(steward_)).ok());
  EXPECT_EQ(Head().renyi(), 1000u);
  EXPECT_TRUE(steward_.Sees(Head()));
}

}  // namespace
}  // namespace penc
