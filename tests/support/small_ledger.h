// A ledger for tests: a database of its own with two open cohorts, a clock that stands in the second one, and
// helpers that charge, reopen and copy it. Header only.
#pragma once
#include <gtest/gtest.h>
#include <rocksdb/write_batch.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/database.h"
#include "crypto/hash.h"
#include "crypto/secure_random.h"
#include "journal/committer.h"
#include "journal/journal.h"
#include "ledger/agreement.h"
#include "ledger/ledger.h"

namespace penc {

inline constexpr Edition kQ1 = 224, kQ2 = 225, kQ3 = 226, kQ4 = 227;  // 2026-Q1 to 2026-Q4
inline constexpr uint64_t kUnit = uint64_t{1} << 40;
inline constexpr Promise kEight{8 * 1024, 1, 6};

// One database with everything that belongs to it.
struct LedgerParts {
  std::unique_ptr<Database> db;
  std::unique_ptr<Journal> journal;
  std::unique_ptr<Committer> committer;
  std::unique_ptr<Ledger> ledger;

  ~LedgerParts() { Close(); }
  void Close() {
    committer.reset();  // its thread refers to the ledger
    ledger.reset();
    journal.reset();
    db.reset();
  }
};

class SmallLedger : public ::testing::Test {
 protected:
  struct SetClock : Clock {
    absl::Time now = absl::FromCivil(absl::CivilDay(2026, 5, 15), absl::UTCTimeZone());
    absl::Time Now() const override { return now; }
  };

  SmallLedger() {
    std::string name = (std::filesystem::temp_directory_path() / "penc-ledger-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    Open();
    for (Edition cohort : {kQ1, kQ2}) EXPECT_TRUE(ledger_->OpenCohort(cohort, kEight).ok());
  }
  ~SmallLedger() override {
    parts_.Close();
    std::filesystem::remove_all(folder_);
  }

  // As after a crash: whatever was not on the disk is gone.
  void Open(const std::string& name = "db") {
    const absl::Status opened = TryOpen(name);
    ASSERT_TRUE(opened.ok()) << opened;
  }
  absl::Status TryOpen(const std::string& name = "db") {
    parts_.Close();
    ledger_ = nullptr;
    auto db = Database::Open(folder_ / name);
    if (!db.ok()) return db.status();
    parts_.db = *std::move(db);
    auto journal = Journal::Open(*parts_.db, random_);
    if (!journal.ok()) return journal.status();
    parts_.journal = *std::move(journal);
    parts_.committer = std::make_unique<Committer>(*parts_.db, *parts_.journal, clock_);
    auto ledger = Ledger::Open(*parts_.db, *parts_.committer, Closing::kQuarter);
    if (!ledger.ok()) return ledger.status();
    parts_.ledger = *std::move(ledger);
    ledger_ = parts_.ledger.get();
    return absl::OkStatus();
  }
  // As a backup or an image of the disk is made; Open(name) goes on from it.
  void Copy(const std::string& name) { ASSERT_TRUE(parts_.db->CopyTo(folder_ / name).ok()); }

  static Charge Ask(const std::string& question, uint64_t renyi, std::vector<Edition> cohorts = {kQ1, kQ2},
                    const std::string& asker = "SHA256:a", uint64_t pure = kInfinitePure) {
    Charge charge;
    charge.slot = Sha256(question);
    charge.plan_id = Sha256({"plan", question});
    charge.question = question;
    charge.purpose = "plaidoyer";
    charge.asker = asker;
    charge.cohorts = std::move(cohorts);
    charge.cost = [=](Order) { return Cost{pure, renyi}; };
    return charge;
  }
  static Charge Round(const std::string& question, uint64_t renyi, std::vector<Edition> cohorts = {kQ1, kQ2},
                      const std::string& asker = "SHA256:a", uint64_t pure = kInfinitePure) {
    Charge charge = Ask(question, renyi, std::move(cohorts), asker, pure);
    charge.kind = ChargeKind::kRegional;
    return charge;
  }
  Slot Reserve(const Charge& charge) {
    auto slot = ledger_->Reserve(charge);
    EXPECT_TRUE(slot.ok()) << slot.status();
    return slot.ok() ? *std::move(slot) : Slot{};
  }
  Slot Answered(const Charge& charge, const std::string& answer = "bytes") {
    Slot slot = Reserve(charge);
    EXPECT_EQ(slot.state, Slot::State::kReserved) << slot.refusal;
    if (slot.state == Slot::State::kReserved) {
      EXPECT_TRUE(ledger_->Commit(slot, answer).ok());
    }
    return slot;
  }
  v1::Refusal RefusalOf(const Charge& charge) {
    const Slot slot = Reserve(charge);
    if (slot.state == Slot::State::kReserved) ledger_->Abandon(slot);
    return slot.refusal;
  }

  CohortBalance BalanceOf(Edition cohort) {
    for (CohortBalance& balance : ledger_->Balances()) {
      if (balance.cohort == cohort) return balance;
    }
    ADD_FAILURE() << "no cohort " << cohort;
    return {};
  }
  Spent SpentOf(Edition cohort) { return BalanceOf(cohort).spent; }
  Spent SpentOf(Edition cohort, const std::string& asker) {
    for (const auto& [name, spent] : BalanceOf(cohort).by_asker) {
      if (name == asker) return spent;
    }
    return {};
  }
  v1::ChargeLogHead Head() {
    auto head = ledger_->LogHead();
    EXPECT_TRUE(head.ok()) << head.status();
    return head.ok() ? *std::move(head) : v1::ChargeLogHead();
  }
  bool Witnessed(const v1::ChargeLogHead& head) {
    const auto ours = ledger_->SetWitnessed(head.generation(), head.size(), head.root());
    EXPECT_TRUE(ours.ok()) << ours.status();
    return ours.ok() && *ours;
  }
  static v1::AdoptedHead AsSeen(const v1::ChargeLogHead& head) {
    v1::AdoptedHead seen;
    seen.set_generation(head.generation());
    seen.set_size(head.size());
    seen.set_root(head.root());
    seen.set_pure(head.pure());
    seen.set_renyi(head.renyi());
    return seen;
  }

  absl::Status Agrees() const { return CheckSpending(*ledger_, *parts_.journal, Closing::kQuarter); }
  std::vector<storage::v1::JournalLeaf> Leaves() const {
    std::vector<storage::v1::JournalLeaf> leaves;
    const absl::Status read = parts_.journal->ForEach(0, [&](uint64_t, absl::string_view bytes) {
      EXPECT_TRUE(leaves.emplace_back().ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
      return true;
    });
    EXPECT_TRUE(read.ok()) << read;
    return leaves;
  }
  std::vector<std::pair<std::string, std::string>> Rows(const std::string& prefix) const {
    std::vector<std::pair<std::string, std::string>> rows;
    const absl::Status read =
        parts_.db->Scan(Space::kLedger, prefix, [&](absl::string_view key, absl::string_view value) {
          rows.emplace_back(key, value);
          return true;
        });
    EXPECT_TRUE(read.ok()) << read;
    return rows;
  }
  // Another value for one row, or none.
  void SetRow(const std::string& key, const absl::optional<std::string>& value) {
    rocksdb::WriteBatch batch;
    if (value) {
      parts_.db->Put(batch, Space::kLedger, key, *value);
    } else {
      parts_.db->Delete(batch, Space::kLedger, key);
    }
    ASSERT_TRUE(parts_.db->Write(batch, true).ok());
  }

  std::filesystem::path folder_;
  SetClock clock_;
  SecureRandom random_;
  LedgerParts parts_;
  Ledger* ledger_ = nullptr;
};

}  // namespace penc
