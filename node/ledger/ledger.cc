#include "ledger/ledger.h"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>

#include "absl/strings/str_cat.h"
#include "base/big_endian.h"
#include "base/database.h"
#include "base/status.h"
#include "crypto/hash.h"
#include "journal/committer.h"
#include "ledger/charge_log.h"
#include "ledger/refund.h"
#include "ledger/rows.h"
#include "ledger/unwitnessed.h"
#include "penc/storage/v1/ledger.pb.h"

namespace penc {
namespace {

constexpr uint32_t kMostCompletions = 3;

// Editions sort by their bytes: the sign bit is flipped.
std::string EditionBytes(Edition edition) {
  return BigEndian64(static_cast<uint64_t>(edition) ^ (uint64_t{1} << 63));
}

Edition EditionOf(absl::string_view bytes) {
  uint64_t bits = 0;
  for (char c : bytes.substr(0, 8)) bits = bits << 8 | static_cast<uint8_t>(c);
  return static_cast<Edition>(bits ^ (uint64_t{1} << 63));
}

std::string CohortKey(Edition cohort) { return absl::StrCat("c", EditionBytes(cohort)); }
std::string AskerKey(Edition cohort, absl::string_view asker) {
  return absl::StrCat("a", EditionBytes(cohort), asker);
}
std::string SlotRowKey(const SlotKey& slot) { return absl::StrCat("s", slot); }

Spent FromRow(const storage::v1::Spent& row) { return {row.pure(), row.renyi(), row.delta()}; }
void ToRow(const Spent& spent, storage::v1::Spent* row) {
  row->set_pure(spent.pure);
  row->set_renyi(spent.renyi);
  row->set_delta(spent.delta);
}

using Costs = std::map<Edition, Cost>;

struct Account {
  Promise promise;
  Allowance allowance;
  Spent spent, gross, refunded, unwitnessed;
  std::map<std::string, Spent> askers;
};

Cost WithoutDelta(const Cost& cost) { return {cost.pure, cost.renyi}; }

Spent AtLeast(const Spent& a, const Spent& b) {
  return {std::max(a.pure, b.pure), std::max(a.renyi, b.renyi), std::max(a.delta, b.delta)};
}

class LedgerOnDatabase final : public Ledger {
 public:
  LedgerOnDatabase(Database& db, Committer& committer, Closing closing)
      : db_(db), committer_(committer), closing_(closing), log_(db) {
    // A ledger that cannot be read again must not go on from memory.
    committer_.OnReload([this] { PENC_CHECK(Load().ok()); });
  }

  absl::Status Load() {
    std::map<Edition, Account> accounts;
    absl::Status bad;
    RETURN_IF_ERROR(db_.Scan(Space::kLedger, "c", [&](absl::string_view key, absl::string_view value) {
      storage::v1::CohortRow row;
      bad = key.size() == 9 ? ParseRow(key, value, row) : LedgerDamaged();
      if (!bad.ok()) return false;
      Account account;
      account.promise = {row.epsilon_1024(), row.delta_mantissa(), row.delta_exponent(), row.keys_delta()};
      account.allowance = AllowanceOf(account.promise);
      account.spent = FromRow(row.spent());
      // A row from before the charge log: nothing was given back, and nobody has witnessed any of it.
      account.gross = row.has_gross() ? FromRow(row.gross()) : account.spent;
      account.refunded = FromRow(row.refunded());
      account.unwitnessed = row.has_unwitnessed() ? FromRow(row.unwitnessed()) : account.spent;
      accounts[EditionOf(key.substr(1))] = std::move(account);
      return true;
    }));
    if (!bad.ok()) return bad;
    RETURN_IF_ERROR(db_.Scan(Space::kLedger, "a", [&](absl::string_view key, absl::string_view value) {
      storage::v1::AskerRow row;
      bad = key.size() > 9 ? ParseRow(key, value, row) : LedgerDamaged();
      if (bad.ok() &&
          (row.asker() != key.substr(9) || accounts.find(EditionOf(key.substr(1))) == accounts.end()))
        bad = LedgerDamaged();
      if (!bad.ok()) return false;
      accounts[EditionOf(key.substr(1))].askers[row.asker()] = FromRow(row.spent());
      return true;
    }));
    if (!bad.ok()) return bad;
    std::lock_guard<std::mutex> lock(mutex_);
    RETURN_IF_ERROR(log_.Load());
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
      PENC_CHECK(Held(slot.key));
      if (row.state() == storage::v1::SlotRow::STATE_GIVEN_UP) return GivenUpMeanwhile();
      PENC_CHECK(row.state() == storage::v1::SlotRow::STATE_CHARGED);
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
      balances.push_back({cohort,
                          account.promise,
                          account.spent,
                          {account.askers.begin(), account.askers.end()},
                          account.gross,
                          account.refunded,
                          account.unwitnessed});
    }
    return balances;
  }

  absl::Status OpenCohort(Edition cohort, const Promise& promise) override {
    return committer_.Commit([&](Staging& staging) -> absl::Status {
      std::lock_guard<std::mutex> lock(mutex_);
      BeginGroup(staging);
      if (accounts_.find(cohort) != accounts_.end()) return absl::OkStatus();
      Account& account = accounts_[cohort];
      account.promise = promise;
      account.allowance = AllowanceOf(promise);
      if (log_.Retakes(staging, cohort)) Retake(cohort, account, staging);
      PutCohort(staging, cohort, account);
      return absl::OkStatus();
    });
  }

  absl::Status ForfeitAll() override {
    return committer_.Commit([&](Staging& staging) -> absl::Status {
      std::lock_guard<std::mutex> lock(mutex_);
      BeginGroup(staging);
      ASSIGN_OR_RETURN(const SlotRows open, OpenCharges());
      for (auto& [cohort, account] : accounts_) {
        account.spent =
            AtLeast(account.spent, {kInfinitePure, account.allowance.renyi, account.allowance.keys_delta});
        account.gross = AtLeast(account.gross, account.spent);
        PutCohort(staging, cohort, account);
      }
      storage::v1::JournalLeaf leaf;
      leaf.mutable_restored()->set_forfeited(true);
      leaf.mutable_restored()->set_generation(log_.generation());
      leaf.mutable_restored()->set_log_leaf(log_.AppendForfeit(staging));
      staging.Leaf(std::move(leaf));
      GiveUp(open, staging);
      return absl::OkStatus();
    });
  }

  absl::Status Refund(const SlotKey& slot) override {
    return committer_.Commit([&](Staging& staging) -> absl::Status {
      std::lock_guard<std::mutex> lock(mutex_);
      BeginGroup(staging);
      ASSIGN_OR_RETURN(absl::optional<storage::v1::SlotRow> row, FindSlot(slot));
      if (!row.has_value() || !row->regional()) return NotRegional(row.has_value());
      if (row->state() == storage::v1::SlotRow::STATE_REFUNDED) return absl::OkStatus();
      if (held_.find(slot) != held_.end()) return StillHeld();
      storage::v1::JournalLeaf leaf;
      leaf.mutable_refunded()->set_slot(slot);
      if (log_.InSums(row->generation(), row->place()))
        RETURN_IF_ERROR(TakeBack(*row, staging, *leaf.mutable_refunded()));
      row->set_state(storage::v1::SlotRow::STATE_REFUNDED);
      PutSlot(staging, slot, *std::move(row));
      staging.Leaf(std::move(leaf));
      return absl::OkStatus();
    });
  }

  absl::StatusOr<v1::ChargeLogHead> LogHead() override {
    v1::ChargeLogHead head;
    RETURN_IF_ERROR(committer_.Commit([&](Staging& staging) -> absl::Status {
      std::lock_guard<std::mutex> lock(mutex_);
      BeginGroup(staging);
      ASSIGN_OR_RETURN(head, log_.Give(staging));
      Spent most{head.adopted().pure(), head.adopted().renyi()};
      for (const auto& [cohort, account] : accounts_) most = AtLeast(most, account.gross);
      head.set_pure(most.pure);
      head.set_renyi(most.renyi);
      return absl::OkStatus();
    }));
    return head;
  }

  LogPosition Position() const override {
    std::lock_guard<std::mutex> lock(mutex_);
    return {log_.generation(), log_.size(), log_.root()};
  }

  void HoldToWitnesses(bool member) override {
    std::lock_guard<std::mutex> lock(mutex_);
    member_ = member;
  }

  absl::StatusOr<bool> SetWitnessed(uint64_t generation, uint64_t size, absl::string_view root) override {
    bool contained = false;
    RETURN_IF_ERROR(committer_.Commit([&](Staging& staging) -> absl::Status {
      std::lock_guard<std::mutex> lock(mutex_);
      BeginGroup(staging);
      ASSIGN_OR_RETURN(contained, log_.Contains(generation, size, root));
      if (!contained || generation != log_.generation() || size <= log_.witnessed()) return absl::OkStatus();
      std::map<Edition, Spent> since;
      RETURN_IF_ERROR(log_.ForEach(size, [&](const storage::v1::ChargeLogEntry& entry) {
        for (const auto& [cohort, cost] : CostsOf(entry.cohorts())) {
          if (entry.kind() == storage::v1::ChargeLogEntry::KIND_LOCAL)
            since[cohort] = Add(since[cohort], cost);
          const auto account = accounts_.find(cohort);
          if (entry.kind() == storage::v1::ChargeLogEntry::KIND_RETAKEN && account != accounts_.end())
            since[cohort] = UsedUp(account->second.allowance, since[cohort]);
        }
      }));
      for (auto& [cohort, account] : accounts_) {
        account.unwitnessed = since[cohort];
        PutCohort(staging, cohort, account);
      }
      log_.SetWitnessed(staging, size, root);
      return absl::OkStatus();
    }));
    return contained;
  }

  absl::Status Adopt(const v1::AdoptedHead& head) override {
    if (head.size() == 0 || head.root().size() != 32) return NoHead();
    return committer_.Commit([&](Staging& staging) -> absl::Status {
      std::lock_guard<std::mutex> lock(mutex_);
      BeginGroup(staging);
      if (log_.TookOver(head)) return absl::OkStatus();
      ASSIGN_OR_RETURN(const SlotRows open, OpenCharges());
      // What was closed after the copy was made, and with it the budgets opened, is lost; its people come
      // again.
      const Edition now = EditionAt(closing_, staging.now());
      absl::optional<Edition> retaken_until;
      if (accounts_.empty() || accounts_.rbegin()->first < now) retaken_until = now;
      const std::string log_leaf = log_.Adopt(staging, head, retaken_until);
      for (auto& [cohort, account] : accounts_) {
        TakeOver(account);
        PutCohort(staging, cohort, account);
      }
      storage::v1::JournalLeaf leaf;
      *leaf.mutable_restored()->mutable_adopted() = head;
      leaf.mutable_restored()->set_generation(log_.generation());
      leaf.mutable_restored()->set_log_leaf(log_leaf);
      staging.Leaf(std::move(leaf));
      GiveUp(open, staging);
      return absl::OkStatus();
    });
  }

 private:
  using SlotRows = std::map<SlotKey, storage::v1::SlotRow>;

  static absl::Status GivenUpMeanwhile() {
    return Fail(
        absl::StatusCode::kFailedPrecondition,
        {"le registre de confidentialité a repris ce que les témoins ont vu pendant que cette réponse "
         "se faisait: elle n'est pas donnée, ce qui a été compté le reste",
         "the privacy ledger took over what stewards had witnessed while this answer was being made: "
         "it is not given, what was charged stays charged"});
  }
  static absl::Status NotRegional(bool local) {
    if (!local) {
      return Fail(absl::StatusCode::kNotFound,
                  {"cette ronde n'a rien compté ici: il n'y a rien à rendre",
                   "this round charged nothing here: there is nothing to give back"});
    }
    return Fail(absl::StatusCode::kInvalidArgument,
                {"une réponse donnée seule ne se rend jamais: seule la part d'une ronde peut l'être",
                 "an answer of this office alone is never given back: only its share of a round can be"});
  }
  static absl::Status StillHeld() {
    return Fail(absl::StatusCode::kFailedPrecondition,
                {"la contribution à cette ronde est en cours: réessayez quand elle est finie",
                 "the contribution to this round is being made: try again when it is done"});
  }
  static absl::Status NoHead() {
    return Fail(absl::StatusCode::kInvalidArgument,
                {"ce que les témoins disent n'est pas un registre de dépenses: redemandez-leur",
                 "what stewards say is no head of a charge log: ask them again"});
  }

  template <typename CohortCosts>
  static Costs CostsOf(const CohortCosts& cohorts) {
    Costs costs;
    for (const storage::v1::CohortCost& c : cohorts)
      costs[c.cohort()] = {c.cost().pure(), c.cost().renyi(), c.cost().delta()};
    return costs;
  }

  // Every charge without an answer, also those that a running call holds: what was charged and open when a
  // backup was made may have been answered since, and the sums that replace it do not hold it.
  absl::StatusOr<SlotRows> OpenCharges() const {
    SlotRows open;
    absl::Status bad;
    const auto add = [&](const SlotKey& slot, const storage::v1::SlotRow& row) {
      if (row.state() == storage::v1::SlotRow::STATE_CHARGED) open[slot] = row;
    };
    RETURN_IF_ERROR(db_.Scan(Space::kLedger, "s", [&](absl::string_view key, absl::string_view value) {
      storage::v1::SlotRow row;
      bad = ParseRow(key, value, row);
      const SlotKey slot(key.substr(1));
      if (bad.ok() && recent_.find(slot) == recent_.end()) add(slot, row);
      return bad.ok();
    }));
    if (!bad.ok()) return bad;
    for (const auto& [slot, row] : recent_) add(slot, row);
    return open;
  }

  void GiveUp(const SlotRows& open, Staging& staging) {
    for (const auto& [slot, charged] : open) {
      storage::v1::SlotRow row = charged;
      row.set_state(storage::v1::SlotRow::STATE_GIVEN_UP);
      PutSlot(staging, slot, std::move(row));
      storage::v1::JournalLeaf leaf;
      leaf.mutable_given_up()->set_slot(slot);
      staging.Leaf(std::move(leaf));
    }
  }

  // The log has taken over a head: so does the cohort.
  void TakeOver(Account& account) const {
    const Spent witnessed{log_.adopted()->pure(), log_.adopted()->renyi()};
    const Spent taken = TakenOver(account.allowance, witnessed, account.unwitnessed);
    account.spent = AtLeast(account.spent, taken);
    account.gross = AtLeast(account.gross, taken);
    // Until a head of this generation is witnessed, stewards only know the one that was taken over.
    account.unwitnessed = UsedUp(account.allowance, account.unwitnessed);
  }

  // A total that moves is an entry: no size of the log ever has two.
  void Retake(Edition cohort, Account& account, Staging& staging) {
    TakeOver(account);
    storage::v1::ChargeLogEntry entry;
    entry.set_kind(storage::v1::ChargeLogEntry::KIND_RETAKEN);
    entry.add_cohorts()->set_cohort(cohort);
    ToRow(account.spent, entry.mutable_cohorts(0)->mutable_cost());
    storage::v1::JournalLeaf leaf;
    leaf.mutable_restored()->set_retaken(EditionLabel(closing_, cohort));
    leaf.mutable_restored()->set_generation(log_.generation());
    leaf.mutable_restored()->set_log_leaf(log_.Append(staging, std::move(entry)));
    staging.Leaf(std::move(leaf));
  }

  // Off every cohort and every share that paid, or off none.
  absl::Status TakeBack(const storage::v1::SlotRow& row, Staging& staging, storage::v1::Refunded& journaled) {
    const Costs costs = CostsOf(row.cohorts());
    std::map<Edition, Account> after;
    for (const auto& [cohort, cost] : costs) {
      const auto account = accounts_.find(cohort);
      if (account == accounts_.end()) return LedgerDamaged();
      Account& left = after[cohort] = account->second;
      const absl::optional<Spent> spent = Without(left.spent, cost);
      if (!spent.has_value()) return LedgerDamaged();
      left.spent = *spent;
      left.refunded = Add(left.refunded, cost);
      for (const std::string& asker : row.askers()) {
        const absl::optional<Spent> share = Without(left.askers[asker], cost);
        if (!share.has_value()) return LedgerDamaged();
        left.askers[asker] = *share;
      }
      storage::v1::CohortCharge* c = journaled.add_cohorts();
      c->set_cohort(EditionLabel(closing_, cohort));
      c->set_pure(cost.pure);
      c->set_renyi(cost.renyi);
      c->set_delta(cost.delta);
    }
    *journaled.mutable_askers() = row.askers();
    for (auto& [cohort, account] : after) {
      accounts_[cohort] = std::move(account);
      PutCohort(staging, cohort, accounts_[cohort]);
      for (const std::string& asker : row.askers()) PutAsker(staging, cohort, asker);
    }
    return absl::OkStatus();
  }

  // On the committer's thread. Fails only for a damaged or unwritable disk; a refusal is a slot.
  absl::Status Decide(const Charge& charge, Staging& staging, Slot& slot) {
    std::lock_guard<std::mutex> lock(mutex_);
    BeginGroup(staging);
    ASSIGN_OR_RETURN(absl::optional<storage::v1::SlotRow> row, FindSlot(charge.slot));
    if (row.has_value() && (row->state() == storage::v1::SlotRow::STATE_GIVEN_UP ||
                            row->state() == storage::v1::SlotRow::STATE_REFUNDED))
      return Refuse(slot, v1::REFUSAL_GIVEN_UP);
    if (held_.find(charge.slot) != held_.end()) return Refuse(slot, v1::REFUSAL_IN_PROGRESS);
    if (!row.has_value()) return FirstCharge(charge, staging, slot);

    // Charged before: each asker's own share is charged the first time it gets the answer.
    if (std::find(row->askers().begin(), row->askers().end(), charge.asker) == row->askers().end()) {
      const Costs costs = CostsOf(row->cohorts());
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
    std::vector<Edition> no_keys;       // have not enough delta set aside
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
      if (!Fits(account->second.allowance, account->second.spent, WithoutDelta(costs[cohort])))
        slot.exhausted.push_back(cohort);
      if (!Fits(account->second.allowance, account->second.spent, costs[cohort])) no_keys.push_back(cohort);
    }
    if (!slot.exhausted.empty()) return Refuse(slot, v1::REFUSAL_BUDGET_EXHAUSTED);
    if (!no_keys.empty()) {
      slot.exhausted = std::move(no_keys);
      return Refuse(slot, v1::REFUSAL_KEYS_EXHAUSTED);
    }
    if (!ShareFits(charge, costs, slot)) return absl::OkStatus();
    const bool regional = charge.kind == ChargeKind::kRegional;
    if (member_ && !regional && !WitnessedEnough(costs, slot)) return absl::OkStatus();
    storage::v1::SlotRow row;
    row.set_state(storage::v1::SlotRow::STATE_CHARGED);
    row.set_plan_id(charge.plan_id);
    row.set_regional(regional);
    for (const auto& [cohort, cost] : costs) {
      Account& account = accounts_[cohort];
      account.spent = Add(account.spent, cost);
      account.gross = Add(account.gross, cost);
      if (!regional) account.unwitnessed = Add(account.unwitnessed, cost);
      PutCohort(staging, cohort, account);
      storage::v1::CohortCost* c = row.add_cohorts();
      c->set_cohort(cohort);
      ToRow({cost.pure, cost.renyi, cost.delta}, c->mutable_cost());
    }
    ChargeShare(charge, costs, staging);
    row.add_askers(charge.asker);
    storage::v1::ChargeLogEntry entry;
    entry.set_kind(regional ? storage::v1::ChargeLogEntry::KIND_REGIONAL
                            : storage::v1::ChargeLogEntry::KIND_LOCAL);
    entry.set_slot(charge.slot);
    *entry.mutable_cohorts() = row.cohorts();
    storage::v1::JournalLeaf leaf = ChargedLeaf(charge, costs);
    leaf.mutable_charged()->set_log_leaf(log_.Append(staging, std::move(entry)));
    staging.Leaf(std::move(leaf));
    row.set_generation(log_.generation());
    row.set_place(log_.size());
    PutSlot(staging, charge.slot, std::move(row));
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

  // W: what a restored office takes to be spent beyond the last witnessed head.
  bool WitnessedEnough(const Costs& costs, Slot& slot) const {
    for (const auto& [cohort, cost] : costs) {
      const Account& account = accounts_.at(cohort);
      if (!FitsUnwitnessed(account.allowance, account.unwitnessed, cost)) slot.exhausted.push_back(cohort);
    }
    if (slot.exhausted.empty()) return true;
    slot.state = Slot::State::kRefused;
    slot.refusal = v1::REFUSAL_UNWITNESSED;
    return false;
  }

  void ChargeShare(const Charge& charge, const Costs& costs, Staging& staging) {
    for (const auto& [cohort, cost] : costs) {
      Spent& spent = accounts_[cohort].askers[charge.asker];
      spent = Add(spent, cost);
      PutAsker(staging, cohort, charge.asker);
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
    charged.set_regional(charge.kind == ChargeKind::kRegional);
    for (const auto& [cohort, cost] : costs) {
      storage::v1::CohortCharge* c = charged.add_cohorts();
      c->set_cohort(EditionLabel(closing_, cohort));
      c->set_pure(cost.pure);
      c->set_renyi(cost.renyi);
      c->set_delta(cost.delta);
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
    if (staging.group() == recent_group_) return;
    recent_.clear();
    log_.BeginGroup();
    recent_group_ = staging.group();
  }
  absl::StatusOr<absl::optional<storage::v1::SlotRow>> FindSlot(const SlotKey& slot) const {
    if (const auto recent = recent_.find(slot); recent != recent_.end())
      return absl::make_optional(recent->second);
    const std::string key = SlotRowKey(slot);
    ASSIGN_OR_RETURN(const absl::optional<std::string> value, db_.Get(Space::kLedger, key));
    if (!value.has_value()) return absl::optional<storage::v1::SlotRow>();
    storage::v1::SlotRow row;
    RETURN_IF_ERROR(ParseRow(key, *value, row));
    return absl::make_optional(std::move(row));
  }
  absl::StatusOr<storage::v1::SlotRow> ReadSlot(const SlotKey& slot) const {
    ASSIGN_OR_RETURN(absl::optional<storage::v1::SlotRow> row, FindSlot(slot));
    if (!row.has_value()) return LedgerDamaged();
    return *std::move(row);
  }
  void PutSlot(Staging& staging, const SlotKey& slot, storage::v1::SlotRow row) {
    row.set_format(kLedgerFormat);
    const std::string key = SlotRowKey(slot);
    db_.Put(staging.batch(), Space::kLedger, key, CheckedRow(key, row.SerializeAsString()));
    recent_[slot] = std::move(row);
  }
  void PutCohort(Staging& staging, Edition cohort, const Account& account) {
    storage::v1::CohortRow row;
    row.set_format(kLedgerFormat);
    row.set_epsilon_1024(account.promise.epsilon_1024);
    row.set_delta_mantissa(account.promise.delta_mantissa);
    row.set_delta_exponent(account.promise.delta_exponent);
    row.set_keys_delta(account.promise.keys_delta);
    ToRow(account.spent, row.mutable_spent());
    ToRow(account.gross, row.mutable_gross());
    ToRow(account.refunded, row.mutable_refunded());
    ToRow(account.unwitnessed, row.mutable_unwitnessed());
    const std::string key = CohortKey(cohort);
    db_.Put(staging.batch(), Space::kLedger, key, CheckedRow(key, row.SerializeAsString()));
  }
  void PutAsker(Staging& staging, Edition cohort, const std::string& asker) {
    storage::v1::AskerRow row;
    row.set_format(kLedgerFormat);
    row.set_asker(asker);
    ToRow(accounts_[cohort].askers[asker], row.mutable_spent());
    const std::string key = AskerKey(cohort, asker);
    db_.Put(staging.batch(), Space::kLedger, key, CheckedRow(key, row.SerializeAsString()));
  }

  Database& db_;
  Committer& committer_;
  const Closing closing_;
  mutable std::mutex mutex_;
  std::map<Edition, Account> accounts_;
  ChargeLog log_;
  bool member_ = false;
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
