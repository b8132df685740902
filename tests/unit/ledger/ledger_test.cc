#include "ledger/ledger.h"

#include <gmock/gmock.h>
#include <sys/resource.h>

#include <atomic>
#include <csignal>
#include <map>
#include <set>
#include <thread>

#include "absl/strings/str_cat.h"
#include "journal/verifier.h"
#include "tests/support/small_ledger.h"

namespace penc {
namespace {

using ::testing::ElementsAre;

using LedgerTest = SmallLedger;

TEST_F(LedgerTest, ChargesEveryCohortTouchedOnceAndKeepsItAcrossRestarts) {
  const Slot slot = Answered(Ask("q", kUnit), "bytes");
  EXPECT_TRUE(slot.charged_now);
  EXPECT_EQ(SpentOf(kQ1).renyi, kUnit);
  EXPECT_EQ(SpentOf(kQ2).renyi, kUnit);
  EXPECT_EQ(SpentOf(kQ1).pure, kInfinitePure);
  EXPECT_EQ(SpentOf(kQ1, "SHA256:a").renyi, kUnit);
  Answered(Ask("only the later", kUnit, {kQ2}), "more");
  Open();
  EXPECT_EQ(SpentOf(kQ1).renyi, kUnit);
  EXPECT_EQ(SpentOf(kQ2).renyi, 2 * kUnit);
  const Slot again = Reserve(Ask("q", kUnit));
  EXPECT_EQ(again.state, Slot::State::kCommitted);
  EXPECT_EQ(again.answer, "bytes");
  EXPECT_FALSE(again.charged_now);
  EXPECT_EQ(SpentOf(kQ2).renyi, 2 * kUnit);
}

TEST_F(LedgerTest, RefusesSecondQuestionWhileReservationIsUnresolved) {
  const Slot first = Reserve(Ask("q", kUnit));
  const Slot second = Reserve(Ask("q", kUnit, {kQ1, kQ2}, "SHA256:b"));
  EXPECT_EQ(second.state, Slot::State::kRefused);
  EXPECT_EQ(second.refusal, v1::REFUSAL_IN_PROGRESS);
  EXPECT_EQ(SpentOf(kQ1, "SHA256:b").renyi, 0u);
  EXPECT_EQ(Reserve(Ask("another", kUnit)).state, Slot::State::kReserved);
  ASSERT_TRUE(ledger_->Commit(first, "bytes").ok());
  EXPECT_EQ(Reserve(Ask("q", kUnit)).answer, "bytes");
}

TEST_F(LedgerTest, GivesTheSameBytesToAllAndChargesEachAskersShareOnce) {
  Answered(Ask("q", kUnit), "bytes");
  for (int i = 0; i < 3; ++i) {
    const Slot slot = Reserve(Ask("q", kUnit, {kQ1, kQ2}, "SHA256:b"));
    EXPECT_EQ(slot.state, Slot::State::kCommitted);
    EXPECT_EQ(slot.answer, "bytes");
  }
  EXPECT_EQ(SpentOf(kQ1).renyi, kUnit);
  EXPECT_EQ(SpentOf(kQ1, "SHA256:b").renyi, kUnit);
  Open();
  EXPECT_EQ(Reserve(Ask("q", kUnit, {kQ1, kQ2}, "SHA256:b")).answer, "bytes");
  EXPECT_EQ(SpentOf(kQ1, "SHA256:b").renyi, kUnit);
  // A share that has no room for it refuses, though the answer lies there.
  Charge poor = Ask("q", kUnit, {kQ1, kQ2}, "SHA256:c");
  poor.share_ppm = 100000;
  const Slot refused = Reserve(poor);
  EXPECT_EQ(refused.refusal, v1::REFUSAL_SHARE_EXHAUSTED);
  EXPECT_EQ(refused.answer, "");
  EXPECT_EQ(SpentOf(kQ1, "SHA256:c").renyi, 0u);
}

TEST_F(LedgerTest, ChargesNothingWhereOneCohortOfSeveralCannotPay) {
  const uint64_t budget = RenyiBudget(kEight);
  Answered(Ask("first", budget - 10, {kQ2}), "1");
  const Slot refused = Reserve(Ask("second", 11));
  EXPECT_EQ(refused.state, Slot::State::kRefused);
  EXPECT_EQ(refused.refusal, v1::REFUSAL_BUDGET_EXHAUSTED);
  EXPECT_THAT(refused.exhausted, ElementsAre(kQ2));
  EXPECT_EQ(SpentOf(kQ1).renyi, 0u);
  EXPECT_EQ(SpentOf(kQ1, "SHA256:a").renyi, 0u);
  const size_t leaves = Leaves().size();
  EXPECT_EQ(leaves, 2u);  // charged, released; a refused charge leaves no trace of spending
  EXPECT_EQ(Reserve(Ask("second", 11, {kQ1})).state, Slot::State::kReserved);
  EXPECT_EQ(Reserve(Ask("third", 10)).state, Slot::State::kReserved);
  EXPECT_EQ(SpentOf(kQ2).renyi, budget);
  EXPECT_EQ(Reserve(Ask("fourth", 1)).refusal, v1::REFUSAL_BUDGET_EXHAUSTED);
}

TEST_F(LedgerTest, KeepsApartWhatSelectionsOfKeysAddToDelta) {
  Promise promise = kEight;
  promise.keys_delta = 100;
  ASSERT_TRUE(ledger_->OpenCohort(kQ3, promise).ok());
  const auto select = [](const std::string& question, uint64_t delta, std::vector<Edition> cohorts) {
    Charge charge = Ask(question, 5, std::move(cohorts));
    charge.cost = [=](Order) { return Cost{7, 5, delta}; };
    return charge;
  };
  Answered(select("sixty", 60, {kQ3}));
  EXPECT_EQ(SpentOf(kQ3).delta, 60u);
  EXPECT_EQ(SpentOf(kQ3, "SHA256:a").delta, 60u);
  EXPECT_EQ(BalanceOf(kQ3).gross.delta, 60u);
  const Slot refused = Reserve(select("fifty", 50, {kQ3}));
  EXPECT_EQ(refused.refusal, v1::REFUSAL_KEYS_EXHAUSTED);
  EXPECT_THAT(refused.exhausted, ElementsAre(kQ3));
  EXPECT_EQ(SpentOf(kQ3).renyi, 5u);
  // A cohort from before something was set aside has nothing.
  const Slot older = Reserve(select("both", 1, {kQ1, kQ3}));
  EXPECT_EQ(older.refusal, v1::REFUSAL_KEYS_EXHAUSTED);
  EXPECT_THAT(older.exhausted, ElementsAre(kQ1));
  // A share of it is what a partner may take.
  Charge poor = select("poor", 30, {kQ3});
  poor.asker = "SHA256:b";
  poor.share_ppm = 200000;
  EXPECT_EQ(Reserve(poor).refusal, v1::REFUSAL_SHARE_EXHAUSTED);
  Open();
  EXPECT_EQ(BalanceOf(kQ3).promise.keys_delta, 100u);
  EXPECT_EQ(SpentOf(kQ3).delta, 60u);
  EXPECT_TRUE(Agrees().ok());
  Answered(select("forty", 40, {kQ3}));
  EXPECT_EQ(RefusalOf(select("one", 1, {kQ3})), v1::REFUSAL_KEYS_EXHAUSTED);
  EXPECT_EQ(RefusalOf(Ask("nothing selected", 5, {kQ3})), v1::REFUSAL_UNSPECIFIED);
}

TEST_F(LedgerTest, HasNoDeltaLeftForKeysAfterAForfeitOrAnAdoption) {
  Promise promise = kEight;
  promise.keys_delta = 100;
  ASSERT_TRUE(ledger_->OpenCohort(kQ3, promise).ok());
  Answered(Ask("q", 5));
  v1::AdoptedHead seen = AsSeen(Head());
  seen.set_size(seen.size() + 3);
  ASSERT_TRUE(ledger_->Adopt(seen).ok());
  EXPECT_EQ(SpentOf(kQ3).delta, 100u);
  ASSERT_TRUE(ledger_->ForfeitAll().ok());
  EXPECT_EQ(SpentOf(kQ3).delta, 100u);
  Open();
  EXPECT_EQ(SpentOf(kQ3).delta, 100u);
}

TEST_F(LedgerTest, HasNoBudgetForACohortThatWasNeverOpened) {
  const Slot refused = Reserve(Ask("q", 1, {kQ1, kQ3}));
  EXPECT_EQ(refused.refusal, v1::REFUSAL_BUDGET_EXHAUSTED);
  EXPECT_THAT(refused.exhausted, ElementsAre(kQ3));
  EXPECT_EQ(SpentOf(kQ1).renyi, 0u);
}

TEST_F(LedgerTest, LetsPureOrRenyiSpendingFit) {
  const uint64_t epsilon = PureBudget(kEight), budget = RenyiBudget(kEight);
  // Pure alone, far above the Rényi budget: fits by the first arm.
  EXPECT_EQ(Reserve(Ask("pure", budget + kUnit, {kQ1}, "SHA256:a", epsilon)).state, Slot::State::kReserved);
  // Then a Skellam: pure is infinite from here, and R is above B.
  EXPECT_EQ(Reserve(Ask("skellam", 1, {kQ1})).refusal, v1::REFUSAL_BUDGET_EXHAUSTED);
  EXPECT_EQ(Reserve(Ask("one more", 1, {kQ1}, "SHA256:a", 1)).refusal, v1::REFUSAL_BUDGET_EXHAUSTED);
  // Rényi alone: fits by the second arm, then pure releases fit by it too.
  EXPECT_EQ(Reserve(Ask("skellam", 1, {kQ2})).state, Slot::State::kReserved);
  EXPECT_EQ(Reserve(Ask("laplace", budget - 1, {kQ2}, "SHA256:a", 3 * epsilon)).state,
            Slot::State::kReserved);
  EXPECT_EQ(SpentOf(kQ2).renyi, budget);
}

TEST_F(LedgerTest, ChargesEachCohortAtTheOrderOfItsOwnPromiseAndKeepsThePromise) {
  const Promise strict{1024, 1, 6};
  ASSERT_TRUE(ledger_->OpenCohort(kQ3, strict).ok());
  ASSERT_TRUE(ledger_->OpenCohort(kQ3, kEight).ok());  // what is open stays as it is
  Charge charge = Ask("q", 0, {kQ1, kQ3});
  std::map<uint32_t, int> asked;
  charge.cost = [&](Order order) {
    ++asked[order.twice_alpha];
    return Cost{kInfinitePure, uint64_t{1000} * order.twice_alpha};
  };
  EXPECT_EQ(Reserve(charge).state, Slot::State::kReserved);
  EXPECT_EQ(SpentOf(kQ1).renyi, 1000u * OrderOf(kEight).twice_alpha);
  EXPECT_EQ(SpentOf(kQ3).renyi, 1000u * OrderOf(strict).twice_alpha);
  EXPECT_EQ(asked.size(), 2u);
  Open();
  for (const CohortBalance& balance : ledger_->Balances())
    EXPECT_EQ(balance.promise.epsilon_1024, balance.cohort == kQ3 ? 1024u : 8192u);
}

TEST_F(LedgerTest, KeepsEachAskerWithinItsOwnShare) {
  const uint64_t budget = RenyiBudget(kEight);
  Charge charge = Ask("1", budget / 10, {kQ1});
  charge.share_ppm = 250000;
  EXPECT_EQ(Reserve(charge).state, Slot::State::kReserved);
  charge.slot = Sha256("2");
  EXPECT_EQ(Reserve(charge).state, Slot::State::kReserved);
  charge.slot = Sha256("3");
  const Slot refused = Reserve(charge);
  EXPECT_EQ(refused.refusal, v1::REFUSAL_SHARE_EXHAUSTED);
  EXPECT_THAT(refused.exhausted, ElementsAre(kQ1));
  EXPECT_EQ(SpentOf(kQ1).renyi, budget / 10 * 2);
  charge.asker = "SHA256:b";
  EXPECT_EQ(Reserve(charge).state, Slot::State::kReserved);
  EXPECT_EQ(SpentOf(kQ1).renyi, budget / 10 * 3);
  EXPECT_EQ(SpentOf(kQ1, "SHA256:a").renyi, budget / 10 * 2);
  EXPECT_EQ(SpentOf(kQ1, "SHA256:b").renyi, budget / 10);
}

TEST_F(LedgerTest, CompletesAChargeFoundWithoutAnswerThreeTimesThenGivesUp) {
  ASSERT_EQ(Reserve(Ask("q", kUnit)).state, Slot::State::kReserved);
  for (int completion = 1; completion <= 3; ++completion) {
    Open();  // the process died between RESERVE and COMMIT
    const Slot slot = Reserve(Ask("q", kUnit));
    EXPECT_EQ(slot.state, Slot::State::kReserved) << completion;
    EXPECT_FALSE(slot.charged_now);
    EXPECT_EQ(SpentOf(kQ1).renyi, kUnit);
  }
  Open();
  EXPECT_EQ(Reserve(Ask("q", kUnit)).refusal, v1::REFUSAL_GIVEN_UP);
  Open();
  EXPECT_EQ(Reserve(Ask("q", kUnit, {kQ1, kQ2}, "SHA256:b")).refusal, v1::REFUSAL_GIVEN_UP);
  EXPECT_EQ(SpentOf(kQ1).renyi, kUnit);
  EXPECT_EQ(SpentOf(kQ1, "SHA256:b").renyi, 0u);
  EXPECT_TRUE(Leaves().back().has_given_up());
  EXPECT_TRUE(VerifyJournal(*parts_.db, nullptr, nullptr).ok());
}

TEST_F(LedgerTest, CompletesAnAbandonedChargeWithAnAnswer) {
  const Slot first = Reserve(Ask("q", kUnit));
  ledger_->Abandon(first);
  // Another asker may complete it: it pays its own share, nothing more.
  const Slot second = Reserve(Ask("q", kUnit, {kQ1, kQ2}, "SHA256:b"));
  EXPECT_EQ(second.state, Slot::State::kReserved);
  ASSERT_TRUE(ledger_->Commit(second, "bytes").ok());
  EXPECT_EQ(SpentOf(kQ1).renyi, kUnit);
  EXPECT_EQ(SpentOf(kQ1, "SHA256:b").renyi, kUnit);
  EXPECT_EQ(Reserve(Ask("q", kUnit)).answer, "bytes");
}

TEST_F(LedgerTest, NeverLetsRacersSpendMoreThanThereIs) {
  const uint64_t budget = RenyiBudget(kEight);
  const uint64_t cost = budget / 100;
  std::atomic<int> charged{0}, refused{0};
  std::vector<std::thread> threads;
  threads.reserve(16);
  for (int t = 0; t < 16; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 25; ++i) {
        auto slot =
            ledger_->Reserve(Ask(absl::StrCat(t, " ", i), cost, {kQ1, kQ2}, absl::StrCat("SHA256:", t % 4)));
        ASSERT_TRUE(slot.ok()) << slot.status();
        if (slot->state == Slot::State::kReserved) {
          ++charged;
          EXPECT_TRUE(ledger_->Commit(*slot, "a").ok());
        } else {
          EXPECT_EQ(slot->refusal, v1::REFUSAL_BUDGET_EXHAUSTED);
          ++refused;
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(charged, 100);
  EXPECT_EQ(refused, 300);
  for (int pass = 0; pass < 2; ++pass) {
    for (Edition cohort : {kQ1, kQ2}) {
      EXPECT_EQ(SpentOf(cohort).renyi, 100 * cost);
      EXPECT_LE(SpentOf(cohort).renyi, budget);
      uint64_t by_askers = 0;
      for (int a = 0; a < 4; ++a) by_askers += SpentOf(cohort, absl::StrCat("SHA256:", a)).renyi;
      EXPECT_EQ(by_askers, 100 * cost);
    }
    Open();
  }
}

TEST_F(LedgerTest, LetsRacersForOneQuestionPayOnceAndGetTheSameBytes) {
  std::atomic<int> charged{0}, resent{0};
  std::vector<std::thread> threads;
  threads.reserve(16);
  for (int t = 0; t < 16; ++t) {
    threads.emplace_back([&, t] {
      for (;;) {
        auto slot = ledger_->Reserve(Ask("q", kUnit));
        ASSERT_TRUE(slot.ok()) << slot.status();
        if (slot->state == Slot::State::kReserved) {
          charged += slot->charged_now;
          EXPECT_TRUE(ledger_->Commit(*slot, absl::StrCat("by ", t)).ok());
        } else if (slot->state == Slot::State::kCommitted) {
          ++resent;
          EXPECT_EQ(slot->answer, Reserve(Ask("q", kUnit)).answer);
          return;
        } else {
          EXPECT_EQ(slot->refusal, v1::REFUSAL_IN_PROGRESS);
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(charged, 1);
  EXPECT_EQ(resent, 16);
  EXPECT_EQ(SpentOf(kQ1).renyi, kUnit);
}

TEST_F(LedgerTest, ForfeitsWhatIsLeftButStillGivesWhatWasAnswered) {
  Answered(Ask("q", kUnit), "bytes");
  ASSERT_TRUE(ledger_->ForfeitAll().ok());
  for (int pass = 0; pass < 2; ++pass) {
    EXPECT_EQ(Reserve(Ask("laplace", 1, {kQ1}, "SHA256:a", 1)).refusal, v1::REFUSAL_BUDGET_EXHAUSTED);
    EXPECT_EQ(Reserve(Ask("skellam", 1, {kQ2})).refusal, v1::REFUSAL_BUDGET_EXHAUSTED);
    EXPECT_EQ(Reserve(Ask("q", kUnit)).answer, "bytes");
    Open();
  }
}

TEST_F(LedgerTest, CompletesNoChargeThatARestoredBackupHoldsOpen) {
  ASSERT_EQ(Reserve(Ask("q", kUnit)).state, Slot::State::kReserved);
  Open();
  ASSERT_TRUE(ledger_->ForfeitAll().ok());
  EXPECT_EQ(Reserve(Ask("q", kUnit)).refusal, v1::REFUSAL_GIVEN_UP);
  Open();
  EXPECT_EQ(Reserve(Ask("q", kUnit)).refusal, v1::REFUSAL_GIVEN_UP);
  EXPECT_TRUE(Leaves().back().has_given_up());
}

TEST_F(LedgerTest, JournalsEveryChargeSoThatTheBalancesCanBeAddedUpFromIt) {
  Answered(Ask("a", 5 * kUnit / 10, {kQ1}), "1");
  Answered(Ask("b", 7 * kUnit / 10), "2");
  Reserve(Ask("b", 7 * kUnit / 10, {kQ1, kQ2}, "SHA256:b"));
  Reserve(Ask("c", 3));
  std::map<std::string, uint64_t> charged;
  std::set<std::string> answers;
  for (const storage::v1::JournalLeaf& leaf : Leaves()) {
    for (const storage::v1::CohortCharge& c : leaf.charged().cohorts()) {
      if (!leaf.charged().share_only()) charged[c.cohort()] += c.renyi();
    }
    if (leaf.has_released()) answers.insert(leaf.released().answer_sha256());
  }
  EXPECT_EQ(charged["2026-Q1"], SpentOf(kQ1).renyi);
  EXPECT_EQ(charged["2026-Q2"], SpentOf(kQ2).renyi);
  EXPECT_EQ(answers, (std::set<std::string>{Sha256("1"), Sha256("2")}));
}

// Where a file may not grow, the next write to the log fails, as on a full disk.
class FullDisk {
 public:
  FullDisk() : old_handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    EXPECT_EQ(getrlimit(RLIMIT_FSIZE, &old_), 0);
    rlimit none = old_;
    none.rlim_cur = 1;
    EXPECT_EQ(setrlimit(RLIMIT_FSIZE, &none), 0);
  }
  ~FullDisk() {
    EXPECT_EQ(setrlimit(RLIMIT_FSIZE, &old_), 0);
    std::signal(SIGXFSZ, old_handler_);
  }

 private:
  rlimit old_;
  void (*old_handler_)(int);
};

TEST_F(LedgerTest, ChargesNothingThatItCouldNotWrite) {
  Answered(Ask("before", kUnit), "bytes");
  {
    const FullDisk full;
    EXPECT_FALSE(ledger_->Reserve(Ask("q", kUnit)).ok());
    EXPECT_EQ(SpentOf(kQ1).renyi, kUnit);
  }
  Open();
  EXPECT_EQ(SpentOf(kQ1).renyi, kUnit);
  const Slot slot = Reserve(Ask("q", kUnit));
  EXPECT_EQ(slot.state, Slot::State::kReserved);  // not IN_PROGRESS: nobody holds it
  EXPECT_TRUE(slot.charged_now);
  EXPECT_EQ(SpentOf(kQ1).renyi, 2 * kUnit);
  EXPECT_TRUE(VerifyJournal(*parts_.db, nullptr, nullptr).ok());
}

TEST_F(LedgerTest, KeepsTheChargeOfAnAnswerThatItCouldNotWrite) {
  const Slot slot = Reserve(Ask("q", kUnit));
  {
    const FullDisk full;
    EXPECT_FALSE(ledger_->Commit(slot, "lost").ok());
  }
  Open();
  EXPECT_EQ(SpentOf(kQ1).renyi, kUnit);
  const Slot again = Reserve(Ask("q", kUnit));
  EXPECT_EQ(again.state, Slot::State::kReserved);
  EXPECT_FALSE(again.charged_now);
  ASSERT_TRUE(ledger_->Commit(again, "kept").ok());
  EXPECT_EQ(Reserve(Ask("q", kUnit)).answer, "kept");
  EXPECT_EQ(SpentOf(kQ1).renyi, kUnit);
}

TEST_F(LedgerTest, DoesNotOpenOverADamagedRowAndDoesNotAnswerFromADamagedSlot) {
  Answered(Ask("q", kUnit), "bytes");
  std::vector<std::pair<std::string, std::string>> rows;
  ASSERT_TRUE(parts_.db
                  ->Scan(Space::kLedger, "",
                         [&](absl::string_view key, absl::string_view value) {
                           rows.emplace_back(key, value);
                           return true;
                         })
                  .ok());
  ASSERT_EQ(rows.size(), 7u);  // the asker in two cohorts, these, an entry and where the log stands, one slot
  for (const auto& [key, value] : rows) {
    for (const size_t at : {size_t{0}, size_t{8}, value.size() - 1}) {
      std::string flipped = value;
      flipped[at] ^= 0x10;
      rocksdb::WriteBatch damage, repair;
      parts_.db->Put(damage, Space::kLedger, key, flipped);
      parts_.db->Put(repair, Space::kLedger, key, value);
      ASSERT_TRUE(parts_.db->Write(damage, true).ok());
      const auto opened = Ledger::Open(*parts_.db, *parts_.committer, Closing::kQuarter);
      if (key[0] == 's') {
        EXPECT_EQ(ledger_->Reserve(Ask("q", kUnit)).status().code(), absl::StatusCode::kDataLoss) << at;
      } else {
        EXPECT_EQ(opened.status().code(), absl::StatusCode::kDataLoss) << key[0] << at;
      }
      ASSERT_TRUE(parts_.db->Write(repair, true).ok());
    }
  }
  // A row of another cohort in this one's place is noticed too.
  rocksdb::WriteBatch swapped;
  parts_.db->Put(swapped, Space::kLedger, rows[2].first, rows[3].second);
  ASSERT_TRUE(parts_.db->Write(swapped, true).ok());
  EXPECT_EQ(Ledger::Open(*parts_.db, *parts_.committer, Closing::kQuarter).status().code(),
            absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace penc
