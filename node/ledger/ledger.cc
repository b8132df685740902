#include "ledger/ledger.h"

#include <algorithm>
#include <condition_variable>
#include <limits>
#include <map>
#include <mutex>
#include <set>

#include "absl/strings/str_cat.h"
#include "base/database.h"
#include "base/status.h"
#include "crypto/hash.h"
#include "journal/committer.h"
#include "penc/storage/v1/ledger.pb.h"

namespace penc {
namespace {

constexpr uint32_t kFormat = 1;
constexpr uint32_t kMostCompletions = 3;

// Editions sort by their bytes: the sign bit is flipped.
std::string EditionBytes(Edition edition) {
  const uint64_t bits = static_cast<uint64_t>(edition) ^ (uint64_t{1} << 63);
  std::string out(8, 0);
  for (int i = 0; i < 8; ++i) out[i] = static_cast<char>(bits >> (56 - 8 * i) & 0xff);
  return out;
}

Edition EditionOf(absl::string_view bytes) {
  uint64_t bits = 0;
  for (char c : bytes.substr(0, 8)) bits = bits << 8 | static_cast<uint8_t>(c);
  return static_cast<Edition>(bits ^ (uint64_t{1} << 63));
}

// A row on disk: its bytes and the first 8 bytes of their SHA-256 bound to the key, so that a damaged or
// misplaced row is noticed whatever the database says.
std::string Checked(absl::string_view key, const std::string& bytes) {
  return absl::StrCat(Sha256({key, bytes}).substr(0, 8), bytes);
}

absl::Status Damaged() {
  return Fail(
      absl::StatusCode::kDataLoss,
      {"registre de confidentialité abîmé: rien ne sera répondu; restaurez une sauvegarde (penc restore)",
       "damaged privacy ledger: nothing will be answered; restore a backup (penc restore)"});
}

template <typename Message>
absl::Status Parse(absl::string_view key, absl::string_view value, Message& message) {
  if (value.size() < 8 || Sha256({key, value.substr(8)}).substr(0, 8) != value.substr(0, 8) ||
      !message.ParseFromArray(value.data() + 8, static_cast<int>(value.size()) - 8) ||
      message.format() != kFormat) {
    return Damaged();
  }
  return absl::OkStatus();
}

std::string CohortKey(Edition cohort) { return absl::StrCat("c", EditionBytes(cohort)); }
std::string AskerKey(Edition cohort, absl::string_view asker) {
  return absl::StrCat("a", EditionBytes(cohort), asker);
}
std::string SlotRowKey(const SlotKey& slot) { return absl::StrCat("s", slot); }

Spent FromRow(const storage::v1::Spent& row) { return {row.pure(), row.renyi()}; }
void ToRow(const Spent& spent, storage::v1::Spent* row) {
  row->set_pure(spent.pure);
  row->set_renyi(spent.renyi);
}

using Costs = std::map<Edition, Cost>;

struct Account {
  Promise promise;
  Allowance allowance;
  Spent spent;
  std::map<std::string, Spent> askers;
};

// A share of an allowance: governance inside the promise.
Allowance ShareOf(const Allowance& whole, uint64_t ppm) {
  const auto part = [ppm](uint64_t amount) {
    return static_cast<uint64_t>(static_cast<unsigned __int128>(amount) * ppm / 1000000);
  };
  return {whole.order, part(whole.pure), part(whole.renyi)};
}

class LedgerOnDatabase final : public Ledger {
 public:
  LedgerOnDatabase(Database& db, Committer& committer, Closing closing)
      : db_(db), committer_(committer), closing_(closing) {
    // A ledger that cannot be read again must not go on from memory.
    committer_.OnReload([this] { PENC_CHECK(Load().ok()); });
  }

  absl::Status Load() {
    std::map<Edition, Account> accounts;
    absl::Status bad;
    RETURN_IF_ERROR(db_.Scan(Space::kLedger, "c", [&](absl::string_view key, absl::string_view value) {
      storage::v1::CohortRow row;
      bad = key.size() == 9 ? Parse(key, value, row) : Damaged();
      if (!bad.ok()) return false;
      Account account;
      account.promise = {row.epsilon_1024(), row.delta_mantissa(), row.delta_exponent()};
      account.allowance = AllowanceOf(account.promise);
      account.spent = FromRow(row.spent());
      accounts[EditionOf(key.substr(1))] = std::move(account);
      return true;
    }));
    if (!bad.ok()) return bad;
    RETURN_IF_ERROR(db_.Scan(Space::kLedger, "a", [&](absl::string_view key, absl::string_view value) {
      storage::v1::AskerRow row;
      bad = key.size() > 9 ? Parse(key, value, row) : Damaged();
      if (bad.ok() &&
          (row.asker() != key.substr(9) || accounts.find(EditionOf(key.substr(1))) == accounts.end()))
        bad = Damaged();
      if (!bad.ok()) return false;
      accounts[EditionOf(key.substr(1))].askers[row.asker()] = FromRow(row.spent());
      return true;
    }));
    if (!bad.ok()) return bad;
    std::lock_guard<std::mutex> lock(mutex_);
    accounts_ = std::move(accounts);
    recent_.clear();
    return absl::OkStatus();
  }

  absl::StatusOr<Slot> Reserve(const Charge& charge) override {
    Slot slot;
    slot.key = charge.slot;
    absl::Status status = committer_.Commit([&](Staging& staging) { return Decide(charge, staging, slot); });
    if (status.ok()) return slot;
    if (slot.state == Slot::State::kReserved) Release(slot.key);  // decided, but not written
    return status;
  }

  bool AwaitRelease(const SlotKey& slot, absl::Duration most) override {
    std::unique_lock<std::mutex> lock(mutex_);
    return released_.wait_for(lock, absl::ToChronoNanoseconds(most),
                              [&] { return held_.find(slot) == held_.end(); });
  }

  absl::Status Commit(const Slot& slot, const std::string& answer) override {
    absl::Status status = committer_.Commit([&](Staging& staging) -> absl::Status {
      BeginGroup(staging);
      ASSIGN_OR_RETURN(storage::v1::SlotRow row, ReadSlot(slot.key));
      PENC_CHECK(row.state() == storage::v1::SlotRow::STATE_CHARGED && Held(slot.key));
      row.set_state(storage::v1::SlotRow::STATE_ANSWERED);
      row.set_answer(answer);
      PutSlot(staging, slot.key, row);
      storage::v1::JournalLeaf leaf;
      leaf.mutable_released()->set_slot(slot.key);
      leaf.mutable_released()->set_answer_sha256(Sha256(answer));
      staging.Leaf(std::move(leaf));
      return absl::OkStatus();
    });
    Release(slot.key);
    return status;
  }

  void Abandon(const Slot& slot) override { Release(slot.key); }

  std::vector<CohortBalance> Balances() const override {
    std::lock_guard<std::mutex> lock(mutex_);
    std::vector<CohortBalance> balances;
    for (const auto& [cohort, account] : accounts_) {
      balances.push_back(
          {cohort, account.promise, account.spent, {account.askers.begin(), account.askers.end()}});
    }
    return balances;
  }

  absl::Status OpenCohort(Edition cohort, const Promise& promise) override {
    return committer_.Commit([&](Staging& staging) -> absl::Status {
      std::lock_guard<std::mutex> lock(mutex_);
      if (accounts_.find(cohort) != accounts_.end()) return absl::OkStatus();
      Account& account = accounts_[cohort];
      account.promise = promise;
      account.allowance = AllowanceOf(promise);
      PutCohort(staging, cohort, account);
      return absl::OkStatus();
    });
  }

  absl::Status ForfeitAll() override {
    return committer_.Commit([&](Staging& staging) -> absl::Status {
      std::lock_guard<std::mutex> lock(mutex_);
      BeginGroup(staging);
      for (auto& [cohort, account] : accounts_) {
        account.spent = {kInfinitePure, std::max(account.spent.renyi, account.allowance.renyi)};
        PutCohort(staging, cohort, account);
      }
      return GiveUpOpenCharges(staging);
    });
  }

 private:
  // What was charged and open when a backup was made may have been answered since: it is never completed
  // here.
  absl::Status GiveUpOpenCharges(Staging& staging) {
    std::vector<std::pair<SlotKey, storage::v1::SlotRow>> open;
    absl::Status bad;
    RETURN_IF_ERROR(db_.Scan(Space::kLedger, "s", [&](absl::string_view key, absl::string_view value) {
      storage::v1::SlotRow row;
      bad = Parse(key, value, row);
      const SlotKey slot(key.substr(1));
      if (bad.ok() && row.state() == storage::v1::SlotRow::STATE_CHARGED &&
          recent_.find(slot) == recent_.end())
        open.emplace_back(slot, row);
      return bad.ok();
    }));
    if (!bad.ok()) return bad;
    for (auto& [slot, row] : open) {
      row.set_state(storage::v1::SlotRow::STATE_GIVEN_UP);
      PutSlot(staging, slot, row);
      storage::v1::JournalLeaf leaf;
      leaf.mutable_given_up()->set_slot(slot);
      staging.Leaf(std::move(leaf));
    }
    return absl::OkStatus();
  }

  // On the committer's thread. Fails only for a damaged or unwritable disk; a refusal is a slot.
  absl::Status Decide(const Charge& charge, Staging& staging, Slot& slot) {
    std::lock_guard<std::mutex> lock(mutex_);
    BeginGroup(staging);
    ASSIGN_OR_RETURN(absl::optional<storage::v1::SlotRow> row, FindSlot(charge.slot));
    if (row.has_value() && row->state() == storage::v1::SlotRow::STATE_GIVEN_UP)
      return Refuse(slot, v1::REFUSAL_GIVEN_UP);
    if (held_.find(charge.slot) != held_.end()) return Refuse(slot, v1::REFUSAL_IN_PROGRESS);
    if (!row.has_value()) return FirstCharge(charge, staging, slot);

    // Charged before: each asker's own share is charged the first time it gets the answer.
    if (std::find(row->askers().begin(), row->askers().end(), charge.asker) == row->askers().end()) {
      Costs costs;
      for (const storage::v1::CohortCost& c : row->cohorts())
        costs[c.cohort()] = {c.cost().pure(), c.cost().renyi()};
      if (!ShareFits(charge, costs, slot)) return absl::OkStatus();
      ChargeShare(charge, costs, staging);
      row->add_askers(charge.asker);
      storage::v1::JournalLeaf leaf = ChargedLeaf(charge, costs);
      leaf.mutable_charged()->set_share_only(true);
      staging.Leaf(std::move(leaf));
      PutSlot(staging, charge.slot, *row);
    }
    if (row->state() == storage::v1::SlotRow::STATE_ANSWERED) {
      slot.state = Slot::State::kCommitted;
      slot.answer = row->answer();
      return absl::OkStatus();
    }
    // Charged, but nothing had left: completed with fresh noise at no new cost, a bounded number of times.
    if (row->completions() >= kMostCompletions) {
      row->set_state(storage::v1::SlotRow::STATE_GIVEN_UP);
      PutSlot(staging, charge.slot, *row);
      storage::v1::JournalLeaf leaf;
      leaf.mutable_given_up()->set_slot(charge.slot);
      staging.Leaf(std::move(leaf));
      return Refuse(slot, v1::REFUSAL_GIVEN_UP);
    }
    row->set_completions(row->completions() + 1);
    PutSlot(staging, charge.slot, *row);
    Hold(slot);
    return absl::OkStatus();
  }

  absl::Status FirstCharge(const Charge& charge, Staging& staging, Slot& slot) {
    Costs costs;
    std::map<uint32_t, Cost> at_order;  // most cohorts share one promise
    for (Edition cohort : charge.cohorts) {
      const auto account = accounts_.find(cohort);
      // A cohort without a budget was never opened: nothing may be charged to it.
      if (account == accounts_.end()) {
        slot.exhausted.push_back(cohort);
        continue;
      }
      const Order order = account->second.allowance.order;
      const auto [cost, fresh] = at_order.try_emplace(order.twice_alpha);
      if (fresh) cost->second = charge.cost(order);
      costs[cohort] = cost->second;
      if (!Fits(account->second.allowance, account->second.spent, costs[cohort]))
        slot.exhausted.push_back(cohort);
    }
    if (!slot.exhausted.empty()) return Refuse(slot, v1::REFUSAL_BUDGET_EXHAUSTED);
    if (!ShareFits(charge, costs, slot)) return absl::OkStatus();
    storage::v1::SlotRow row;
    row.set_state(storage::v1::SlotRow::STATE_CHARGED);
    row.set_plan_id(charge.plan_id);
    for (const auto& [cohort, cost] : costs) {
      Account& account = accounts_[cohort];
      account.spent = Add(account.spent, cost);
      PutCohort(staging, cohort, account);
      storage::v1::CohortCost* c = row.add_cohorts();
      c->set_cohort(cohort);
      ToRow({cost.pure, cost.renyi}, c->mutable_cost());
    }
    ChargeShare(charge, costs, staging);
    row.add_askers(charge.asker);
    PutSlot(staging, charge.slot, std::move(row));
    staging.Leaf(ChargedLeaf(charge, costs));
    slot.charged_now = true;
    Hold(slot);
    return absl::OkStatus();
  }

  bool ShareFits(const Charge& charge, const Costs& costs, Slot& slot) {
    for (const auto& [cohort, cost] : costs) {
      const auto account = accounts_.find(cohort);
      PENC_CHECK(account != accounts_.end());
      const auto spent = account->second.askers.find(charge.asker);
      const Spent own = spent == account->second.askers.end() ? Spent{} : spent->second;
      if (!Fits(ShareOf(account->second.allowance, charge.share_ppm), own, cost))
        slot.exhausted.push_back(cohort);
    }
    if (slot.exhausted.empty()) return true;
    slot.state = Slot::State::kRefused;
    slot.refusal = v1::REFUSAL_SHARE_EXHAUSTED;
    return false;
  }

  void ChargeShare(const Charge& charge, const Costs& costs, Staging& staging) {
    for (const auto& [cohort, cost] : costs) {
      Spent& spent = accounts_[cohort].askers[charge.asker];
      spent = Add(spent, cost);
      storage::v1::AskerRow row;
      row.set_format(kFormat);
      row.set_asker(charge.asker);
      ToRow(spent, row.mutable_spent());
      const std::string key = AskerKey(cohort, charge.asker);
      db_.Put(staging.batch(), Space::kLedger, key, Checked(key, row.SerializeAsString()));
    }
  }

  storage::v1::JournalLeaf ChargedLeaf(const Charge& charge, const Costs& costs) const {
    storage::v1::JournalLeaf leaf;
    storage::v1::Charged& charged = *leaf.mutable_charged();
    charged.set_slot(charge.slot);
    charged.set_plan_id(charge.plan_id);
    charged.set_question(charge.question);
    charged.set_purpose(charge.purpose);
    charged.set_asker(charge.asker);
    for (const auto& [cohort, cost] : costs) {
      storage::v1::CohortCharge* c = charged.add_cohorts();
      c->set_cohort(EditionLabel(closing_, cohort));
      c->set_pure(cost.pure);
      c->set_renyi(cost.renyi);
    }
    return leaf;
  }

  static absl::Status Refuse(Slot& slot, v1::Refusal refusal) {
    slot.state = Slot::State::kRefused;
    slot.refusal = refusal;
    return absl::OkStatus();
  }

  void Hold(Slot& slot) {
    slot.state = Slot::State::kReserved;
    held_.insert(slot.key);
  }
  bool Held(const SlotKey& key) const {
    std::lock_guard<std::mutex> lock(mutex_);
    return held_.find(key) != held_.end();
  }
  void Release(const SlotKey& key) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      held_.erase(key);
    }
    released_.notify_all();
  }

  void BeginGroup(const Staging& staging) {
    if (staging.group() != recent_group_) recent_.clear();
    recent_group_ = staging.group();
  }
  absl::StatusOr<absl::optional<storage::v1::SlotRow>> FindSlot(const SlotKey& slot) const {
    if (const auto recent = recent_.find(slot); recent != recent_.end())
      return absl::make_optional(recent->second);
    const std::string key = SlotRowKey(slot);
    ASSIGN_OR_RETURN(const absl::optional<std::string> value, db_.Get(Space::kLedger, key));
    if (!value.has_value()) return absl::optional<storage::v1::SlotRow>();
    storage::v1::SlotRow row;
    RETURN_IF_ERROR(Parse(key, *value, row));
    return absl::make_optional(std::move(row));
  }
  absl::StatusOr<storage::v1::SlotRow> ReadSlot(const SlotKey& slot) const {
    ASSIGN_OR_RETURN(absl::optional<storage::v1::SlotRow> row, FindSlot(slot));
    if (!row.has_value()) return Damaged();
    return *std::move(row);
  }
  void PutSlot(Staging& staging, const SlotKey& slot, storage::v1::SlotRow row) {
    row.set_format(kFormat);
    const std::string key = SlotRowKey(slot);
    db_.Put(staging.batch(), Space::kLedger, key, Checked(key, row.SerializeAsString()));
    recent_[slot] = std::move(row);
  }
  void PutCohort(Staging& staging, Edition cohort, const Account& account) {
    storage::v1::CohortRow row;
    row.set_format(kFormat);
    row.set_epsilon_1024(account.promise.epsilon_1024);
    row.set_delta_mantissa(account.promise.delta_mantissa);
    row.set_delta_exponent(account.promise.delta_exponent);
    ToRow(account.spent, row.mutable_spent());
    const std::string key = CohortKey(cohort);
    db_.Put(staging.batch(), Space::kLedger, key, Checked(key, row.SerializeAsString()));
  }

  Database& db_;
  Committer& committer_;
  const Closing closing_;
  mutable std::mutex mutex_;
  std::map<Edition, Account> accounts_;
  std::set<SlotKey> held_;  // being answered by a call of this process
  std::condition_variable released_;
  // Rows of the write that is being made up: the disk does not have them yet. Only the committer's thread
  // touches these.
  std::map<SlotKey, storage::v1::SlotRow> recent_;
  uint64_t recent_group_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Ledger>> Ledger::Open(Database& db, Committer& committer, Closing closing) {
  auto ledger = std::make_unique<LedgerOnDatabase>(db, committer, closing);
  RETURN_IF_ERROR(ledger->Load());
  return ledger;
}

}  // namespace penc
