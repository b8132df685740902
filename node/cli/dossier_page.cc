#include "cli/dossier_page.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/key_words.h"
#include "cli/words.h"

namespace penc::cli {
namespace {

using Rows = std::vector<std::vector<std::string>>;

std::string SensitivityWords(const std::string& sensitivity, const Words& w) {
  if (sensitivity == "public") return w("courante", "common");
  if (sensitivity == "ordinary") return w("ordinaire", "ordinary");
  if (sensitivity == "never") return w("jamais demandable", "never askable");
  return w("sensible", "sensitive");
}

std::string GrainWords(const std::string& grain, const Words& w) {
  if (grain == "day") return w("jour", "day");
  if (grain == "week") return w("semaine", "week");
  if (grain == "month") return w("mois", "month");
  if (grain == "quarter") return w("trimestre", "quarter");
  return w("année", "year");
}

std::string RuleWords(const v1::DossierColumn& column, const Words& w) {
  std::string rule =
      column.rule() == "allow" ? w("permis, en nombres agrégés", "allowed, in aggregate numbers")
      : column.rule() == "ask"
          ? w("une personne décide, question par question", "a person decides, question by question")
          : w("refusé", "denied");
  if (column.rule() != "deny" && !column.finest().empty())
    absl::StrAppend(&rule, w("; au plus fin: ", "; at the finest: "), GrainWords(column.finest(), w));
  return rule;
}

void AddController(const v1::DossierResult& d, const Words& w, Page& page) {
  page.Heading(w("1. Responsable du traitement", "1. Controller"));
  Rows rows = {{w("Organisation", "Organisation"), d.office()},
               {w("Dossier établi le", "Dossier made on"), Day(d.made_unix_micros())},
               {w("Clé de l'organisation", "The organisation's key"), d.fingerprint()}};
  if (d.practice())
    rows.push_back({w("Exercice", "Practice"),
                    w("données inventées, aucune personne réelle", "invented data, no real person")});
  page.Table({}, std::move(rows));
}

void AddPurposes(const v1::DossierResult& d, const Words& w, Page& page) {
  page.Heading(w("2. Finalités", "2. Purposes"));
  std::set<std::string> granted;
  for (const v1::DossierGrant& grant : d.grants()) {
    if (!grant.expired()) granted.insert(grant.purposes().begin(), grant.purposes().end());
  }
  page.Paragraph(
      w("Ce nœud sert seulement à répondre à des questions agrégées, dont chaque nombre est brouillé, pour "
        "les buts que voici. "
        "À quoi les dossiers servent par ailleurs, l'organisation l'ajoute ici.",
        "This node only serves to answer aggregate questions, every number of which is blurred, for these "
        "purposes. What "
        "else the records serve, the organisation adds here."));
  if (granted.empty()) {
    page.Paragraph(w("Aucun but n'est autorisé à ce jour.", "No purpose is granted at present."));
  } else {
    page.List({granted.begin(), granted.end()});
  }
}

void AddPersons(const v1::DossierResult& d, const Words& w, Page& page) {
  page.Heading(w("3. Personnes concernées", "3. Persons concerned"));
  page.Paragraph(
      w("Les personnes dont une ligne est gardée dans une de ces tables. Combien elles sont n'est pas dit "
        "ici: leur "
        "nombre est protégé lui aussi.",
        "The people of whom a row is kept in one of these tables. How many they are is not said here: their "
        "number "
        "is protected, too."));
  std::vector<std::string> tables;
  for (const v1::DossierTable& table : d.tables()) {
    tables.push_back(absl::StrCat(
        w.Of(table.label()), " (", table.name(), "): ",
        table.persons() ? w("une ligne par personne", "one row a person")
                        : w("une ligne par événement d'une personne", "one row for each event of a person")));
  }
  page.List(tables);
  if (d.consent_column().empty()) {
    page.Paragraph(
        w("Le lexique ne désigne aucune colonne d'accord: toutes les personnes sont comptées, sauf celles "
          "dont un "
          "import a écarté les lignes faute d'accord.",
          "The codebook names no column of consent: all persons are counted, but those whose rows an import "
          "left "
          "out for want of consent."));
    return;
  }
  std::vector<std::string> keeps;
  for (const v1::Label& label : d.consent_keeps()) keeps.push_back(w.Of(label));
  page.Paragraph(absl::StrCat(w("Accord: seules sont comptées les personnes dont la colonne ",
                                "Consent: only persons are counted of whom the column "),
                              d.consent_column(), w(" dit: ", " says: "), absl::StrJoin(keeps, ", "),
                              w(". Sans réponse, pas d'accord.", ". No answer is no consent.")));
}

void AddData(const v1::DossierResult& d, const Words& w, Page& page) {
  page.Heading(w("4. Catégories de données", "4. Categories of data"));
  page.Paragraph(absl::StrCat(
      w("Selon le lexique ", "By the codebook "), d.codebook(), w(" et la politique «", " and the policy \""),
      d.policy(), w("». Rien d'autre ne peut être importé.", "\". Nothing else can be imported.")));
  for (const v1::DossierTable& table : d.tables()) {
    page.Subheading(absl::StrCat(w.Of(table.label()), " (", table.name(), ")"));
    Rows rows;
    for (const v1::DossierColumn& column : table.columns()) {
      rows.push_back({column.name(), w.Of(column.label()), SensitivityWords(column.sensitivity(), w),
                      column.sensitivity() == "never" ? w("gardé pour l'accord ou l'effacement seulement",
                                                          "kept for consent or erasure only")
                                                      : RuleWords(column, w)});
    }
    page.Table({w("colonne", "column"), w("sens", "meaning"), w("sensibilité", "sensitivity"),
                w("ce qu'on peut en demander", "what may be asked of it")},
               std::move(rows));
  }
}

void AddRecipients(const v1::DossierResult& d, const Words& w, Page& page) {
  page.Heading(w("5. Destinataires", "5. Recipients"));
  page.Paragraph(w("Nul ne reçoit de ligne. Les partenaires suivants reçoivent des nombres brouillés:",
                   "Nobody receives a row. The following partners receive blurred numbers:"));
  Rows rows;
  for (const v1::DossierGrant& grant : d.grants()) {
    rows.push_back({grant.name(), absl::StrJoin(grant.purposes(), ", "), absl::StrJoin(grant.tables(), ", "),
                    Percent(grant.share_ppm(), w.lang()),
                    absl::StrCat(grant.until(), grant.expired() ? w(" (échue)", " (expired)") : ""),
                    grant.key()});
  }
  if (rows.empty()) page.Paragraph(w("Aucun partenaire n'est autorisé.", "No partner is granted."));
  page.Table({w("partenaire", "partner"), w("buts", "purposes"), "tables",
              w("part du crédit", "share of the budget"), w("jusqu'au", "until"), w("clé", "key")},
             std::move(rows));
  if (!d.measures().local_answers())
    page.Paragraph(w("La politique ferme les réponses de cette organisation seule.",
                     "The policy closes answers by this organisation alone."));
  if (!d.has_network()) {
    page.Paragraph(w("L'organisation n'est membre d'aucun réseau.", "The organisation is in no network."));
    return;
  }
  page.Paragraph(absl::StrCat(
      w("L'organisation est membre du réseau ", "The organisation is a member of the network "),
      d.network().name(),
      d.network().steward() ? w(", dont elle est témoin", ", of which it is a steward") : "",
      w(". Son relais (", ". Its hub ("), d.network().hub_address(),
      w(") transporte des envois scellés qu'il ne lit pas.", ") carries sealed mail that it does not read."),
      d.measures().regional_answers()
          ? absl::StrCat(w(" Elle participe aux totaux d'au moins ", " It takes part in totals of at least "),
                         d.measures().fewest_members(),
                         w(" organisations, où sa part ne se voit pas.",
                           " organisations, which do not show its part."))
          : std::string(
                w(" La politique ferme les totaux régionaux.", " The policy closes regional totals."))));
  if (!d.network().members().empty())
    page.Paragraph(absl::StrCat(w("Autres membres: ", "Other members: "),
                                absl::StrJoin(d.network().members(), ", "), "."));
}

void AddRetention(const v1::DossierResult& d, const Words& w, Page& page) {
  page.Heading(w("6. Durée de conservation", "6. Retention"));
  page.Paragraph(
      d.default_retention().empty()
          ? std::string(w("Aucune durée n'est fixée d'avance: chaque import dit la sienne, ou aucune.",
                          "No time is set beforehand: each import says its own, or none."))
          : absl::StrCat(w("Sauf mention contraire, chaque import est gardé ",
                           "Unless said otherwise, each import is kept "),
                         absl::string_view(d.default_retention()).substr(0, d.default_retention().size() - 1),
                         d.default_retention().back() == 'y'   ? w(" ans.", " years.")
                         : d.default_retention().back() == 'm' ? w(" mois.", " months.")
                                                               : w(" jours.", " days.")));
  Rows rows;
  bool endless = false;
  for (const v1::DossierRetention& table : d.retention()) {
    endless = endless || table.without() > 0;
    rows.push_back({table.table(), absl::StrCat(table.batches()), absl::StrCat(table.without()),
                    table.first().empty() ? "-" : table.first(), table.last().empty() ? "-" : table.last()});
  }
  page.Table({"table", w("fichiers importés", "imported files"), w("sans terme", "without an end"),
              w("premier terme", "first end"), w("dernier terme", "last end")},
             std::move(rows));
  page.Paragraph(
      w("Le terme passé, les lignes sont retirées d'elles-mêmes et leurs anciens fichiers réécrits.",
        "When its end has passed, rows leave by themselves and the files that held them are rewritten."));
  page.Paragraph(
      w("De qui fut compté il reste alors une empreinte à clé, sans aucune donnée: revenir ne doit pas "
        "recharger le crédit. "
        "L'effacement d'une personne (voir 8) l'ôte aussi.",
        "Of who was counted a keyed fingerprint is left then, without any data: coming back must not refill "
        "the budget. "
        "Erasing a person (see 8) removes it, too."));
  if (endless)
    page.Paragraph(w("À régler: des fichiers sont gardés sans terme.",
                     "To be settled: some files are kept without an end."));
}

std::string KeySentence(const v1::DossierMeasures& m, const Words& w) {
  std::vector<std::string> places;
  bool here = false;
  for (const v1::KeyPlace& place : m.key_places()) {
    here |= place.has_here();
    const Text words = PlaceWords(place);
    places.push_back(w(words.fr.c_str(), words.en.c_str()));
  }
  std::string out = absl::StrCat(w("La clé du nœud est ", "The node's key is "), absl::StrJoin(places, "; "));
  if (!here)
    return absl::StrCat(out, w(": un ordinateur volé éteint ne livre pas les dossiers.",
                               ": a computer that is stolen switched off does not give the records away."));
  return absl::StrCat(
      out, m.key_open() ? w(". À CORRIGER: d'autres utilisateurs de l'ordinateur peuvent la lire.",
                            ". TO BE MENDED: other users of the computer may read it.")
                        : w(", lisible par le seul compte qui fait tourner le nœud. Qui vole "
                            "l'ordinateur l'a aussi (penc key wrap).",
                            ", readable by the one account only that runs the node. Whoever steals the "
                            "computer has it, too (penc key wrap)."));
}

void AddMeasures(const v1::DossierResult& d, const Words& w, Page& page) {
  const v1::DossierMeasures& m = d.measures();
  page.Heading(w("7. Mesures de sécurité", "7. Security measures"));
  page.List(
      {w("La référence de chaque personne est remplacée par une empreinte à clé (HMAC-SHA-256); elle-même "
         "n'est pas gardée.",
         "Each person's reference is replaced by a keyed fingerprint (HMAC-SHA-256); itself it is not kept."),
       w("Les lignes sont scellées sur le disque (AES-256-GCM), table par table.",
         "Rows are sealed on the disk (AES-256-GCM), table by table."),
       KeySentence(m, w),
       m.folder_open() ? w("À CORRIGER: d'autres utilisateurs de l'ordinateur peuvent entrer dans le dossier "
                           "(chmod 700).",
                           "TO BE MENDED: other users of the computer may enter the folder (chmod 700).")
                       : w("Le dossier est fermé aux autres utilisateurs de l'ordinateur.",
                           "The folder is closed to other users of the computer."),
       absl::StrCat(w("Les partenaires se connectent à ", "Partners connect to "), d.listen(),
                    w(" par TLS 1.3 avec des clés échangées d'avance, ou passent par le relais du réseau.",
                      " over TLS 1.3 with keys exchanged beforehand, or go through the network's hub.")),
       w("Chaque nombre qui sort porte un bruit de protection, et ce que toutes les réponses ensemble "
         "peuvent révéler d'une "
         "personne est borné pour toujours (voir 10).",
         "Every number that leaves carries protective noise, and what all answers together may reveal of one "
         "person is bounded "
         "for ever (see 10)."),
       w("Chaque question, décision et dépense est inscrite dans un journal que l'on ne peut réécrire sans "
         "que cela se voie.",
         "Every question, decision and charge is written to a log that cannot be rewritten unseen."),
       m.quarantine_files() == 0
           ? std::string(w("Aucun fichier de lignes à corriger n'attend en clair.",
                           "No file of rows to correct waits in the clear."))
           : absl::StrCat(
                 w("À régler: fichiers de lignes à corriger, en clair dans le dossier quarantine: ",
                   "To be settled: files of rows to correct, in the clear in the folder quarantine: "),
                 m.quarantine_files())});
  if (d.stopped())
    page.Paragraph(w("L'arrêt d'urgence est en vigueur: toute question est refusée.",
                     "The emergency stop is in force: every question is refused."));
  page.Paragraph(
      w("Limite connue: qui s'empare de l'ordinateur ou d'une sauvegarde avec la clé a les dossiers.",
        "Known limit: who takes the computer or a backup together with the key has the records."));
}

void AddRights(const Words& w, Page& page) {
  page.Heading(w("8. Droits des personnes", "8. Rights of the persons"));
  page.List({w("Accès: une fiche imprimée de tout ce qui est gardé (penc person sheet).",
               "Access: a printed sheet of everything that is kept (penc person sheet)."),
             w("Rectification: la ligne corrigée est réimportée et remplace l'ancienne.",
               "Rectification: the corrected row is imported again and replaces the old one."),
             w("Effacement: toutes les lignes d'une personne, aussitôt, lignes mises de côté comprises, avec "
               "vérification (penc "
               "erase). Les sauvegardes faites avant les contiennent encore.",
               "Erasure: all rows of a person, at once, rows set aside included, with a verification (penc "
               "erase). Backups made "
               "before still hold them."),
             w("Retrait de l'accord: la personne n'est plus comptée dès l'import qui le dit.",
               "Withdrawal of consent: the person is counted no more from the import on that says so."),
             w("Les nombres déjà sortis restent: aucune personne ne s'y reconnaît.",
               "Numbers that left already stand: nobody can be told from them.")});
}

void AddJournal(const v1::DossierResult& d, const Words& w, Page& page) {
  page.Heading(w("9. Ce que dit le journal", "9. What the journal says"));
  Rows rows;
  for (const v1::DossierPurpose& purpose : d.purposes()) {
    rows.push_back({purpose.purpose().empty() ? w("(sans but)", "(no purpose)") : purpose.purpose(),
                    w.Count(purpose.answered()), w.Count(purpose.regional()), w.Count(purpose.refused())});
  }
  if (rows.empty()) page.Paragraph(w("Aucune question à ce jour.", "No question so far."));
  page.Table({w("but", "purpose"), w("questions répondues", "questions answered"),
              w("totaux régionaux", "regional totals"), w("refusées", "refused")},
             std::move(rows));
  const v1::DossierJournal& j = d.journal();
  Rows acts;
  for (const auto& [what, count] : std::vector<std::pair<const char*, uint64_t>>{
           {w("fichiers importés", "files imported"), j.imports()},
           {w("fichiers retirés à la main", "files taken back by hand"), j.undone()},
           {w("retraits pour délai passé", "expiries"), j.expired()},
           {w("arrêtés", "closings"), j.closings()},
           {w("politiques appliquées", "policies applied"), j.policies()},
           {w("lexiques appliqués", "codebooks applied"), j.codebooks()},
           {w("sauvegardes", "backups"), j.backups()},
           {w("rétablissements", "restores"), j.restores()}}) {
    acts.push_back({what, w.Count(count)});
  }
  page.Table({absl::StrCat(w("depuis le ", "since "), Day(j.since_unix_micros())), w("fois", "times")},
             std::move(acts));
}

void AddVersions(const v1::DossierResult& d, const Words& w, Page& page) {
  page.Heading(w("10. Versions et empreintes", "10. Versions and hashes"));
  page.Table({}, {{w("Lexique", "Codebook"), absl::StrCat(d.codebook(), ", SHA-256 ", d.codebook_hash())},
                  {w("Politique", "Policy"),
                   absl::StrCat(d.policy(), w(", version ", ", version "), d.policy_version(),
                                w(", valable jusqu'au ", ", valid until "),
                                Day(d.policy_valid_until_unix_micros()), ", SHA-256 ", d.policy_hash())},
                  {w("Paramètres de la protection", "Parameters of the protection"),
                   absl::StrCat("ε = ", d.measures().epsilon(), ", δ = ", d.measures().delta(),
                                w(" par personne, pour toujours", " a person, for ever"))},
                  {w("Journal", "Journal"),
                   absl::StrCat(w.Counted(d.journal().entries(), {" entrée, racine ", " entrées, racine "},
                                          {" entry, root ", " entries, root "}),
                                d.journal().root())},
                  {w("Éditions arrêtées", "Closed editions"),
                   d.editions().empty() ? "-" : absl::StrJoin(d.editions(), ", ")}});
}

}  // namespace

Page DossierPage(const v1::DossierResult& dossier, Lang lang) {
  const Words w(lang);
  Page page(
      absl::StrCat(w("Dossier de protection des données: ", "Data-protection dossier: "), dossier.office()),
      lang);
  AddController(dossier, w, page);
  AddPurposes(dossier, w, page);
  AddPersons(dossier, w, page);
  AddData(dossier, w, page);
  AddRecipients(dossier, w, page);
  AddRetention(dossier, w, page);
  AddMeasures(dossier, w, page);
  AddRights(w, page);
  AddJournal(dossier, w, page);
  AddVersions(dossier, w, page);
  return page;
}

}  // namespace penc::cli
