#include "cli/policy_words.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/render.h"
#include "cli/words.h"
#include "policy/diff.h"

namespace penc::cli {
namespace {

std::string Pick(const Text& text, Lang lang) { return lang == Lang::kFrench ? text.fr : text.en; }

const char* RoleWords(v1::OfficerRole role, const Words& w) {
  return role == v1::OFFICER_ROLE_RESPONSABLE ? w("responsable protection", "responsable protection")
                                              : w("administrateur", "administrator");
}

template <typename Officers>
std::string Names(const Officers& officers, const Words& w) {
  return absl::StrJoin(officers, ", ", [&](std::string* out, const v1::Officer& one) {
    absl::StrAppend(out, one.name(), " (", RoleWords(one.role(), w), ")");
  });
}

}  // namespace

std::string ReportComparison(const v1::PolicyComparison& comparison, Lang lang) {
  const Words w(lang);
  std::string out;
  for (const v1::PolicyChange& change : comparison.changes()) {
    absl::StrAppend(&out, "  ", Pick(DirectionWords(change.direction()), lang), "  ", w.Of(change.says()),
                    "\n");
  }
  switch (comparison.verdict()) {
    case v1::DIRECTION_LOOSENS:
      return absl::StrCat(out, w("en tout: ASSOUPLIT. Il faut deux personnes: le responsable protection et "
                                 "l'administrateur signent (penc policy sign)\n",
                                 "in all: LOOSENS. It takes two persons: the responsable protection and the "
                                 "administrator sign (penc policy sign)\n"));
    case v1::DIRECTION_TIGHTENS:
      return absl::StrCat(
          out, w("en tout: resserre; une personne suffit\n", "in all: tightens; one person is enough\n"));
    default:
      return absl::StrCat(out, w("en tout: identique, les mêmes questions passent\n",
                                 "in all: the same, the same questions pass\n"));
  }
}

std::string ReportApplied(const v1::PolicyApplyResult& applied, Lang lang) {
  const Words w(lang);
  if (applied.unchanged())
    return absl::StrCat(w("rien n'a changé: la politique ", "nothing changed: policy "), applied.policy(),
                        w(" est déjà en vigueur, version ", " is in force already, version "),
                        applied.version(), "\n");
  std::string out = absl::StrCat(w("politique ", "policy "), applied.policy(),
                                 w(" appliquée, version ", " applied, version "), applied.version(), ": ",
                                 Pick(DirectionWords(applied.comparison().verdict()), lang));
  if (applied.signers_size() > 0)
    absl::StrAppend(&out, w("; signée par ", "; signed by "), Names(applied.signers(), w));
  absl::StrAppend(&out, "\n");
  for (const v1::PolicyChange& change : applied.comparison().changes())
    absl::StrAppend(&out, "  ", Pick(DirectionWords(change.direction()), lang), "  ", w.Of(change.says()),
                    "\n");
  if (applied.alone())
    absl::StrAppend(&out, w("exercice: une personne seule a assoupli; ailleurs il en faut deux\n",
                            "exercise: one person loosened alone; elsewhere it takes two\n"));
  return out;
}

std::string ReportVersions(const v1::PolicyVersionsResult& versions, Lang lang) {
  const Words w(lang);
  TextTable table({"version", w("nom", "name"), w("en vigueur depuis", "in force since"),
                   w("effet", "effect"), w("signée par", "signed by")});
  for (const v1::PolicyVersion& one : versions.versions()) {
    table.Add({absl::StrCat(one.version()), one.name(), Minute(one.applied_unix_micros()),
               one.version() == 1 ? w("la première", "the first") : Pick(DirectionWords(one.verdict()), lang),
               Names(one.signers(), w)});
  }
  return table.Text();
}

std::string ReportOfficers(const v1::OfficersResult& officers, Lang lang) {
  const Words w(lang);
  if (officers.officers().empty()) {
    return w(
        "personne n'est inscrit: rien ne peut être assoupli. Inscrivez un responsable protection et un "
        "administrateur (penc officer init, penc officer trust)\n",
        "nobody is enrolled: nothing can be loosened. Enrol a responsable protection and an administrator "
        "(penc officer init, penc officer trust)\n");
  }
  TextTable table({w("nom", "name"), w("rôle", "role"), w("clé", "key")});
  for (const v1::Officer& one : officers.officers())
    table.Add({one.name(), RoleWords(one.role(), w), one.key()});
  return absl::StrCat(table.Text(),
                      w("chaque personne vérifie que cette clé est bien la sienne (dans son fichier "
                        "NOM.officer)\n",
                        "each person checks that this key is theirs (in their NAME.officer file)\n"));
}

}  // namespace penc::cli
