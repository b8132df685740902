#include "cli/report.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "cli/dossier_page.h"
#include "cli/erase_report.h"
#include "cli/journal_words.h"
#include "cli/past_words.h"
#include "cli/pending_words.h"
#include "cli/person_page.h"
#include "cli/policy_words.h"
#include "cli/render.h"
#include "cli/round_words.h"
#include "cli/view_words.h"
#include "cli/words.h"

namespace penc::cli {
namespace {

std::string Problems(const v1::ImportResult& result, const Words& w) {
  std::string out;
  for (const v1::ImportProblem& problem : result.problems()) {
    absl::StrAppend(&out, "  ");
    if (problem.row() > 0) absl::StrAppend(&out, w("ligne ", "row "), problem.row(), ": ");
    if (!problem.column().empty()) {
      absl::StrAppend(&out, w("colonne ", "column "), problem.letters(), problem.letters().empty() ? "" : " ",
                      problem.column(), ": ");
    }
    absl::StrAppend(&out, w(problem.fr().c_str(), problem.en().c_str()));
    if (problem.rows() > 1) absl::StrAppend(&out, " (", w.Count(problem.rows()), w(" lignes)", " rows)"));
    absl::StrAppend(&out, "\n");
  }
  return out;
}

std::string Import(const v1::ImportResult& result, const Words& w) {
  std::string out = absl::StrCat(
      result.dry_run() ? w("essai, rien n'est gardé: ", "dry run, nothing is kept: ") : "",
      w.Counted(result.read(), {" ligne lue = ", " lignes lues = "}, {" row read = ", " rows read = "}),
      result.dry_run() ? w.Counted(result.stored(), {" à garder", " à garder"}, {" to keep", " to keep"})
                       : w.Counted(result.stored(), {" gardée", " gardées"}, {" kept", " kept"}),
      " + ", w.Count(result.duplicate()), w(" en double", " duplicate"), " + ",
      w.Counted(result.replaced(), {" remplacée", " remplacées"}, {" replaced", " replaced"}), " + ",
      w.Count(result.conflicting() + result.quarantined()), w(" à corriger", " to correct"), " + ",
      w.Counted(result.dropped(), {" écartée", " écartées"}, {" left out", " left out"}),
      result.dropped() == 0
          ? ""
          : w(" (sans accord, ou par l'organisation)", " (without consent, or by the office)"),
      "\n",
      result.sheet().empty() ? ""
                             : absl::StrCat(w("feuille «", "sheet \""), result.sheet(), w("»\n", "\"\n")),
      Problems(result, w));
  if (!result.quarantine_file().empty()) {
    absl::StrAppend(&out, w("lignes à corriger: ", "rows to correct: "), result.quarantine_file(),
                    w(" (s'ouvre dans Excel; corrigez, puis importez-le)\n",
                      " (opens in Excel; correct, then import it)\n"));
  }
  if (result.withdrawn() > 0) {
    absl::StrAppend(
        &out,
        w.Counted(result.withdrawn(),
                  {" ligne plus ancienne n'est plus comptée", " lignes plus anciennes ne sont plus comptées"},
                  {" earlier row is counted no more", " earlier rows are counted no more"}),
        w(": l'accord a été retiré. Au prochain arrêté c'est définitif; avant, penc undo les rend\n",
          ": consent was withdrawn. The next closing makes it final; before, penc undo gives them back\n"));
  }
  if (result.dry_run()) return out;
  absl::StrAppend(&out, w("lot ", "batch "), result.batch(),
                  w(" en attente; le disque est à jour, vous pouvez débrancher. Ensuite: penc close\n",
                    " staged; the disk is up to date, it is safe to unplug. Next: penc close\n"));
  return out;
}

std::string Batches(const v1::BatchesResult& result, const Words& w) {
  TextTable table({w("lot", "batch"), "table", w("fichier", "file"), w("lignes", "rows"),
                   w("importé", "imported"), w("état", "state"), w("à garder jusqu'au", "keep until")});
  for (const v1::Batch& batch : result.batches()) {
    std::string state = batch.expired() ? w("retirée (délai de garde passé)", "left (its last day is over)")
                        : batch.undone() ? w("annulé", "undone")
                        : batch.closed_in().empty()
                            ? w("en attente", "staged")
                            : absl::StrCat(w("arrêté dans ", "closed in "), batch.closed_in());
    table.Add({absl::StrCat(batch.id()), batch.table(), batch.file_name(), w.Count(batch.rows()),
               Minute(batch.imported_unix_micros()), std::move(state), batch.keep_until()});
  }
  return table.Text();
}

std::string Status(const v1::StatusResult& status, const Words& w) {
  std::string out = absl::StrCat(
      status.name(),
      status.practice() ? w(" (exercice: données inventées)", " (practice: invented data)") : "", "\n");
  auto line = [&out](absl::string_view name, absl::string_view value) {
    absl::StrAppend(&out, "  ", name, ": ", value, "\n");
  };
  line(w("éditions", "editions"), status.editions().empty()
                                      ? w("aucune (penc close en ouvre une)", "none (penc close opens one)")
                                      : absl::StrJoin(status.editions(), ", "));
  line(w("personnes", "persons"), w.Count(status.persons()));
  if (status.persons_without_consent() > 0)
    line(w("dont sans accord, non comptées", "of these without consent, not counted"),
         w.Count(status.persons_without_consent()));
  line(w("lignes arrêtées", "closed rows"), w.Count(status.rows()));
  line(w("lignes en attente", "staged rows"), w.Count(status.staged_rows()));
  line(w("disque", "disk"), absl::StrCat(w.Count((status.bytes() + 999999) / 1000000), w(" Mo", " MB")));
  line(w("lexique", "codebook"), status.codebook());
  line(w("politique", "policy"), absl::StrCat(status.policy(), w(", valable jusqu'au ", ", valid until "),
                                              Day(status.policy_valid_until_unix_micros())));
  line(w("clé", "key"), status.fingerprint());
  line(w("autorisations", "grants"),
       status.grants().empty() ? w("aucune", "none") : absl::StrJoin(status.grants(), ", "));
  for (const v1::Label& error : status.grant_errors())
    line(w("autorisation illisible (refusée)", "unreadable grant (denied)"), w.Of(error));
  line(w("journal", "journal"),
       w.Counted(status.journal_size(), {" entrée", " entrées"}, {" entry", " entries"}));
  if (status.waiting_decisions() > 0)
    line(w("à décider (penc pending)", "to decide (penc pending)"), w.Count(status.waiting_decisions()));
  if (status.stopped())
    absl::StrAppend(&out, w("ARRÊT D'URGENCE: toute question est refusée (penc stop --lift)\n",
                            "EMERGENCY STOP: every question is refused (penc stop --lift)\n"));
  return out;
}

std::string Budget(const v1::BudgetResult& budget, const Words& w) {
  if (budget.cohorts().empty())
    return w("aucune cohorte: rien n'est encore arrêté (penc close)\n",
             "no cohort: nothing is closed yet (penc close)\n");
  const bool refunds = std::any_of(budget.cohorts().begin(), budget.cohorts().end(),
                                   [](const v1::BudgetRow& row) { return row.refunded_ppm() > 0; });
  const bool words = std::any_of(budget.cohorts().begin(), budget.cohorts().end(),
                                 [](const v1::BudgetRow& row) { return row.words_open(); });
  std::vector<std::string> heading = {w("cohorte", "cohort"), w("crédit utilisé", "budget spent"),
                                      w("reste, pour toujours", "left, for ever"),
                                      w("par partenaire", "by partner")};
  if (refunds) heading.insert(heading.begin() + 3, w("rendu", "given back"));
  if (words) heading.insert(heading.begin() + 3, w("part des listes ouvertes", "part of open lists"));
  TextTable table(std::move(heading));
  for (const v1::BudgetRow& row : budget.cohorts()) {
    std::vector<std::string> askers;
    for (const v1::AskerSpent& asker : row.askers()) {
      askers.push_back(absl::StrCat(asker.asker(), " ", Percent(asker.spent_ppm(), w.lang())));
    }
    std::vector<std::string> line = {row.cohort(), Percent(row.spent_ppm(), w.lang()),
                                     Percent(1000000 - std::min(1000000u, row.spent_ppm()), w.lang()),
                                     absl::StrJoin(askers, ", ")};
    if (refunds) line.insert(line.begin() + 3, Percent(row.refunded_ppm(), w.lang()));
    if (words)
      line.insert(line.begin() + 3, row.words_open() ? Percent(row.words_spent_ppm(), w.lang()) : "-");
    table.Add(std::move(line));
  }
  if (!refunds) return table.Text();
  return absl::StrCat(
      table.Text(),
      w("rendu: compté pour des rondes qui ne se sont pas ouvertes avec cette organisation; que "
        "cela n'ait rien coûté repose sur le secret des clés des témoins\n",
        "given back: charged for rounds that did not open with this organisation in them; that "
        "this cost nothing rests on the secrecy of the stewards' keys\n"));
}

// The words of codebooks and policies, as people read them.
std::string InWords(const std::string& word, const Words& w) {
  struct Known {
    const char *word, *fr, *en;
  };
  static constexpr Known kKnown[] = {
      {"allow", "permis", "allowed"},      {"ask", "avec accord", "with approval"},
      {"deny", "refusé", "denied"},        {"integer", "entier", "whole"},
      {"number", "nombre", "number"},      {"day", "jour", "day"},
      {"week", "semaine", "week"},         {"month", "mois", "month"},
      {"quarter", "trimestre", "quarter"}, {"year", "année", "year"},
  };
  for (const Known& known : kKnown) {
    if (word == known.word) return w(known.fr, known.en);
  }
  return word;
}

std::string RuleText(const v1::DescribedColumn& column, const Words& w) {
  std::string rule = InWords(column.rule(), w);
  if (!column.finest().empty())
    absl::StrAppend(&rule, w(", au plus fin: ", ", at the finest: "), InWords(column.finest(), w));
  return rule;
}

std::string Journal(const v1::JournalShowResult& shown, const Words& w) {
  std::string out;
  for (const v1::JournalEntry& entry : shown.entries()) {
    absl::StrAppend(&out, entry.index(), "  ", Minute(entry.time_unix_micros()), "  ",
                    JournalLine(entry, w.lang()), "\n");
  }
  absl::StrAppend(&out, w.Counted(shown.size(), {" entrée en tout\n", " entrées en tout\n"},
                                  {" entry in all\n", " entries in all\n"}));
  return out;
}

}  // namespace

std::string Report(const v1::AdminResult& result, Lang lang) {
  const Words w(lang);
  switch (result.kind_case()) {
    case v1::AdminResult::kImportFile:
      return Import(result.import_file(), w);
    case v1::AdminResult::kClose:
      return absl::StrCat(w("l'édition ", "edition "), result.close().edition(),
                          w(" est ouverte: ", " is open: "),
                          w.Counted(result.close().rows(), {" ligne", " lignes"}, {" row", " rows"}),
                          w("; vous pouvez débrancher\n", "; it is safe to unplug\n"));
    case v1::AdminResult::kBatches:
      return Batches(result.batches(), w);
    case v1::AdminResult::kUndo:
      return absl::StrCat(w("lot ", "batch "), result.undo().batch(), w(" annulé\n", " undone\n"));
    case v1::AdminResult::kStatus:
      return Status(result.status(), w);
    case v1::AdminResult::kErase:
      return ReportErase(result.erase(), lang);
    case v1::AdminResult::kExpire:
      return result.expire().batches().empty()
                 ? w("aucune ligne n'est à retirer\n", "no row is to be taken out\n")
                 : absl::StrCat(result.expire().batches_size(), w(" lots retirés\n", " batches taken out\n"));
    case v1::AdminResult::kPersonSheet:
      return PersonPage(result.person_sheet(), {}, lang).Text();
    case v1::AdminResult::kDossier:
      return DossierPage(result.dossier(), lang).Markdown();
    case v1::AdminResult::kExplain:
      return ReportExplain(result.explain(), lang);
    case v1::AdminResult::kPolicyApply:
      return ReportApplied(result.policy_apply(), lang);
    case v1::AdminResult::kPolicyVersions:
      return ReportVersions(result.policy_versions(), lang);
    case v1::AdminResult::kPolicyText:
      return result.policy_text().text();
    case v1::AdminResult::kPolicySimulate:
      return ReportSimulation(result.policy_simulate(), lang);
    case v1::AdminResult::kSentences:
      return ReportSentences(result.sentences(), lang);
    case v1::AdminResult::kOfficers:
      return ReportOfficers(result.officers(), lang);
    case v1::AdminResult::kCodebookApply:
      return absl::StrCat(w("lexique ", "codebook "), result.codebook_apply().codebook(),
                          w(" appliqué\n", " applied\n"));
    case v1::AdminResult::kBudget:
      return Budget(result.budget(), w);
    case v1::AdminResult::kJournalVerify:
      return absl::StrCat(
          w("journal vérifié: ", "journal verified: "),
          w.Counted(result.journal_verify().size(), {" entrée\n", " entrées\n"}, {" entry\n", " entries\n"}),
          result.journal_verify().checkpoint());
    case v1::AdminResult::kJournalShow:
      return Journal(result.journal_show(), w);
    case v1::AdminResult::kGrant:
      return absl::StrCat(w("autorisation écrite: ", "grant written: "), result.grant().path(), "\n");
    case v1::AdminResult::kCard:
      return result.card().text();
    case v1::AdminResult::kBackup:
      return absl::StrCat(
          w("sauvegarde: ", "backup: "), result.backup().path(), " (", w.Count(result.backup().bytes()),
          result.backup().without_key()
              ? w(" octets). Sa clé n'y est pas: elle est où dit penc key show.\n",
                  " bytes). Its key is not in it: it is where penc key show says.\n")
              : w(" octets). Elle contient les clés: gardez-la comme les dossiers eux-mêmes.\n",
                  " bytes). It holds the keys: keep it like the records themselves.\n"));
    case v1::AdminResult::kStop:
      return result.stop().stopped()
                 ? w("arrêt d'urgence: toute question est refusée (pour lever: penc stop --lift)\n",
                     "emergency stop: every question is refused (to lift: penc stop --lift)\n")
                 : w("le nœud répond de nouveau\n", "the node answers again\n");
    case v1::AdminResult::kRounds:
      return ReportOfficeRounds(result.rounds(), lang);
    case v1::AdminResult::kPending:
      return ReportPending(result.pending(), lang);
    case v1::AdminResult::kDecide:
      return ReportDecided(result.decide().question(), lang);
    case v1::AdminResult::kInternal:
      return ReportInternal(result.internal(), lang);
    case v1::AdminResult::kQuality:
      return ReportQuality(result.quality(), lang);
    // Steps of commands that say what they did themselves.
    case v1::AdminResult::kPolicyDiff:
    case v1::AdminResult::kKeyWrap:
    case v1::AdminResult::kNetworkMember:
    case v1::AdminResult::kNetworkJoined:
    case v1::AdminResult::kNetworkSent:
    case v1::AdminResult::kNetworkRoster:
    case v1::AdminResult::KIND_NOT_SET:
      break;
  }
  return "";
}

std::string ReportExplain(const v1::ExplainResponse& explained, Lang lang) {
  const Words w(lang);
  std::string out;
  if (explained.has_refusal()) out = RenderRefusal(explained.refusal(), lang);
  for (const v1::ExplainedQuestion& question : explained.questions()) {
    if (!question.title().empty()) absl::StrAppend(&out, question.title(), "\n");
    absl::StrAppend(&out, "  ", question.question(), "\n  ",
                    w.Counted(question.cells(), {" case", " cases"}, {" cell", " cells"}));
    if (!question.levels().empty())
      absl::StrAppend(&out, w(", marges: ", ", margins: "), Margins(question, lang));
    for (double margin : question.margins()) {
      if (!question.levels().empty()) break;
      if (margin > 0) {
        absl::StrAppend(&out, w(", marge ±", ", margin ±"), Number(std::ceil(margin), lang));
      } else {
        absl::StrAppend(&out, w(", marge selon la réponse", ", margin depends on the answer"));
      }
    }
    absl::StrAppend(&out, w("; par personne au plus ", "; per person at most "),
                    w.Counted(question.cap_cells(), {" case, ", " cases, "}, {" cell, ", " cells, "}),
                    w.Counted(question.cap_rows(), {" ligne\n", " lignes\n"}, {" row\n", " rows\n"}));
    if (question.has_selection())
      absl::StrAppend(&out, "  ",
                      SelectionWords(w("liste ouverte", "open list"), question.selection(), lang));
  }
  if (explained.has_charge()) {
    absl::StrAppend(&out, w("prix: ", "price: "), Percent(explained.charge().share_ppm(), lang),
                    w(" du crédit des cohortes ", " of the budget of cohorts "),
                    absl::StrJoin(explained.charge().cohorts(), ", "), "\n");
  }
  if (!explained.has_refusal())
    absl::StrAppend(&out, w("cette question serait répondue; rien n'a été compté\n",
                            "this question would be answered; nothing was charged\n"));
  return out;
}

std::string ReportDescribe(const v1::DescribeResponse& described, Lang lang) {
  const Words w(lang);
  std::string out = absl::StrCat(
      described.organisation(), described.practice() ? w(" (exercice)", " (practice)") : "", " · ",
      described.codebook(), w(" · éditions: ", " · editions: "), absl::StrJoin(described.editions(), ", "),
      w("\nbuts: ", "\npurposes: "), absl::StrJoin(described.purposes(), ", "),
      w(" · autorisé jusqu'au ", " · granted until "), Day(described.granted_until_unix_micros()), "\n");
  for (const v1::DescribedTable& table : described.tables()) {
    absl::StrAppend(&out, "\n", table.name(), ": ", w.Of(table.label()), "\n");
    TextTable columns(
        {w("colonne", "column"), w("sens", "meaning"), "type", w("règle", "rule"), w("valeurs", "values")});
    for (const v1::DescribedColumn& column : table.columns()) {
      std::string values;
      if (!column.from().empty()) {
        values = absl::StrCat(column.from(), " … ", column.to());
      } else {
        std::vector<std::string> codes;
        for (int i = 0; i < std::min(8, column.codes_size()); ++i) codes.push_back(column.codes(i).code());
        values = absl::StrJoin(codes, ", ");
        if (column.codes_size() > 8) absl::StrAppend(&values, ", … (", column.codes_size(), ")");
      }
      columns.Add({column.name(), w.Of(column.label()), InWords(column.type(), w), RuleText(column, w),
                   std::move(values)});
    }
    absl::StrAppend(&out, columns.Text());
  }
  return out;
}

std::string ReportShare(const v1::GetBudgetResponse& budget, Lang lang) {
  const Words w(lang);
  TextTable table({w("cohorte", "cohort"), w("votre part", "your share"), w("utilisée", "used"),
                   w("utilisé par tous", "used by all")});
  for (const v1::CohortBudget& row : budget.cohorts()) {
    table.Add({row.cohort(), Percent(row.your_share_ppm(), lang), Percent(row.your_spent_ppm(), lang),
               Percent(row.spent_ppm(), lang)});
  }
  return table.Text();
}

Text ReportRefusal(const v1::RefusalDetail& refusal) {
  return {std::string(absl::StripSuffix(RenderRefusal(refusal, Lang::kFrench), "\n")),
          std::string(absl::StripSuffix(RenderRefusal(refusal, Lang::kEnglish), "\n"))};
}

namespace {

Text WaitingFor(const v1::AdminProgress& progress) {
  struct Running {
    const char *name, *fr, *en;
  };
  static constexpr Running kRunning[] = {{"import_file", "un import est", "an import is"},
                                         {"close", "l'arrêt d'une édition est", "a closing is"},
                                         {"erase", "un effacement est", "an erasure is"},
                                         {"backup", "une sauvegarde est", "a backup is"}};
  Text what = {"une autre commande est", "another command is"};
  for (const Running& running : kRunning)
    if (progress.running() == running.name) what = {running.fr, running.en};
  const std::string since = absl::FormatTime(
      "%H:%M:%S UTC", absl::FromUnixMicros(progress.since_unix_micros()), absl::UTCTimeZone());
  return {absl::StrCat(what.fr, " en cours depuis ", since,
                       ": cette commande attend sa fin; Ctrl-C y renonce, rien n'aura changé"),
          absl::StrCat(what.en, " running since ", since,
                       ": this command waits for its end; Ctrl-C gives it up, nothing will have changed")};
}

}  // namespace

Text ReportProgress(const v1::AdminProgress& progress, absl::Duration elapsed,
                    absl::optional<uint32_t> read_ppm) {
  const double seconds = absl::ToDoubleSeconds(elapsed), done = static_cast<double>(progress.done()),
               total = static_cast<double>(progress.total());
  double part = 0;  // of the whole; 0: not known
  if (total > 0) {
    part = done / total;
  } else if (read_ppm.has_value()) {
    part = *read_ppm / 1e6;
  }
  if (progress.step() == "waiting" && !progress.running().empty()) return WaitingFor(progress);
  auto line = [&](const char* step, Lang lang) {
    const Words w(lang);
    if (progress.step() == "waiting" || progress.step() == "erasing") return std::string(step);
    std::string out = absl::StrCat(step, " ", Number(done, lang));
    if (total > 0) absl::StrAppend(&out, "/", Number(total, lang));
    if (seconds < 0.2) return out;  // too early to tell
    absl::StrAppend(&out, " · ", Number(done / seconds, lang), "/s");
    if (part <= 0 || part > 1) return out;
    const double left = std::ceil(seconds * (1 - part) / part);
    absl::StrAppend(&out, w(" · encore ", " · "),
                    left < 90 ? Number(left, lang) : Number(std::ceil(left / 60), lang),
                    left < 90 ? " s" : " min", w("", " left"));
    return out;
  };
  struct Step {
    const char *name, *fr, *en;
  };
  static constexpr Step kSteps[] = {
      {"waiting", "attend la fin d'une autre commande", "waits for another command to end"},
      {"reading", "lecture: lignes", "reading: rows"},
      {"sealing", "chiffrement: lignes", "sealing: rows"},
      {"closing", "arrêt de l'édition: lignes", "closing: rows"},
      {"verifying", "vérification: entrées", "verifying: entries"},
      {"erasing", "efface et vérifie", "erases and verifies"},
      {"copying", "copie: octets", "copying: bytes"}};
  for (const Step& step : kSteps) {
    if (progress.step() == step.name) return {line(step.fr, Lang::kFrench), line(step.en, Lang::kEnglish)};
  }
  return {line("en cours:", Lang::kFrench), line("working:", Lang::kEnglish)};
}

}  // namespace penc::cli
