#include "ledger/rows.h"

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "crypto/hash.h"

namespace penc {
namespace {

constexpr size_t kCheck = 8;

}  // namespace

absl::Status LedgerDamaged() {
  return Fail(
      absl::StatusCode::kDataLoss,
      {"registre de confidentialité abîmé: rien ne sera répondu; restaurez une sauvegarde (penc restore)",
       "damaged privacy ledger: nothing will be answered; restore a backup (penc restore)"});
}

std::string BigEndian(uint64_t value) {
  std::string out(8, 0);
  for (int i = 7; i >= 0; --i, value >>= 8) out[i] = static_cast<char>(value & 0xff);
  return out;
}

std::string CheckedRow(absl::string_view key, absl::string_view message) {
  return absl::StrCat(Sha256({key, message}).substr(0, kCheck), message);
}

absl::StatusOr<absl::string_view> UncheckedRow(absl::string_view key, absl::string_view value) {
  if (value.size() < kCheck ||
      Sha256({key, value.substr(kCheck)}).substr(0, kCheck) != value.substr(0, kCheck))
    return LedgerDamaged();
  return value.substr(kCheck);
}

}  // namespace penc
