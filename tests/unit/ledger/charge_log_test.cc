// The charge log as others see it: heads, their proofs, and that no damage of it goes unnoticed.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "absl/strings/str_cat.h"
#include "base/big_endian.h"
#include "journal/merkle.h"
#include "ledger/rows.h"
#include "penc/storage/v1/ledger.pb.h"
#include "tests/support/small_ledger.h"

namespace penc {
namespace {

namespace fs = std::filesystem;

class ChargeLogOf : public SmallLedger {
 protected:
  std::vector<storage::v1::ChargeLogEntry> Entries(uint64_t generation = 0) const {
    std::vector<storage::v1::ChargeLogEntry> entries;
    for (const auto& [key, value] : Rows(absl::StrCat("e", BigEndian64(generation)))) {
      storage::v1::ChargeLogEntryRow row;
      EXPECT_TRUE(ParseRow(key, value, row).ok());
      EXPECT_TRUE(entries.emplace_back().ParseFromString(row.entry()));
    }
    return entries;
  }
  std::string RootOf(const std::vector<storage::v1::ChargeLogEntry>& entries) const {
    merkle::Frontier frontier;
    for (const auto& entry : entries) frontier.Append(merkle::LeafHash(entry.SerializeAsString()));
    return frontier.Root();
  }
  static bool Holds(const v1::ChargeLogLink& link, const v1::ChargeLogHead& head) {
    return merkle::VerifyConsistency(link.size(), head.size(),
                                     {link.consistency().begin(), link.consistency().end()}, link.root(),
                                     head.root());
  }
};

TEST_F(ChargeLogOf, HasOneSaltedEntryForEachFirstCharge) {
  Answered(Ask("q", 5));
  Answered(Round("r", 7, {kQ2}));
  EXPECT_EQ(Reserve(Ask("q", 5)).state, Slot::State::kCommitted) << "a stored answer";
  Reserve(Ask("q", 5, {kQ1, kQ2}, "SHA256:b"));  // charged to its own share only
  Open();
  EXPECT_EQ(Reserve(Ask("open", 1)).state, Slot::State::kReserved);
  Open();
  EXPECT_EQ(Reserve(Ask("open", 1)).state, Slot::State::kReserved) << "a completion";
  EXPECT_EQ(RefusalOf(Ask("too dear", UINT64_MAX / 2)), v1::REFUSAL_BUDGET_EXHAUSTED);
  const auto entries = Entries();
  ASSERT_EQ(entries.size(), 3u);
  EXPECT_EQ(entries[0].kind(), storage::v1::ChargeLogEntry::KIND_LOCAL);
  EXPECT_EQ(entries[0].slot(), Sha256("q"));
  ASSERT_EQ(entries[0].cohorts_size(), 2);
  EXPECT_EQ(entries[0].cohorts(1).cohort(), kQ2);
  EXPECT_EQ(entries[0].cohorts(1).cost().pure(), kInfinitePure);
  EXPECT_EQ(entries[0].cohorts(1).cost().renyi(), 5u);
  EXPECT_EQ(entries[1].kind(), storage::v1::ChargeLogEntry::KIND_REGIONAL);
  EXPECT_EQ(entries[1].cohorts_size(), 1);
  std::set<std::string> salts;
  for (const auto& entry : entries) {
    EXPECT_EQ(entry.salt().size(), 16u);
    salts.insert(entry.salt());
  }
  EXPECT_EQ(salts.size(), 3u);
  EXPECT_EQ(Head().root(), RootOf(entries));
  EXPECT_TRUE(Agrees().ok()) << Agrees();
}

TEST_F(ChargeLogOf, KeepsTheKindOfAChargeInItsSlotAndItsJournalLeaf) {
  Answered(Ask("q", 5));
  Answered(Round("r", 7));
  std::vector<bool> journaled;
  for (const auto& leaf : Leaves()) {
    if (leaf.has_charged()) journaled.push_back(leaf.charged().regional());
  }
  EXPECT_EQ(journaled, (std::vector<bool>{false, true}));
  for (const auto& [key, value] : Rows("s")) {
    storage::v1::SlotRow row;
    ASSERT_TRUE(ParseRow(key, value, row).ok());
    EXPECT_EQ(row.regional(), key.substr(1) == Sha256("r"));
    EXPECT_EQ(row.place(), row.regional() ? 2u : 1u);
  }
}

TEST_F(ChargeLogOf, TellsTheMostChargedCohortsSpendingInEachAmount) {
  Answered(Ask("pure", 1, {kQ1}, "SHA256:a", 50));
  Answered(Ask("renyi", 9, {kQ2}, "SHA256:a", 20));
  EXPECT_EQ(Head().pure(), 50u);
  EXPECT_EQ(Head().renyi(), 9u);
  Answered(Round("skellam", 4, {kQ1}));
  EXPECT_EQ(Head().pure(), kInfinitePure);
  EXPECT_EQ(Head().renyi(), 9u);
}

TEST_F(ChargeLogOf, AnEmptyLogHasAHeadThatNobodyAccepts) {
  EXPECT_EQ(Head().size(), 0u);
  EXPECT_EQ(Head().root(), merkle::Frontier().Root());
  EXPECT_EQ(Head().links_size(), 0);
  Answered(Ask("q", 1));
  EXPECT_EQ(Head().links_size(), 0) << "an empty head is nothing to link to";
}

TEST_F(ChargeLogOf, EveryHeadProvesThatItExtendsThoseThatWereGivenBefore) {
  std::vector<v1::ChargeLogHead> given;
  int charge = 0;
  for (int round = 0; round < 40; ++round) {
    for (int i = 0; i <= round % 4; ++i) Answered(Ask(absl::StrCat(charge++), 1));
    if (round % 7 == 3) Open();  // what was given is remembered
    const v1::ChargeLogHead head = Head();
    EXPECT_EQ(head.size(), static_cast<uint64_t>(charge));
    EXPECT_EQ(head.root(), RootOf(Entries()));
    ASSERT_EQ(head.links_size(), std::min<int>(16, static_cast<int>(given.size())));
    for (int i = 0; i < head.links_size(); ++i) {
      const v1::ChargeLogHead& earlier = given[given.size() - 1 - i];
      EXPECT_EQ(head.links(i).size(), earlier.size());
      EXPECT_EQ(head.links(i).root(), earlier.root());
      EXPECT_TRUE(Holds(head.links(i), head)) << earlier.size() << " in " << head.size();
    }
    const v1::ChargeLogHead again = Head();
    EXPECT_EQ(again.SerializeAsString(), head.SerializeAsString()) << "nothing was charged in between";
    given.push_back(head);
  }
}

TEST_F(ChargeLogOf, TheWitnessedHeadIsAlwaysLinkedTo) {
  Answered(Ask("0", 1));
  const v1::ChargeLogHead first = Head();
  ASSERT_TRUE(Witnessed(first));
  for (int i = 1; i <= 30; ++i) {
    Answered(Ask(absl::StrCat(i), 1));
    if (i % 9 == 0) Open();
    const v1::ChargeLogHead head = Head();
    ASSERT_EQ(head.links_size(), std::min(i, 16));
    EXPECT_EQ(head.links(head.links_size() - 1).size(), i <= 16 ? 1u : first.size());
    for (const v1::ChargeLogLink& link : head.links()) EXPECT_TRUE(Holds(link, head));
    for (int l = 1; l < head.links_size(); ++l) EXPECT_LT(head.links(l).size(), head.links(l - 1).size());
  }
}

TEST_F(ChargeLogOf, GivesHeadsThatBelongTogetherWhileManyCharge) {
  std::vector<std::thread> threads;
  threads.reserve(8);
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 25; ++i) {
        const Charge charge =
            t % 2 == 0 ? Ask(absl::StrCat(t, " ", i), 3) : Round(absl::StrCat(t, " ", i), 3);
        auto slot = ledger_->Reserve(charge);
        ASSERT_TRUE(slot.ok() && slot->state == Slot::State::kReserved);
        if (i % 5 == 0) {
          auto head = ledger_->LogHead();
          ASSERT_TRUE(head.ok()) << head.status();
          EXPECT_EQ(head->renyi(), 3 * head->size());
          for (const v1::ChargeLogLink& link : head->links()) EXPECT_TRUE(Holds(link, *head));
          EXPECT_TRUE(*ledger_->SetWitnessed(0, head->size(), head->root()));
        }
        EXPECT_TRUE(ledger_->Commit(*slot, "a").ok());
      }
    });
  }
  for (auto& thread : threads) thread.join();
  for (int pass = 0; pass < 2; ++pass) {
    const v1::ChargeLogHead head = Head();
    EXPECT_EQ(head.size(), 200u);
    EXPECT_EQ(head.root(), RootOf(Entries()));
    EXPECT_TRUE(Agrees().ok()) << Agrees();
    Open();
  }
}

TEST_F(ChargeLogOf, AForfeitIsAnEntryAndTheTotalsNeverFall) {
  Answered(Round("r", 5));
  const v1::ChargeLogHead before = Head();
  ASSERT_TRUE(ledger_->ForfeitAll().ok());
  const v1::ChargeLogHead after = Head();
  EXPECT_EQ(after.size(), before.size() + 1) << "one size never has two totals";
  EXPECT_EQ(Entries().back().kind(), storage::v1::ChargeLogEntry::KIND_FORFEITED);
  EXPECT_EQ(after.pure(), kInfinitePure);
  EXPECT_EQ(after.renyi(), RenyiBudget(kEight));
  EXPECT_TRUE(Holds(after.links(0), after));
  EXPECT_TRUE(Agrees().ok()) << Agrees();
}

// The log of the database is cut after every so many bytes: whatever is left of the last writes, a charge and
// its entry, a head and that it was given, an adoption and all that it changes are there together or not at
// all.
TEST_F(ChargeLogOf, OpensWhereverAPulledPlugCutItsLastWrites) {
  Answered(Ask("0", 2));
  v1::AdoptedHead seen = AsSeen(Head());
  seen.set_size(seen.size() + 1);
  Open();                                                       // what follows lies in one log
  std::map<std::string, std::pair<uint64_t, uint64_t>> states;  // by root: size, and what is spent
  const auto note = [&] {
    const LogPosition at = ledger_->Position();
    states[at.root] = {at.size, SpentOf(kQ1).renyi};
  };
  note();
  for (int i = 1; i <= 4; ++i) {
    Answered(i % 2 == 0 ? Ask(absl::StrCat(i), 2) : Round(absl::StrCat(i), 2));
    note();
    ASSERT_EQ(Head().size(), static_cast<uint64_t>(1 + i));
  }
  ASSERT_TRUE(ledger_->Adopt(seen).ok());
  note();
  Answered(Round("after", 2));
  note();
  fs::create_directories(folder_ / "whole");
  fs::path log;
  for (const auto& entry : fs::directory_iterator(folder_ / "db")) {
    const std::string name = entry.path().filename();
    if (name == "LOCK" || name == "SYNCED" || name == "JOURNALED")
      continue;  // marks lag behind a pulled plug
    fs::copy(entry.path(), folder_ / "whole" / name);
    if (entry.path().extension() == ".log" && fs::file_size(entry.path()) > 0) {
      EXPECT_TRUE(log.empty()) << "one log";
      log = name;
    }
  }
  ASSERT_FALSE(log.empty());
  const uint64_t bytes = fs::file_size(folder_ / "whole" / log);
  ASSERT_GT(bytes, 4000u);
  std::set<std::string> met;
  for (uint64_t length = 0; length <= bytes; length += 131) {
    fs::remove_all(folder_ / "cut");
    fs::copy(folder_ / "whole", folder_ / "cut");
    fs::resize_file(folder_ / "cut" / log, length);
    ASSERT_TRUE(TryOpen("cut").ok()) << length;
    const LogPosition at = ledger_->Position();
    ASSERT_TRUE(states.count(at.root)) << length;
    EXPECT_EQ(states[at.root], std::make_pair(at.size, SpentOf(kQ1).renyi)) << length;
    EXPECT_TRUE(Agrees().ok()) << length << Agrees();
    const v1::ChargeLogHead head = Head();
    for (const v1::ChargeLogLink& link : head.links()) EXPECT_TRUE(Holds(link, head)) << length;
    met.insert(at.root);
  }
  EXPECT_EQ(met.size(), states.size()) << "every state is met";
}

TEST_F(ChargeLogOf, NoticesEveryByteThatFlipsInItsRows) {
  for (int i = 0; i < 11; ++i) {
    Answered(Ask(absl::StrCat(i), 1));
    if (i % 3 == 0) Head();
  }
  const v1::ChargeLogHead last = Head();
  std::vector<std::pair<std::string, std::string>> rows = Rows("e");
  ASSERT_EQ(rows.size(), 11u);
  for (const char* key : {"f", "h"}) {
    for (const auto& row : Rows(key)) rows.push_back(row);
  }
  ASSERT_EQ(rows.size(), 13u);
  for (const auto& [key, value] : rows) {
    for (size_t at = 0; at < value.size(); at += 9) {
      std::string flipped = value;
      flipped[at] ^= 0x10;
      SetRow(key, flipped);
      const auto opened = Ledger::Open(*parts_.db, *parts_.committer, Closing::kQuarter);
      absl::Status noticed = opened.status();
      if (noticed.ok()) {  // an entry below the tops of the tree: whoever needs it notices
        ASSERT_EQ(key[0], 'e');
        for (uint64_t size = 1; size <= 11 && noticed.ok(); ++size)
          noticed = (*opened)->SetWitnessed(0, size, last.root()).status();
      }
      EXPECT_EQ(noticed.code(), absl::StatusCode::kDataLoss) << key[0] << " at " << at << noticed;
    }
    SetRow(key, value);
  }
  Open();
  EXPECT_TRUE(Agrees().ok());
}

TEST_F(ChargeLogOf, NoticesRowsThatAreMissingMovedOrOfAnEarlierTime) {
  Answered(Ask("0", 1));
  Head();
  const std::string early_log = Rows("f")[0].second, early_given = Rows("h")[0].second;
  for (int i = 1; i < 8; ++i) Answered(Ask(absl::StrCat(i), 1));
  Head();
  const auto entries = Rows("e");
  const auto notices = [&](const std::string& key, const absl::optional<std::string>& value) {
    const absl::optional<std::string> kept = *parts_.db->Get(Space::kLedger, key);
    SetRow(key, value);
    EXPECT_EQ(TryOpen().code(), absl::StatusCode::kDataLoss) << key[0];
    SetRow(key, kept);
    Open();
  };
  notices("f", absl::nullopt);
  notices("h", absl::nullopt);
  notices("f", early_log);
  notices("h", early_given);
  notices(entries[7].first, absl::nullopt);
  notices(entries[7].first, entries[6].second);
}

TEST_F(ChargeLogOf, NoticesAnotherLogThanTheJournalTells) {
  Copy("other");
  Answered(Ask("q", 1));
  std::vector<std::pair<std::string, std::string>> ours;
  for (const char* key : {"e", "f"}) {
    for (const auto& row : Rows(key)) ours.push_back(row);
  }
  Open("other");
  Answered(Ask("q", 1));  // the same charge, another salt
  EXPECT_TRUE(Agrees().ok());
  for (const auto& [key, value] : ours) SetRow(key, value);
  ASSERT_TRUE(TryOpen("other").ok()) << "its rows agree with one another";
  EXPECT_EQ(Agrees().code(), absl::StatusCode::kDataLoss);
}

// Rows and leaves as they were written before there was a charge log.
TEST_F(ChargeLogOf, AnOfficeFromBeforeStartsItsLogAtZeroWithAllThatItSpent) {
  const Spent spent{kInfinitePure, RenyiBudget(kEight) / 2};
  const absl::Status written = parts_.committer->Commit([&](Staging& staging) {
    const auto put = [&](const std::string& key, auto row) {
      row.set_format(1);
      parts_.db->Put(staging.batch(), Space::kLedger, key, CheckedRow(key, row.SerializeAsString()));
    };
    const std::string edition = Rows("c")[0].first.substr(1);  // 2026-Q1
    storage::v1::CohortRow cohort;
    cohort.set_epsilon_1024(kEight.epsilon_1024);
    cohort.set_delta_mantissa(1);
    cohort.set_delta_exponent(6);
    cohort.mutable_spent()->set_pure(spent.pure);
    cohort.mutable_spent()->set_renyi(spent.renyi);
    put(absl::StrCat("c", edition), cohort);
    storage::v1::AskerRow asker;
    asker.set_asker("SHA256:a");
    *asker.mutable_spent() = cohort.spent();
    put(absl::StrCat("a", edition, "SHA256:a"), asker);
    storage::v1::SlotRow slot;
    slot.set_state(storage::v1::SlotRow::STATE_ANSWERED);
    slot.set_answer("old bytes");
    slot.add_askers("SHA256:a");
    slot.add_cohorts()->set_cohort(kQ1);
    *slot.mutable_cohorts(0)->mutable_cost() = cohort.spent();
    put(absl::StrCat("s", Sha256("old")), slot);
    storage::v1::JournalLeaf leaf;
    leaf.mutable_charged()->set_slot(Sha256("old"));
    leaf.mutable_charged()->set_asker("SHA256:a");
    storage::v1::CohortCharge* charge = leaf.mutable_charged()->add_cohorts();
    charge->set_cohort("2026-Q1");
    charge->set_pure(spent.pure);
    charge->set_renyi(spent.renyi);
    staging.Leaf(std::move(leaf));
    return absl::OkStatus();
  });
  ASSERT_TRUE(written.ok()) << written;
  Open();
  EXPECT_TRUE(Agrees().ok()) << Agrees();
  EXPECT_EQ(Reserve(Ask("old", spent.renyi, {kQ1})).answer, "old bytes");
  EXPECT_EQ(Head().size(), 0u);
  const CohortBalance balance = BalanceOf(kQ1);
  EXPECT_EQ(balance.gross.renyi, spent.renyi);
  EXPECT_EQ(balance.refunded.renyi, 0u);
  EXPECT_EQ(balance.unwitnessed.renyi, spent.renyi) << "nobody has witnessed any of it";
  // A member must have a round first, which tells stewards all of it.
  ledger_->HoldToWitnesses(true);
  EXPECT_EQ(RefusalOf(Ask("q", 1, {kQ1})), v1::REFUSAL_UNWITNESSED);
  EXPECT_EQ(ledger_->Refund(Sha256("old")).code(), absl::StatusCode::kInvalidArgument);
  Answered(Round("r", 3, {kQ1}));
  const v1::ChargeLogHead head = Head();
  EXPECT_EQ(head.size(), 1u);
  EXPECT_EQ(head.pure(), kInfinitePure);
  EXPECT_EQ(head.renyi(), spent.renyi + 3);
  ASSERT_TRUE(Witnessed(head));
  Answered(Ask("q", 1, {kQ1}));
  Open();
  EXPECT_EQ(Head().size(), 2u);
  EXPECT_EQ(BalanceOf(kQ1).unwitnessed.renyi, 1u);
  EXPECT_TRUE(Agrees().ok()) << Agrees();
}

}  // namespace
}  // namespace penc
