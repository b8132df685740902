#include "ledger/agreement.h"

#include <map>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "codebook/period.h"
#include "journal/journal.h"
#include "journal/merkle.h"
#include "ledger/ledger.h"
#include "ledger/refund.h"
#include "penc/storage/v1/journal.pb.h"

namespace penc {
namespace {

absl::Status Damaged() {
  return Fail(absl::StatusCode::kDataLoss,
              {"le registre de confidentialité et le journal ne disent pas la même dépense: rien ne sera "
               "répondu; restaurez une sauvegarde (penc restore)",
               "the privacy ledger and the journal disagree on what was spent: nothing will be answered; "
               "restore a backup (penc restore)"});
}

// By cohort's label, then in all or for one of its lines.
using Spending = std::map<std::pair<std::string, std::string>, Spent>;
constexpr char kSpent[] = "spent";
constexpr char kGross[] = "gross";
constexpr char kRefunded[] = "refunded";
std::string Of(const std::string& asker) { return absl::StrCat("asker ", asker); }

// What the journal tells, leaf by leaf.
class Told {
 public:
  // False where a leaf cannot be read or takes back what was not charged.
  bool Read(absl::string_view bytes) {
    storage::v1::JournalLeaf leaf;
    if (!leaf.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return false;
    if (leaf.has_charged()) Charge(leaf.charged());
    if (leaf.has_restored()) Restore(leaf.restored());
    return !leaf.has_refunded() || GiveBack(leaf.refunded());
  }
  const Spending& spending() const { return spending_; }
  LogPosition log() const { return {generation_, log_.size(), log_.Root()}; }

 private:
  void Add(const std::string& cohort, const std::string& line, const Cost& cost) {
    Spent& spent = spending_[{cohort, line}];
    spent = penc::Add(spent, cost);
  }
  bool Take(const std::string& cohort, const std::string& line, const Cost& cost) {
    Spent& spent = spending_[{cohort, line}];
    const absl::optional<Spent> left = Without(spent, cost);
    spent = left.value_or(spent);
    return left.has_value();
  }

  void Charge(const storage::v1::Charged& charged) {
    for (const storage::v1::CohortCharge& charge : charged.cohorts()) {
      const Cost cost{charge.pure(), charge.renyi(), charge.delta()};
      Add(charge.cohort(), Of(charged.asker()), cost);
      if (charged.share_only()) continue;
      Add(charge.cohort(), kSpent, cost);
      Add(charge.cohort(), kGross, cost);
    }
    Log(charged.log_leaf());
  }
  void Restore(const storage::v1::Restored& restored) {
    if (restored.has_adopted()) {
      generation_ = restored.generation();
      log_ = merkle::Frontier();
    }
    Log(restored.log_leaf());
  }
  bool GiveBack(const storage::v1::Refunded& refunded) {
    bool held = given_back_.insert(refunded.slot()).second;
    for (const storage::v1::CohortCharge& charge : refunded.cohorts()) {
      const Cost cost{charge.pure(), charge.renyi(), charge.delta()};
      held &= Take(charge.cohort(), kSpent, cost);
      for (const std::string& asker : refunded.askers()) held &= Take(charge.cohort(), Of(asker), cost);
      Add(charge.cohort(), kRefunded, cost);
    }
    return held;
  }
  void Log(const std::string& leaf_hash) {
    if (!leaf_hash.empty()) log_.Append(leaf_hash);
  }

  Spending spending_;
  std::set<std::string> given_back_;
  uint64_t generation_ = 0;
  merkle::Frontier log_;
};

}  // namespace

absl::Status CheckSpending(const Ledger& ledger, const Journal& journal, Closing closing) {
  Told told;
  bool held = true;
  RETURN_IF_ERROR(
      journal.ForEach(0, [&](uint64_t, absl::string_view leaf) { return held = told.Read(leaf); }));
  if (!held) return Damaged();

  Spending remembered;
  for (const CohortBalance& balance : ledger.Balances()) {
    const std::string cohort = EditionLabel(closing, balance.cohort);
    remembered[{cohort, kSpent}] = balance.spent;
    remembered[{cohort, kGross}] = balance.gross;
    remembered[{cohort, kRefunded}] = balance.refunded;
    for (const auto& [asker, spent] : balance.by_asker) remembered[{cohort, Of(asker)}] = spent;
  }
  for (const auto& [whose, spent] : told.spending()) {
    const auto found = remembered.find(whose);
    if (found == remembered.end() || found->second.pure < spent.pure || found->second.renyi < spent.renyi ||
        found->second.delta < spent.delta)
      return Damaged();
  }
  const LogPosition log = ledger.Position(), journaled = told.log();
  const bool same =
      log.generation == journaled.generation && log.size == journaled.size && log.root == journaled.root;
  return same ? absl::OkStatus() : Damaged();
}

}  // namespace penc
