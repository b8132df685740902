#include "ledger/agreement.h"

#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "codebook/period.h"
#include "journal/journal.h"
#include "ledger/ledger.h"
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

// By cohort's label, then for everybody or for one asker.
using Spending = std::map<std::pair<std::string, std::string>, Spent>;
constexpr char kEverybody[] = "all";
std::string Of(const std::string& asker) { return absl::StrCat("asker ", asker); }

}  // namespace

absl::Status CheckSpending(const Ledger& ledger, const Journal& journal, Closing closing) {
  Spending journaled;
  bool unreadable = false;
  RETURN_IF_ERROR(journal.ForEach(0, [&](uint64_t, absl::string_view bytes) {
    storage::v1::JournalLeaf leaf;
    unreadable = !leaf.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
    for (const storage::v1::CohortCharge& charge : leaf.charged().cohorts()) {
      const Cost cost{charge.pure(), charge.renyi()};
      Spent& share = journaled[{charge.cohort(), Of(leaf.charged().asker())}];
      share = Add(share, cost);
      if (leaf.charged().share_only()) continue;
      Spent& whole = journaled[{charge.cohort(), kEverybody}];
      whole = Add(whole, cost);
    }
    return !unreadable;
  }));
  if (unreadable) return Damaged();

  Spending remembered;
  for (const CohortBalance& balance : ledger.Balances()) {
    const std::string cohort = EditionLabel(closing, balance.cohort);
    remembered[{cohort, kEverybody}] = balance.spent;
    for (const auto& [asker, spent] : balance.by_asker) remembered[{cohort, Of(asker)}] = spent;
  }
  for (const auto& [whose, spent] : journaled) {
    const auto found = remembered.find(whose);
    if (found == remembered.end() || found->second.pure < spent.pure || found->second.renyi < spent.renyi)
      return Damaged();
  }
  return absl::OkStatus();
}

}  // namespace penc
