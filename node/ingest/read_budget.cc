#include "ingest/read_budget.h"

#include "base/status.h"

namespace penc {

absl::Status StillWanted(const Cancelled& cancelled) {
  if (!cancelled || !cancelled()) return absl::OkStatus();
  return Fail(absl::StatusCode::kCancelled, {"commande interrompue: rien n'a changé, recommencez",
                                             "the command was interrupted: nothing changed, start again"});
}

absl::Status ReadBudget::Spend(uint64_t bytes) {
  RETURN_IF_ERROR(StillWanted(cancelled_));
  if (bytes <= left_) {
    left_ -= bytes;
    return absl::OkStatus();
  }
  left_ = 0;
  return Fail(
      absl::StatusCode::kResourceExhausted,
      {"ce classeur demande trop de travail (il se déploie au-delà de toute mesure, feuille après feuille); "
       "enregistrez la feuille qui compte en CSV UTF-8",
       "this workbook asks for too much work (it swells beyond measure, sheet after sheet); save the sheet "
       "that matters as CSV UTF-8"});
}

}  // namespace penc
