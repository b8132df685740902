#include "office/admin_records.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/civil_time.h"
#include "base/database.h"
#include "base/plural.h"
#include "base/status.h"
#include "journal/journal.h"
#include "ledger/ledger.h"
#include "office/admin_approvals.h"
#include "office/closing.h"
#include "office/grants.h"
#include "office/quarantine.h"
#include "store/record_store.h"

namespace penc {
namespace {

std::string ConsentColumnName(const Codebook& codebook) {
  const Table& table = codebook.tables[codebook.consent->column.table];
  return absl::StrCat(table.name, ".", table.columns[codebook.consent->column.column].name);
}

Text WasClosed(const std::string& edition) {
  return {absl::StrCat("ce lot était arrêté dans ", edition,
                       ": ses lignes sont parties et ne comptent plus dans aucune réponse. L'édition reste, "
                       "avec ses personnes et leur crédit; ce qui a été répondu ou publié ne change pas; ce "
                       "que ce fichier avait remplacé ou retiré ne revient pas"),
          absl::StrCat("this batch was closed in ", edition,
                       ": its rows have left and no answer counts them any more. The edition stays, with its "
                       "persons and their budget; what was answered or published does not change; what this "
                       "file had replaced or taken out does not come back")};
}

// Later files of which rows were left out because the undone one had them.
std::string LaterDuplicates(const std::vector<BatchInfo>& batches, const BatchInfo& undone) {
  std::vector<uint64_t> later;
  for (const BatchInfo& batch : batches) {
    const auto& of = batch.duplicates_of;
    if (!batch.undone && std::find(of.begin(), of.end(), undone.id) != of.end()) later.push_back(batch.id);
  }
  return absl::StrJoin(later, ", ");
}

Text RepeatedLater(const std::string& batches) {
  return {
      absl::StrCat("des fichiers venus après (lots ", batches,
                   ") répétaient des lignes du lot annulé: elles n'ont pas été gardées une seconde fois, et "
                   "sont donc parties avec lui. Pour les ravoir: penc undo de ces lots, puis réimportez "
                   "leurs fichiers"),
      absl::StrCat("files that came later (batches ", batches,
                   ") repeated rows of the undone batch: these were not kept a second time, so that they "
                   "have left with it. To have them back: penc undo these batches, then import their "
                   "files again")};
}

}  // namespace

absl::StatusOr<v1::CloseResult> Close(Office& office, const v1::CloseCommand& command,
                                      const Progress& progress, std::vector<Text>& notices) {
  Rules rules = office.rules();
  const Closing closing = rules.codebook->closing;
  const absl::Time now = office.environment().clock.Now();
  const StoreStatus held = office.store().Status();
  ASSIGN_OR_RETURN(Edition edition, ChooseEdition(closing, held.edition, command.label(), now));
  // Most often somebody has not imported yet, and a period closes once: no file of it could come in after.
  if (held.staged_rows == 0 && command.label().empty()) {
    const std::string label = EditionLabel(closing, edition);
    return Fail(absl::StatusCode::kFailedPrecondition,
                {absl::StrCat("rien n'est en attente: importez d'abord (penc import). Pour arrêter ", label,
                              " sans nouvelles lignes, nommez-la: --label ", label),
                 absl::StrCat("nothing is staged: import first (penc import). To close ", label,
                              " without new rows, name it: --label ", label)});
  }
  // First the budget, then the edition: a question can never meet persons without one. A cohort whose closing
  // was cut off in between simply waits for its edition.
  RETURN_IF_ERROR(office.ledger().OpenCohort(edition, rules.policy->promise));
  uint64_t merged = 0;
  RETURN_IF_ERROR(office.store().Close(edition, now, [&](uint64_t done, uint64_t total) {
    merged = done;
    if (!progress) return;
    v1::AdminProgress at;
    at.set_step("closing");
    at.set_done(done);
    at.set_total(total);
    progress(at);
  }));
  office.environment().steps.Reached("close.quarantine");
  for (Text& what : TidyQuarantine(office, {absl::nullopt, 0, false})) notices.push_back(std::move(what));
  // An edition that counts nearly nobody is a column that nobody filled in, most often.
  ASSIGN_OR_RETURN(const ConsentCounts asked, office.store().CountConsent(/*as_if_closed=*/false));
  if (asked.without > 0) {
    notices.push_back(
        {absl::StrCat(
             asked.without, FrenchForm(asked.without, {" personne sur ", " personnes sur "}), asked.persons,
             FrenchForm(asked.without, {" n'est pas comptée: son", " ne sont pas comptées: leur"}),
             " accord n'est pas donné ou n'est pas dit (colonne ", ConsentColumnName(*rules.codebook), ")"),
         absl::StrCat(
             asked.without, EnglishForm(asked.without, {" person of ", " persons of "}), asked.persons,
             EnglishForm(asked.without, {" is not counted: this", " are not counted: their"}),
             " consent is not given or not stated (column ", ConsentColumnName(*rules.codebook), ")")});
  }
  v1::CloseResult result;
  result.set_edition(EditionLabel(closing, edition));
  result.set_rows(merged);
  return result;
}

v1::BatchesResult ListBatches(Office& office) {
  const Closing closing = office.rules().codebook->closing;
  v1::BatchesResult result;
  for (const BatchInfo& batch : office.store().Batches()) {
    v1::Batch* out = result.add_batches();
    out->set_id(batch.id);
    out->set_table(batch.table);
    out->set_file_name(batch.file_name);
    out->set_file_hash(absl::BytesToHexString(batch.file_hash));
    out->set_imported_unix_micros(absl::ToUnixMicros(batch.imported));
    out->set_rows(batch.rows);
    if (batch.closed_in >= 0) out->set_closed_in(EditionLabel(closing, batch.closed_in));
    out->set_undone(batch.undone);
    out->set_expired(batch.expired);
    if (batch.keep_until_day)
      out->set_keep_until(absl::FormatCivilTime(absl::CivilDay(1970, 1, 1) + *batch.keep_until_day));
  }
  return result;
}

absl::StatusOr<v1::UndoResult> Undo(Office& office, const v1::UndoCommand& command,
                                    std::vector<Text>& notices) {
  const std::vector<BatchInfo> before = office.store().Batches();
  RETURN_IF_ERROR(office.store().Undo(command.batch()));
  office.environment().steps.Reached("undo.quarantine");
  for (Text& what : TidyQuarantine(office, {absl::nullopt, command.batch(), false}))
    notices.push_back(std::move(what));
  const auto undone = std::find_if(before.begin(), before.end(),
                                   [&](const BatchInfo& batch) { return batch.id == command.batch(); });
  PENC_CHECK(undone != before.end());
  if (undone->closed_in >= 0) {
    notices.push_back(WasClosed(EditionLabel(office.rules().codebook->closing, undone->closed_in)));
  }
  if (const std::string later = LaterDuplicates(before, *undone); !later.empty())
    notices.push_back(RepeatedLater(later));
  v1::UndoResult result;
  result.set_batch(command.batch());
  return result;
}

absl::StatusOr<v1::StatusResult> ShowStatus(Office& office) {
  Rules rules = office.rules();
  StoreStatus held = office.store().Status();
  v1::StatusResult result;
  result.set_name(office.config().office());
  result.set_practice(office.config().practice());
  for (Edition edition : held.editions) result.add_editions(EditionLabel(rules.codebook->closing, edition));
  result.set_persons(held.persons);
  ASSIGN_OR_RETURN(const ConsentCounts asked, office.store().CountConsent(/*as_if_closed=*/false));
  result.set_persons_without_consent(asked.without);
  result.set_rows(held.rows);
  result.set_staged_rows(held.staged_rows);
  result.set_bytes(held.bytes);
  result.set_codebook(absl::StrCat(rules.codebook->name, "@", rules.codebook->version));
  result.set_policy(rules.policy->name);
  result.set_policy_valid_until_unix_micros(absl::ToUnixMicros(rules.policy->valid_until) - 1);
  result.set_fingerprint(office.identity().fingerprint);
  for (const auto& grant : office.grants().All(*rules.codebook)) result.add_grants(grant->name);
  for (const Grants::Bad& bad : office.grants().Errors(*rules.codebook)) {
    const Text why = Explain(bad.why);
    v1::Label* error = result.add_grant_errors();
    error->set_fr(why.fr);
    error->set_en(why.en);
  }
  result.set_stopped(rules.stopped);
  result.set_journal_size(office.journal().size());
  result.set_waiting_decisions(CountPending(office));
  return result;
}

}  // namespace penc
