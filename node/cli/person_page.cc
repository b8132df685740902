#include "cli/person_page.h"

#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/words.h"

namespace penc::cli {
namespace {

using Rows = std::vector<std::vector<std::string>>;

void AddHead(const v1::PersonSheetResult& sheet, const std::vector<std::string>& reference, const Words& w,
             Page& page) {
  page.Mark(w("Confidentiel: à remettre à la personne elle-même, à personne d'autre",
              "Confidential: for the person themselves, for nobody else"));
  Rows rows = {{w("Organisation", "Organisation"),
                absl::StrCat(sheet.office(), sheet.practice() ? w(" (exercice: données inventées)",
                                                                  " (practice: invented data)")
                                                              : "")},
               {w("Référence", "Reference"), absl::StrJoin(reference, " / ")},
               {w("Fiche établie le", "Sheet made on"), Day(sheet.made_unix_micros())}};
  if (!sheet.unknown()) {
    rows.push_back({w("Comptée depuis l'édition", "Counted since edition"),
                    sheet.entered().empty() ? w("aucune encore", "none yet") : sheet.entered()});
  }
  if (sheet.consent_asked() && !sheet.entered().empty()) {
    rows.push_back({w("Accord pour l'usage statistique", "Consent to statistical use"),
                    sheet.consented() ? w("donné: la personne est comptée", "given: the person is counted")
                                      : w("non donné: la personne n'est comptée dans aucune réponse",
                                          "not given: the person is counted in no answer")});
  }
  page.Table({}, std::move(rows));
}

std::string Where(const v1::SheetRow& row, const v1::SheetBatch& batch, const Words& w) {
  std::string where = absl::StrCat(w("fichier ", "file "), batch.file_name(),
                                   w(", importé le ", ", imported on "), Day(batch.imported_unix_micros()));
  if (!batch.keep_until().empty())
    absl::StrAppend(&where, w(", gardé jusqu'au ", ", kept until "), batch.keep_until());
  if (row.staged()) absl::StrAppend(&where, w(" (en attente)", " (staged)"));
  if (row.withdrawn()) {
    absl::StrAppend(&where, w(" (accord retiré: n'est plus comptée, disparaît au prochain arrêté)",
                              " (consent withdrawn: counted no more, gone at the next closing)"));
  }
  return where;
}

void AddRecords(const v1::PersonSheetResult& sheet, const Words& w, Page& page) {
  page.Heading(w("Ce qui est gardé", "What is kept"));
  if (sheet.tables().empty()) {
    page.Paragraph(
        w("Aucune ligne n'est gardée sous cette référence.", "No row is kept under this reference."));
  }
  std::map<uint64_t, v1::SheetBatch> batches;
  for (const v1::SheetBatch& batch : sheet.batches()) batches[batch.id()] = batch;
  for (const v1::SheetTable& table : sheet.tables()) {
    int number = 0;
    for (const v1::SheetRow& row : table.rows()) {
      page.Subheading(absl::StrCat(w.Of(table.label()), " (", ++number, "/", table.rows_size(), ")"));
      page.Paragraph(Where(row, batches[row.batch()], w));
      Rows rows;
      for (int c = 0; c < table.columns_size(); ++c) {
        const std::string& value = w.Of(row.values(c));
        if (!value.empty()) rows.push_back({w.Of(table.columns(c).label()), value});
      }
      page.Table({w("donnée", "item"), w("valeur", "value")}, std::move(rows));
    }
  }
  page.Paragraph(
      w("Ces données sont des codes, des nombres, des dates, et, là où l'organisation tient une telle liste, "
        "des mots qu'elle écrit elle-même (noms de lieux ou d'organismes). Le reste n'a de place ni pour un "
        "nom de personne, ni pour un téléphone, un numéro de document ou un texte libre; la référence "
        "elle-même est remplacée par une empreinte secrète.",
        "These items are codes, numbers, dates and, where the organisation keeps such a list, words that it "
        "writes itself (names of places or bodies). The rest has no place for a person's name, a phone "
        "number, a document number or free text; the reference itself is replaced by a secret fingerprint."));
  if (!sheet.quarantine_files().empty()) {
    page.Paragraph(
        w("Des lignes de cette personne attendent une correction, telles qu'elles furent écrites, texte "
          "compris, "
          "dans ces fichiers du dossier quarantine:",
          "Rows of this person wait to be corrected, as they were written, text included, in these files of "
          "the "
          "folder quarantine:"));
    page.List({sheet.quarantine_files().begin(), sheet.quarantine_files().end()});
  }
}

void AddQuestions(const v1::PersonSheetResult& sheet, const Words& w, Page& page) {
  page.Heading(w("Ce qui est sorti", "What left"));
  page.Paragraph(
      w("Aucune ligne n'est jamais sortie d'ici. Seuls des nombres brouillés exprès en sont sortis, tels "
        "qu'on ne peut y "
        "reconnaître personne. Les réponses suivantes ont pu compter cette personne.",
        "No row ever left this place. Only numbers left that were blurred on purpose, so that nobody can be "
        "told from "
        "them. The following answers may have counted this person."));
  if (sheet.questions().empty()) {
    page.Paragraph(w("Aucune réponse à ce jour.", "No answer so far."));
    return;
  }
  Rows rows;
  for (const v1::SheetQuestion& question : sheet.questions()) {
    rows.push_back({Day(question.time_unix_micros()),
                    absl::StrCat(question.asker(),
                                 question.regional() ? w(" (total régional)", " (regional total)") : ""),
                    question.purpose(), question.has_says() ? w.Of(question.says()) : question.question()});
  }
  page.Table({w("date", "date"), w("à qui", "to whom"), w("but", "purpose"), w("question", "question")},
             std::move(rows));
}

void AddRights(const Words& w, Page& page) {
  page.Heading(w("Vos droits", "Your rights"));
  page.List(
      {w("Faire corriger ce qui est faux: demandez-le à l'organisation, qui réimporte la ligne corrigée.",
         "To have corrected what is wrong: ask the organisation, which imports the corrected row again."),
       w("Retirer votre accord: vos lignes ne sont plus comptées dès que l'organisation le note.",
         "To withdraw your consent: your rows are counted no more as soon as the organisation notes it."),
       w("Faire tout effacer: l'organisation le fait aussitôt (penc erase) et vérifie qu'il ne reste rien. "
         "Les nombres "
         "déjà sortis restent: on ne peut vous y reconnaître.",
         "To have everything erased: the organisation does it at once (penc erase) and verifies that nothing "
         "is left. "
         "Numbers that left already stand: you cannot be told from them."),
       w("Vous plaindre à l'autorité de protection des données de votre pays.",
         "To complain to your country's data-protection authority.")});
}

}  // namespace

Page PersonPage(const v1::PersonSheetResult& sheet, const std::vector<std::string>& reference, Lang lang) {
  const Words w(lang);
  Page page(w("Fiche de la personne", "Sheet of a person"), lang);
  AddHead(sheet, reference, w, page);
  AddRecords(sheet, w, page);
  AddQuestions(sheet, w, page);
  AddRights(w, page);
  return page;
}

}  // namespace penc::cli
