#include "cli/erase_report.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/words.h"

namespace penc::cli {

std::string ReportErase(const v1::EraseResult& erased, Lang lang) {
  const Words w(lang);
  std::string out;
  uint64_t set_aside = 0;
  for (const v1::QuarantineErased& file : erased.quarantine()) set_aside += file.rows();
  if (erased.rows() + set_aside == 0) {
    // A reference written otherwise than in the file would look like a person erased.
    out =
        w("aucune ligne n'a cette référence, rien n'est effacé: vérifiez qu'elle est écrite comme dans le "
          "fichier importé\n",
          "no row has this reference, nothing was erased: check that it is written as in the imported "
          "file\n");
  } else {
    out = absl::StrCat(
        w.Counted(erased.rows(), {" ligne effacée", " lignes effacées"}, {" row erased", " rows erased"}),
        w(", partout; les réponses déjà données restent, le journal le dit\n",
          ", everywhere; answers already given stand, the journal says so\n"));
  }
  for (const v1::QuarantineErased& file : erased.quarantine()) {
    if (file.has_unread()) {
      absl::StrAppend(&out,
                      w("À REGARDER À LA MAIN, peut contenir cette personne: quarantine/",
                        "TO BE LOOKED AT BY HAND, may hold this person: quarantine/"),
                      file.file(), ": ", w.Of(file.unread()), "\n");
      continue;
    }
    absl::StrAppend(
        &out, "quarantine/", file.file(), ": ",
        w.Counted(file.rows(), {" ligne retirée", " lignes retirées"}, {" row taken out", " rows taken out"}),
        file.removed()
            ? w("; le fichier n'avait qu'elles et n'est plus", "; the file held nothing else and is gone")
            : "",
        !file.removed() && file.sheets() > 1
            ? w("; les autres lignes de toutes ses feuilles y sont, sans mises en forme ni formules",
                "; the other rows of all of its sheets are there, without formats and formulas")
            : "",
        file.by_any_column() ? w(" (référence cherchée dans toutes les colonnes)",
                                 " (the reference was sought in all columns)")
                             : "",
        "\n");
  }
  if (!erased.own_files().empty()) {
    absl::StrAppend(
        &out,
        w("retirez aussi cette personne de vos propres fichiers, un prochain import la ramènerait: ",
          "remove this person from your own files, too, a next import would bring them back: "),
        absl::StrJoin(erased.own_files(), ", "), "\n");
  }
  const v1::ErasureProof& proof = erased.proof();
  absl::StrAppend(
      &out, w("vérifié: ", "verified: "),
      w.Counted(proof.chunks(), {" morceau scellé ouvert", " morceaux scellés ouverts"},
                {" sealed chunk opened", " sealed chunks opened"}),
      w(" un à un, la clé de cette personne n'est dans aucun", " one by one, this person's key is in none"),
      proof.files_removed() > 0
          ? absl::StrCat(
                "; ",
                w.Counted(proof.files_removed(),
                          {" ancien fichier de la base supprimé", " anciens fichiers de la base supprimés"},
                          {" old file of the database removed", " old files of the database removed"}))
          : "",
      "\n");
  if (!proof.files_left().empty()) {
    absl::StrAppend(&out,
                    w("d'anciens fichiers sont encore ouverts et partent au prochain démarrage: ",
                      "old files are still open and go at the next start: "),
                    absl::StrJoin(proof.files_left(), ", "), "\n");
  }
  absl::StrAppend(
      &out,
      erased.backups() > 0
          ? absl::StrCat(w("les sauvegardes faites avant contiennent encore ces lignes (",
                           "backups made before still hold these rows ("),
                         erased.backups(), w(", la dernière le ", ", the last on "),
                         Day(erased.last_backup_unix_micros()), w("): remplacez-les\n", "): replace them\n"))
          : std::string(w("si des copies de ce dossier ont été faites autrement qu'avec penc backup, elles "
                          "contiennent encore ces lignes\n",
                          "if copies of this folder were made otherwise than with penc backup, they still "
                          "hold these rows\n")));
  return out;
}

}  // namespace penc::cli
