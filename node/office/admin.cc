#include "office/admin.h"

#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "base/status.h"
#include "journal/committer.h"
#include "office/admin_approvals.h"
#include "office/admin_journal.h"
#include "office/admin_keys.h"
#include "office/admin_network.h"
#include "office/admin_policy.h"
#include "office/admin_records.h"
#include "office/admin_rules.h"
#include "office/backup.h"
#include "office/dossier.h"
#include "office/erasing.h"
#include "office/internal.h"
#include "office/keys.h"
#include "office/officers.h"
#include "office/past_questions.h"
#include "office/person_sheet.h"
#include "office/quality/quality.h"
#include "office/region/admin_rounds.h"
#include "office/retention.h"

namespace penc {
namespace {

absl::StatusOr<v1::BackupResult> BackupHere(Office& office, const v1::BackupCommand& command) {
  ASSIGN_OR_RETURN(uint64_t bytes, Backup(office, command.path()));
  // What is erased from now on stays in that file.
  RETURN_IF_ERROR(office.committer().Commit([](Staging& staging) {
    storage::v1::JournalLeaf leaf;
    leaf.mutable_backed_up();
    staging.Leaf(std::move(leaf));
    return absl::OkStatus();
  }));
  v1::BackupResult result;
  result.set_path(command.path());
  result.set_bytes(bytes);
  result.set_without_key(!office.keys().lies_here());
  return result;
}

absl::StatusOr<v1::StopResult> Stop(Office& office, const v1::StopCommand& command) {
  RETURN_IF_ERROR(
      office.SetStopped(!command.lift(), {command.signatures().begin(), command.signatures().end()}));
  v1::StopResult result;
  result.set_stopped(!command.lift());
  return result;
}

// A command's own result as one of the results.
template <typename Part>
absl::StatusOr<v1::AdminResult> As(Part* (v1::AdminResult::*place)(), absl::StatusOr<Part> part) {
  if (!part.ok()) return part.status();
  v1::AdminResult result;
  *(result.*place)() = *std::move(part);
  return result;
}

// Rows that may be kept no longer leave before records change or are copied.
bool ComesAfterExpiry(const v1::AdminCommand& command) {
  switch (command.kind_case()) {
    case v1::AdminCommand::kImportFile:
      return !command.import_file().dry_run();
    case v1::AdminCommand::kClose:
    case v1::AdminCommand::kUndo:
    case v1::AdminCommand::kErase:
    case v1::AdminCommand::kBackup:
      return true;
    default:
      return false;
  }
}

// What people should hear beside the result. Expiry that fails hinders no command.
std::vector<Text> ExpireBefore(Office& office, const v1::AdminCommand& command) {
  if (!ComesAfterExpiry(command)) return {};
  absl::StatusOr<Expired> expired = ExpireDue(office);
  if (!expired.ok()) return {Explain(expired.status())};
  return std::move(expired->notices);
}

absl::StatusOr<v1::AdminResult> Change(Office& office, const v1::AdminCommand& command, ByteSource* upload,
                                       const Progress& progress, const Cancelled& cancelled,
                                       std::vector<Text>& notices);

constexpr absl::Duration kBetweenLooks = absl::Milliseconds(50);  // whether it is this one's turn

// Until it is this command's turn; says for which it waits, each time that it is another one.
absl::StatusOr<std::unique_lock<Writing>> TakeTurn(Office& office, const v1::AdminCommand& command,
                                                   const Progress& progress, const Cancelled& cancelled) {
  std::unique_lock<Writing> writing(office.writing(), std::try_to_lock);
  absl::optional<absl::Time> told;
  while (!writing.owns_lock()) {
    RETURN_IF_ERROR(StillWanted(cancelled));
    const absl::optional<Writing::Turn> turn = office.writing().turn();
    const absl::Time since = turn.has_value() ? turn->since : absl::InfinitePast();
    if (progress && told != since) {
      v1::AdminProgress waiting;
      waiting.set_step("waiting");
      if (turn.has_value()) {
        waiting.set_running(turn->command);
        waiting.set_since_unix_micros(absl::ToUnixMicros(since));
      }
      progress(waiting);
      told = since;
    }
    absl::SleepFor(kBetweenLooks);
    (void)writing.try_lock();
  }
  const google::protobuf::FieldDescriptor* kind =
      v1::AdminCommand::descriptor()->FindFieldByNumber(command.kind_case());
  office.writing().Say({kind == nullptr ? "" : std::string(kind->name()), office.environment().clock.Now()});
  return writing;
}

// What is to be told beside a result; where there is none, where the office tells what nobody asked for.
absl::StatusOr<v1::AdminResult> WithNotices(Office& office, const std::vector<Text>& notices,
                                            absl::StatusOr<v1::AdminResult> result) {
  for (const Text& notice : notices) {
    if (!result.ok()) {
      if (office.environment().tell) office.environment().tell(notice);
      continue;
    }
    v1::Label* out = result->add_notices();
    out->set_fr(notice.fr);
    out->set_en(notice.en);
  }
  return result;
}

}  // namespace

absl::StatusOr<v1::AdminResult> Administer(Office& office, const v1::AdminCommand& command,
                                           ByteSource* upload, const Progress& progress,
                                           const Cancelled& cancelled) {
  // Readers first: they wait for nobody.
  switch (command.kind_case()) {
    case v1::AdminCommand::kBatches:
      return As<v1::BatchesResult>(&v1::AdminResult::mutable_batches, ListBatches(office));
    case v1::AdminCommand::kStatus:
      return As(&v1::AdminResult::mutable_status, ShowStatus(office));
    case v1::AdminCommand::kExplain:
      return As(&v1::AdminResult::mutable_explain, ExplainHere(office, command.explain()));
    case v1::AdminCommand::kBudget:
      return As(&v1::AdminResult::mutable_budget, ShowBudget(office));
    case v1::AdminCommand::kJournalVerify:
      return As(&v1::AdminResult::mutable_journal_verify, VerifyJournalHere(office, progress));
    case v1::AdminCommand::kJournalShow:
      return As(&v1::AdminResult::mutable_journal_show, ShowJournal(office, command.journal_show()));
    case v1::AdminCommand::kCard:
      return As(&v1::AdminResult::mutable_card, MakeCard(office, command.card()));
    case v1::AdminCommand::kRounds:
      return As(&v1::AdminResult::mutable_rounds, ListRounds(office));
    case v1::AdminCommand::kNetworkRoster:
      return As(&v1::AdminResult::mutable_network_roster, ShowNetwork(office));
    case v1::AdminCommand::kPending:
      return As(&v1::AdminResult::mutable_pending, ListPending(office, command.pending()));
    case v1::AdminCommand::kDecide:  // a round may be about to close
      return As(&v1::AdminResult::mutable_decide, DecideHere(office, command.decide()));
    case v1::AdminCommand::kPersonSheet:
      return As(&v1::AdminResult::mutable_person_sheet, MakePersonSheet(office, command.person_sheet()));
    case v1::AdminCommand::kDossier:
      return As(&v1::AdminResult::mutable_dossier, MakeDossier(office));
    case v1::AdminCommand::kInternal:
      if (command.internal().staged()) break;  // reads what a closing would take away
      return As(&v1::AdminResult::mutable_internal, CountExactly(office, command.internal()));
    case v1::AdminCommand::kPolicyDiff:
      return As(&v1::AdminResult::mutable_policy_diff, DiffPolicy(office, command.policy_diff()));
    case v1::AdminCommand::kPolicyVersions:
      return As(&v1::AdminResult::mutable_policy_versions, ListPolicies(office));
    case v1::AdminCommand::kPolicyText:
      return As(&v1::AdminResult::mutable_policy_text, ShowPolicy(office, command.policy_text()));
    case v1::AdminCommand::kPolicySimulate:
      return As(&v1::AdminResult::mutable_policy_simulate, SimulatePolicy(office, command.policy_simulate()));
    case v1::AdminCommand::kSentences:
      return As(&v1::AdminResult::mutable_sentences, PastSentences(office));
    case v1::AdminCommand::kOfficers:
      return As(&v1::AdminResult::mutable_officers, ListOfficers(office));
    case v1::AdminCommand::kImportFile:
      // What only reads a file, for hours perhaps, holds up nobody.
      if (!command.import_file().propose() && !command.import_file().dry_run()) break;
      {
        std::vector<Text> notices;
        absl::StatusOr<v1::AdminResult> looked =
            As(&v1::AdminResult::mutable_import_file,
               Import(office, command.import_file(), upload, progress, cancelled, notices));
        return WithNotices(office, notices, std::move(looked));
      }
    case v1::AdminCommand::kStop:  // an emergency does not wait for an import
      return As(&v1::AdminResult::mutable_stop, Stop(office, command.stop()));
    default:
      break;
  }
  ASSIGN_OR_RETURN(const std::unique_lock<Writing> writing, TakeTurn(office, command, progress, cancelled));
  std::vector<Text> notices = ExpireBefore(office, command);
  absl::StatusOr<v1::AdminResult> result = Change(office, command, upload, progress, cancelled, notices);
  return WithNotices(office, notices, std::move(result));
}

namespace {

absl::StatusOr<v1::AdminResult> Change(Office& office, const v1::AdminCommand& command, ByteSource* upload,
                                       const Progress& progress, const Cancelled& cancelled,
                                       std::vector<Text>& notices) {
  switch (command.kind_case()) {
    case v1::AdminCommand::kImportFile:
      return As(&v1::AdminResult::mutable_import_file,
                Import(office, command.import_file(), upload, progress, cancelled, notices));
    case v1::AdminCommand::kClose:
      return As(&v1::AdminResult::mutable_close, Close(office, command.close(), progress, notices));
    case v1::AdminCommand::kUndo:
      return As(&v1::AdminResult::mutable_undo, Undo(office, command.undo(), notices));
    case v1::AdminCommand::kErase:
      return As(&v1::AdminResult::mutable_erase, Erase(office, command.erase(), progress));
    case v1::AdminCommand::kExpire:
      return As(&v1::AdminResult::mutable_expire, Expire(office, command.expire(), notices));
    case v1::AdminCommand::kInternal:
      return As(&v1::AdminResult::mutable_internal, CountExactly(office, command.internal()));
    case v1::AdminCommand::kQuality:
      return As(&v1::AdminResult::mutable_quality, LookAtQuality(office));
    case v1::AdminCommand::kPolicyApply:
      return As(&v1::AdminResult::mutable_policy_apply, ApplyPolicy(office, command.policy_apply()));
    case v1::AdminCommand::kOfficerTrust:
      return As(&v1::AdminResult::mutable_officers, TrustOfficer(office, command.officer_trust()));
    case v1::AdminCommand::kCodebookApply:
      return As(&v1::AdminResult::mutable_codebook_apply, ApplyCodebook(office, command.codebook_apply()));
    case v1::AdminCommand::kGrant:
      return As(&v1::AdminResult::mutable_grant, WriteGrantFile(office, command.grant()));
    case v1::AdminCommand::kNetworkMember:
      return As(&v1::AdminResult::mutable_network_member, SpeakForItself(office, command.network_member()));
    case v1::AdminCommand::kNetworkJoined:
      return As(&v1::AdminResult::mutable_network_joined, JoinNetwork(office, command.network_joined()));
    case v1::AdminCommand::kNetworkSent:
      return As(&v1::AdminResult::mutable_network_sent, MarkSent(office, command.network_sent()));
    case v1::AdminCommand::kKeyWrap:
      return As(&v1::AdminResult::mutable_key_wrap, WrapKeys(office, command.key_wrap()));
    case v1::AdminCommand::kBackup:
      return As(&v1::AdminResult::mutable_backup, BackupHere(office, command.backup()));
    default:
      return Fail(absl::StatusCode::kInvalidArgument,
                  {"commande inconnue: les deux programmes penc sont-ils de la même version ?",
                   "unknown command: are both penc programs of the same version?"});
  }
}

}  // namespace

}  // namespace penc
