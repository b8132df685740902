#include "cli/key_words.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/plural.h"

namespace penc::cli {
namespace {

void Append(Text& to, const Text& more) {
  to.fr += more.fr;
  to.en += more.en;
}

Text WithEachPlace(const v1::KeyShowResult& shown) {
  Text said;
  bool file = false, credential = false, stewards = false;
  for (const v1::KeyPlace& place : shown.places()) {
    file |= place.has_file();
    credential |= place.has_credential();
    stewards |= place.has_stewards();
  }
  if (file)
    Append(said,
           {"  Qui vole aussi la clé USB ouvre tout: ne la laissez pas avec l'ordinateur.\n",
            "  Whoever steals the stick as well opens everything: do not leave it with the computer.\n"});
  if (credential)
    Append(said,
           {"  Ce que systemd garde s'ouvre encore sur cet ordinateur-ci, pour qui en devient le maître.\n",
            "  What systemd keeps still opens on this very computer, for whoever becomes its master.\n"});
  if (stewards)
    Append(
        said,
        {"  Qui l'allume et le connecte obtient la clé tant que l'organisation est membre: appelez aussitôt "
         "le secrétariat du réseau,\n  qui la retire (penc network roster HUB --compose --remove NOM). Dès "
         "que les témoins ont la nouvelle liste, ce disque est mort.\n",
         "  Whoever switches it on and connects it gets the key while the office is a member: call the "
         "network's secretariat at once,\n  which takes it off (penc network roster HUB --compose --remove "
         "NAME). Once the stewards have the new roster, this disk is dead.\n"});
  return said;
}

Text StillReadable(const v1::KeyShowResult& shown, const std::string& dir) {
  Text said = {
      "Se liraient encore: le nom de l'organisation, le lexique, la politique, les autorisations et les "
      "noms des partenaires, la liste des\n  membres du réseau, le journal (questions, dates) et les "
      "réponses déjà données, avec leur bruit",
      "Could still be read: the office's name, codebook, policy, grants and partners' names, the "
      "network's roster, the journal\n  (questions, dates) and the answers already given, with their "
      "noise"};
  if (shown.answers() > 0)
    Append(said, {absl::StrCat(", dont ", shown.answers(), " du réseau (", dir, "/answers)"),
                  absl::StrCat(", ", shown.answers(), " of them of the network (", dir, "/answers)")});
  Append(said, {".\n", ".\n"});
  if (shown.quarantine_files() > 0)
    Append(said, {absl::StrCat("Se liraient EN CLAIR: les lignes mises de côté par des imports, ",
                               shown.quarantine_files(),
                               FrenchForm(shown.quarantine_files(), {" fichier dans ", " fichiers dans "}),
                               dir, "/quarantine: corrigez-les, réimportez,\n  puis effacez ces fichiers.\n"),
                  absl::StrCat(
                      "Could be read IN THE CLEAR: rows that imports set aside, ", shown.quarantine_files(),
                      EnglishForm(shown.quarantine_files(), {" file in ", " files in "}), dir,
                      "/quarantine: correct them, import them again,\n  then delete these files.\n")});
  return said;
}

}  // namespace

Text PlaceWords(const v1::KeyPlace& place) {
  if (place.has_here())
    return {"dans le dossier lui-même (keys/node.key)", "in the folder itself (keys/node.key)"};
  if (place.has_file())
    return {absl::StrCat("dans le fichier ", place.file()), absl::StrCat("in the file ", place.file())};
  if (place.has_credential())
    return {absl::StrCat("confiée à systemd sous le nom «", place.credential(), "»"),
            absl::StrCat("with systemd under the name \"", place.credential(), "\"")};
  const std::string names = absl::StrJoin(place.holders(), ", ");
  return {
      absl::StrCat("en parts chez ", place.holders_size(), " témoins du réseau, dont ", place.threshold(),
                   " suffisent (liste des membres n° ", place.roster_version(), "): ", names),
      absl::StrCat("in shares with ", place.holders_size(), " stewards of the network, ", place.threshold(),
                   " of whom are enough (roster version ", place.roster_version(), "): ", names)};
}

std::string KeyReport(const v1::KeyShowResult& shown, const std::string& dir, Lang lang) {
  Text said = {"La clé du nœud est:\n", "The node key is:\n"};
  bool here = false;
  for (const v1::KeyPlace& place : shown.places()) {
    here |= place.has_here();
    const Text words = PlaceWords(place);
    Append(said, {absl::StrCat("  - ", words.fr, "\n"), absl::StrCat("  - ", words.en, "\n")});
  }
  if (shown.places_size() > 1) Append(said, {"  (une seule suffit)\n", "  (any one of them is enough)\n"});
  if (here) {
    Append(said, {absl::StrCat("Si cet ordinateur était volé maintenant: TOUT se lirait, les dossiers des "
                               "personnes compris.\nPour l'éviter: penc key wrap ",
                               dir, " --with stewards --with file:/media/usb/NOM.key\n"),
                  absl::StrCat("If this computer were stolen now: EVERYTHING could be read, people's records "
                               "included.\nTo prevent it: penc key wrap ",
                               dir, " --with stewards --with file:/media/usb/NAME.key\n")});
  } else {
    Append(said,
           {"Si cet ordinateur était volé éteint: ni dossiers, ni références, ni clés ne se liraient. "
            "(Allumé, penc en marche: tout est ouvert.)\n",
            "If this computer were stolen switched off: no record, no reference and no key could be read. "
            "(Switched on, with penc running: all is open.)\n"});
    Append(said, WithEachPlace(shown));
    Append(said, StillReadable(shown, dir));
  }
  return lang == Lang::kFrench ? said.fr : said.en;
}

Text KeyMovedSentence(const v1::KeyWrapResult& moved) {
  Text said = moved.rotated() ? Text{"nouvelle clé du nœud, ", "a new node key, "}
                              : Text{"la clé du nœud est désormais ", "the node key is now "};
  bool first = true, here = false;
  for (const v1::KeyPlace& place : moved.places()) {
    here |= place.has_here();
    if (!std::exchange(first, false)) Append(said, {"; et ", "; and "});
    Append(said, PlaceWords(place));
  }
  Append(said, {". L'ancienne n'ouvre plus rien", ". The old one opens nothing any more"});
  if (!here)
    Append(
        said,
        {"; elle est effacée de ce disque. Sur un SSD ou une carte mémoire, un laboratoire peut relire ce "
         "qui y fut écrit un jour: pour de vrais dossiers, chiffrez aussi le disque entier. Vérifiez "
         "maintenant qu'elle s'ouvre: penc status après un redémarrage",
         "; it is erased from this disk. On an SSD or a memory card a laboratory may read what was written "
         "there once: for real records encrypt the whole disk as well. Check now that it opens: penc status "
         "after a restart"});
  return said;
}

}  // namespace penc::cli
