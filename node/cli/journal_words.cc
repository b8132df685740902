#include "cli/journal_words.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <map>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "penc/v1/refusal.pb.h"
#include "penc/v1/unlock.pb.h"
#include "policy/diff.h"

namespace penc::cli {
namespace {

using google::protobuf::Value;

const Text* KindWords(const std::string& kind) {
  static const auto* const words = new std::map<std::string, Text>{
      {"office_created", {"organisation créée", "office created"}},
      {"imported", {"fichier importé", "file imported"}},
      {"undone", {"fichier retiré", "file taken back"}},
      {"closed", {"édition arrêtée", "edition closed"}},
      {"erased", {"une personne effacée", "a person erased"}},
      {"policy_applied", {"politique en vigueur", "policy in force"}},
      {"codebook_applied", {"lexique en vigueur", "codebook in force"}},
      {"granted", {"partenaire autorisé", "partner granted"}},
      {"grant_changed", {"autorisation changée", "grant changed"}},
      {"grant_removed", {"autorisation retirée", "grant removed"}},
      {"refused", {"question refusée", "question refused"}},
      {"decision_asked", {"question à décider", "question before a person"}},
      {"decided", {"décidé par une personne", "decided by a person"}},
      {"decision_lapsed",
       {"questions que personne n'a décidées à temps", "questions that nobody decided in time"}},
      {"charged", {"question comptée", "question charged"}},
      {"released", {"réponse donnée", "answer given"}},
      {"given_up", {"réponse abandonnée", "answer given up"}},
      {"refunded", {"part d'une ronde rendue", "share of a round given back"}},
      {"restored", {"rétablie d'une sauvegarde", "restored from a backup"}},
      {"officers_changed", {"personnes qui signent", "persons who sign"}},
      {"stopped", {"arrêt d'urgence", "emergency stop"}},
      {"expired", {"lots retirés, délai de garde passé", "batches left, their last day was over"}},
      {"sheet_printed", {"fiche d'une personne établie", "a person's sheet made"}},
      {"backed_up", {"sauvegarde faite", "backup made"}},
      {"internal_asked", {"table interne établie", "internal table made"}},
      {"quality_looked", {"qualité des dossiers regardée", "quality of the records looked at"}},
      {"dossier_made", {"dossier de protection des données établi", "data-protection dossier made"}},
      {"key_moved", {"clé du nœud déplacée ou changée", "node key moved or changed"}},
      {"share_returned",
       {"part d'une clé rendue à un membre qui redémarre",
        "share of a key given back to a member that starts"}},
      {"share_refused", {"part d'une clé refusée", "share of a key kept"}},
      {"silenced", {"muette jusqu'au compte des témoins", "silent until the stewards' count"}},
  };
  const auto found = words->find(kind);
  return found == words->end() ? nullptr : &found->second;
}

// Names of fields that people read, in the order in which they are said.
struct Field {
  const char* name;
  Text says;
};
const std::vector<Field>& Fields() {
  static const auto* const fields = new std::vector<Field>{
      {"name", {"", ""}},
      {"key", {"clé ", "key "}},
      {"places", {"", ""}},
      {"rotated", {"autre clé, mêmes endroits", "another key, same places"}},
      {"threshold", {"parts nécessaires: ", "shares needed: "}},
      {"rosterVersion", {"liste des membres n° ", "roster version "}},
      {"reason", {"motif: ", "reason: "}},
      {"version", {"version ", "version "}},
      {"table", {"table ", "table "}},
      {"batch", {"lot ", "batch "}},
      {"batches", {"lots ", "batches "}},
      {"replaced", {"remplace la table", "replaces the table"}},
      {"number", {"question n° ", "question no. "}},
      {"numbers", {"n° ", "no. "}},
      {"approved", {"approuvée", "approved"}},
      {"because", {"motif: ", "because: "}},
      {"by", {"par ", "by "}},
      {"edition", {"", ""}},
      {"question", {"", ""}},
      {"purpose", {"but: ", "purpose: "}},
      {"refusal", {"motif: ", "reason: "}},
      {"cohorts", {"cohortes: ", "cohorts: "}},
      {"asker", {"par ", "by "}},
      {"slot", {"n° ", "no. "}},
      {"shareOnly", {"comptée à sa part seulement", "charged to its share only"}},
      {"regional", {"part d'une ronde", "share of a round"}},
      {"retaken", {"compte aussi pour la cohorte ", "counts for cohort too: "}},
      {"verdict", {"", ""}},
      {"officers", {"", ""}},
      {"signers", {"signé: ", "signed: "}},
      {"practice", {"exercice", "exercise"}},
      {"staged", {"avec ce qui est en attente", "with what is staged"}},
      {"lifted", {"levé", "lifted"}},
      {"forfeited", {"crédit restant perdu", "remaining budget forfeited"}},
      {"adopted",
       {"reprend les dépenses vues par les témoins", "takes over what stewards had seen of its spending"}},
  };
  return *fields;
}

// Why a question was refused: the sentence that the asker read.
std::string Reason(int number, Lang lang) {
  const auto* value = google::protobuf::GetEnumDescriptor<v1::Refusal>()->FindValueByNumber(number);
  if (value == nullptr) return absl::StrCat(number);
  const v1::Sentence& says = value->options().GetExtension(v1::says);
  const std::string& sentence = lang == Lang::kFrench ? says.fr() : says.en();
  return std::string(absl::StripSuffix(sentence, "."));
}

// Eight digits tell an answer from the others, so that its charge and its release are found together.
std::string ShortSlot(const std::string& base64) {
  std::string bytes;
  return absl::Base64Unescape(base64, &bytes) ? absl::BytesToHexString(bytes).substr(0, 8) : base64;
}

// Why a steward kept a share of a node's key.
std::string UnlockReason(int number, Lang lang) {
  const bool fr = lang == Lang::kFrench;
  switch (number) {
    case v1::UNLOCK_REFUSAL_NOT_A_MEMBER:
      return fr ? "n'est plus membre du réseau" : "no longer a member of the network";
    case v1::UNLOCK_REFUSAL_NOT_MINE:
      return fr ? "la part est scellée à une autre clé que celle d'ici"
                : "sealed to another key than the one here";
    case v1::UNLOCK_REFUSAL_ROSTER_EXPIRED:
      return fr ? "la liste des membres n'est plus en vigueur" : "the roster is no longer in force";
    case v1::UNLOCK_REFUSAL_TOO_OFTEN:
      return fr ? "trop de demandes en une heure" : "too many requests within an hour";
    default:
      return absl::StrCat(number);
  }
}

// Where a node key is, as the journal names it (key_journal.h).
std::string PlaceName(const std::string& place, Lang lang) {
  const bool fr = lang == Lang::kFrench;
  if (place == "here") return fr ? "dans le dossier" : "in the folder";
  if (place == "file") return fr ? "dans un fichier ailleurs" : "in a file elsewhere";
  if (place == "credential") return fr ? "chez systemd" : "with systemd";
  return fr ? "chez des témoins" : "with stewards";
}

std::string Said(const std::string& name, const Value& value, Lang lang) {
  if (name == "places") {
    return absl::StrJoin(value.list_value().values(), lang == Lang::kFrench ? " et " : " and ",
                         [lang](std::string* out, const Value& one) {
                           absl::StrAppend(out, PlaceName(one.string_value(), lang));
                         });
  }
  if (name == "slot") return ShortSlot(value.string_value());
  switch (value.kind_case()) {
    case Value::kBoolValue:
      return "";  // its name says it
    case Value::kNumberValue: {
      const auto number = static_cast<int>(value.number_value());
      if (name == "verdict") {
        const Text words = DirectionWords(static_cast<v1::Direction>(number));
        return lang == Lang::kFrench ? words.fr : words.en;
      }
      if (name == "reason") return UnlockReason(number, lang);
      return name == "refusal" ? Reason(number, lang) : absl::StrCat(number);
    }
    case Value::kListValue:
      return absl::StrJoin(value.list_value().values(), " ", [](std::string* out, const Value& one) {
        if (one.has_string_value()) absl::StrAppend(out, one.string_value());
        const auto& fields = one.struct_value().fields();
        for (const char* who : {"officer", "role", "by"}) {  // of persons, and of signatures
          if (const auto said = fields.find(who); said != fields.end())
            absl::StrAppend(out, said->second.string_value(), " ");
        }
        if (const auto cohort = fields.find("cohort"); cohort != fields.end())
          absl::StrAppend(out, cohort->second.string_value());
        absl::StrAppend(out, one.string_value());
      });
    case Value::kStructValue: {  // the persons who may sign
      const auto& fields = value.struct_value().fields();
      const auto persons = fields.find("officers");
      return persons == fields.end() ? "" : Said("officers", persons->second, lang);
    }
    default:
      return value.string_value();
  }
}

}  // namespace

std::string JournalLine(const v1::JournalEntry& entry, Lang lang) {
  const auto pick = [lang](const Text& text) { return lang == Lang::kFrench ? text.fr : text.en; };
  const Text* const kind = KindWords(entry.kind());
  std::string line = kind == nullptr ? entry.kind() : pick(*kind);
  google::protobuf::Struct leaf;
  if (!google::protobuf::util::JsonStringToMessage(entry.json(), &leaf).ok()) return line;
  std::vector<std::string> parts;
  for (const auto& [what, body] : leaf.fields()) {
    if (!body.has_struct_value()) continue;  // format, time, salt
    for (const Field& field : Fields()) {
      const auto found = body.struct_value().fields().find(field.name);
      if (found != body.struct_value().fields().end())
        parts.push_back(absl::StrCat(pick(field.says), Said(field.name, found->second, lang)));
    }
  }
  return parts.empty() ? line : absl::StrCat(line, ": ", absl::StrJoin(parts, ", "));
}

}  // namespace penc::cli
