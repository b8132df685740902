#include "office/admin.h"

#include <mutex>
#include <utility>

#include "base/status.h"
#include "office/admin_journal.h"
#include "office/admin_records.h"
#include "office/admin_rules.h"
#include "office/backup.h"

namespace penc {
namespace {

absl::StatusOr<v1::BackupResult> BackupHere(Office& office, const v1::BackupCommand& command) {
  ASSIGN_OR_RETURN(uint64_t bytes, Backup(office, command.path()));
  v1::BackupResult result;
  result.set_path(command.path());
  result.set_bytes(bytes);
  return result;
}

absl::StatusOr<v1::StopResult> Stop(Office& office, const v1::StopCommand& command) {
  RETURN_IF_ERROR(office.SetStopped(!command.lift()));
  v1::StopResult result;
  result.set_stopped(!command.lift());
  return result;
}

}  // namespace

absl::StatusOr<v1::AdminResult> Administer(Office& office, const v1::AdminCommand& command,
                                           ByteSource* upload, const Progress& progress) {
  v1::AdminResult result;
  // Readers first: they wait for nobody.
  switch (command.kind_case()) {
    case v1::AdminCommand::kBatches:
      *result.mutable_batches() = ListBatches(office);
      return result;
    case v1::AdminCommand::kStatus:
      *result.mutable_status() = ShowStatus(office);
      return result;
    case v1::AdminCommand::kExplain:
      ASSIGN_OR_RETURN(*result.mutable_explain(), ExplainHere(office, command.explain()));
      return result;
    case v1::AdminCommand::kBudget:
      ASSIGN_OR_RETURN(*result.mutable_budget(), ShowBudget(office));
      return result;
    case v1::AdminCommand::kJournalVerify:
      ASSIGN_OR_RETURN(*result.mutable_journal_verify(), VerifyJournalHere(office, progress));
      return result;
    case v1::AdminCommand::kJournalShow:
      ASSIGN_OR_RETURN(*result.mutable_journal_show(), ShowJournal(office, command.journal_show()));
      return result;
    case v1::AdminCommand::kCard:
      ASSIGN_OR_RETURN(*result.mutable_card(), MakeCard(office, command.card()));
      return result;
    case v1::AdminCommand::kStop:  // an emergency does not wait for an import
      ASSIGN_OR_RETURN(*result.mutable_stop(), Stop(office, command.stop()));
      return result;
    default:
      break;
  }
  std::lock_guard<std::mutex> writing(office.writing());
  switch (command.kind_case()) {
    case v1::AdminCommand::kImportFile:
      ASSIGN_OR_RETURN(*result.mutable_import_file(),
                       Import(office, command.import_file(), upload, progress));
      return result;
    case v1::AdminCommand::kClose:
      ASSIGN_OR_RETURN(*result.mutable_close(), Close(office, command.close(), progress));
      return result;
    case v1::AdminCommand::kUndo:
      ASSIGN_OR_RETURN(*result.mutable_undo(), Undo(office, command.undo()));
      return result;
    case v1::AdminCommand::kErase:
      ASSIGN_OR_RETURN(*result.mutable_erase(), Erase(office, command.erase()));
      return result;
    case v1::AdminCommand::kPolicyApply:
      ASSIGN_OR_RETURN(*result.mutable_policy_apply(), ApplyPolicy(office, command.policy_apply()));
      return result;
    case v1::AdminCommand::kCodebookApply:
      ASSIGN_OR_RETURN(*result.mutable_codebook_apply(), ApplyCodebook(office, command.codebook_apply()));
      return result;
    case v1::AdminCommand::kGrant:
      ASSIGN_OR_RETURN(*result.mutable_grant(), WriteGrantFile(office, command.grant()));
      return result;
    case v1::AdminCommand::kBackup:
      ASSIGN_OR_RETURN(*result.mutable_backup(), BackupHere(office, command.backup()));
      return result;
    default:
      return Fail(absl::StatusCode::kInvalidArgument,
                  {"commande inconnue: les deux programmes penc sont-ils de la même version ?",
                   "unknown command: are both penc programs of the same version?"});
  }
}

}  // namespace penc
