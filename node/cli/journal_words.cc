#include "cli/journal_words.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <map>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "penc/v1/refusal.pb.h"

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
      {"charged", {"question comptée", "question charged"}},
      {"released", {"réponse donnée", "answer given"}},
      {"given_up", {"réponse abandonnée", "answer given up"}},
      {"restored", {"rétablie d'une sauvegarde", "restored from a backup"}},
      {"stopped", {"arrêt d'urgence", "emergency stop"}},
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
      {"version", {"version ", "version "}},
      {"table", {"table ", "table "}},
      {"batch", {"lot ", "batch "}},
      {"replaced", {"remplace la table", "replaces the table"}},
      {"edition", {"", ""}},
      {"question", {"", ""}},
      {"purpose", {"but: ", "purpose: "}},
      {"refusal", {"motif: ", "reason: "}},
      {"cohorts", {"cohortes: ", "cohorts: "}},
      {"asker", {"par ", "by "}},
      {"shareOnly", {"comptée à sa part seulement", "charged to its share only"}},
      {"practice", {"exercice", "exercise"}},
      {"lifted", {"levé", "lifted"}},
      {"forfeited", {"crédit restant perdu", "remaining budget forfeited"}},
  };
  return *fields;
}

std::string Said(const std::string& name, const Value& value) {
  switch (value.kind_case()) {
    case Value::kBoolValue:
      return "";  // its name says it
    case Value::kNumberValue: {
      const auto number = static_cast<int>(value.number_value());
      return name == "refusal" && v1::Refusal_IsValid(number)
                 ? v1::Refusal_Name(static_cast<v1::Refusal>(number))
                 : absl::StrCat(number);
    }
    case Value::kListValue:
      return absl::StrJoin(value.list_value().values(), " ", [](std::string* out, const Value& one) {
        const auto& fields = one.struct_value().fields();
        if (const auto cohort = fields.find("cohort"); cohort != fields.end())
          absl::StrAppend(out, cohort->second.string_value());
      });
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
        parts.push_back(absl::StrCat(pick(field.says), Said(field.name, found->second)));
    }
  }
  return parts.empty() ? line : absl::StrCat(line, ": ", absl::StrJoin(parts, ", "));
}

}  // namespace penc::cli
