#include "ledger/rows.h"

#include "base/status.h"

namespace penc {
absl::Status LedgerDamaged() {
  return Fail(
      absl::StatusCode::kDataLoss,
      {"registre de confidentialité abîmé: rien ne sera répondu; restaurez une sauvegarde (penc restore)",
       "damaged privacy ledger: nothing will be answered; restore a backup (penc restore)"});
}

absl::StatusOr<absl::string_view> UncheckedRow(absl::string_view key, absl::string_view value) {
  const absl::optional<absl::string_view> bytes = OpenCheckedRow(key, value);
  if (!bytes.has_value()) return LedgerDamaged();
  return *bytes;
}

}  // namespace penc
