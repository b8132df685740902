#include "ingest/file_columns.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/nearest.h"
#include "ingest/form_columns.h"
#include "ingest/option_heading.h"
#include "ingest/place.h"
#include "ingest/sensitive.h"

namespace penc {
namespace {

class Finder {
 public:
  Finder(const FileHeading& heading, const Mapping& mapping, const Codebook& codebook)
      : heading_(heading),
        mapping_(mapping),
        codebook_(codebook),
        table_(codebook.tables[mapping.table]),
        used_(heading.names.size(), false) {}

  absl::StatusOr<FileColumns> Find() {
    FileColumns out;
    for (const std::string& name : mapping_.person) {
      ASSIGN_OR_RETURN(const int at, Needed(name, {"la référence de la personne", "the person's reference"}));
      out.person.push_back(at);
    }
    for (const std::string& name : mapping_.row) {
      ASSIGN_OR_RETURN(const int at, Needed(name, {"l'identité de la ligne", "the row's identity"}));
      out.row.push_back(at);
    }
    for (const std::string& name : mapping_.network_person) {
      ASSIGN_OR_RETURN(const int at, Needed(name, {"à quoi le réseau reconnaît la personne",
                                                   "by what the network recognises the person"}));
      out.network_person.push_back(at);
    }
    RETURN_IF_ERROR(Optional(mapping_.consent_from, {"le consentement", "consent"}, &out.consent));
    RETURN_IF_ERROR(
        Optional(mapping_.status_from, {"le statut des lignes", "the rows' status"}, &out.status));
    if (mapping_.parent != nullptr) {
      RETURN_IF_ERROR(
          Needed(mapping_.parent->here, {"le lien vers les parents", "the link to the parents"}).status());
      if (const auto at = heading_.Find("_parent_table_name"); at.has_value()) used_[*at] = true;
    }
    for (const MappedColumn& column : mapping_.columns) {
      FileColumns::Target target{
          column.column,
          -1,
          {},
          CellParser(codebook_, table_.columns[column.column], column, mapping_, heading_.serials_from_1904)};
      if (column.options.empty()) {
        ASSIGN_OR_RETURN(target.at, Needed(column.from, {"selon le mapping", "says the mapping"}));
      } else {
        RETURN_IF_ERROR(Options(column, &target));
      }
      out.targets.push_back(std::move(target));
    }
    Ignore();
    RETURN_IF_ERROR(Account(&out));
    if (heading_.quarantine) {
      out.origin = OwnColumn(kOriginColumn);
      out.origin_row = OwnColumn(kRowColumn);
      out.origin_sheet = OwnColumn(kSheetColumn);
    }
    return out;
  }

 private:
  Place At(size_t column) const {
    return {"", heading_.sheet, heading_.names_row, ColumnLetters(column), heading_.names[column]};
  }

  int OwnColumn(absl::string_view name) const {
    const auto at = std::find(heading_.names.begin(), heading_.names.end(), name);
    return at == heading_.names.end() ? -1 : static_cast<int>(at - heading_.names.begin());
  }

  absl::StatusOr<int> Needed(const std::string& name, const Text& what) {
    if (const auto at = heading_.Find(name); at.has_value()) {
      used_[*at] = true;
      return static_cast<int>(*at);
    }
    RETURN_IF_ERROR(Once(name));
    if (name == kOpenAnswer) return Open(what);
    const std::string known = absl::StrJoin(heading_.names, ", "), nearest = Nearest(name, heading_.names);
    return Fault(
        {"", heading_.sheet, 0, "", ""},
        {absl::StrCat(
             "le fichier n'a pas la colonne «", name, "» (", what.fr, ")",
             nearest.empty() ? "" : absl::StrCat("; est-ce «", nearest, "» ?"), ". Ses colonnes: ", known,
             ". Vérifiez le séparateur et la ligne de titres, ou faites proposer un mapping: --dry-run"),
         absl::StrCat("the file has no column \"", name, "\" (", what.en, ")",
                      nearest.empty() ? "" : absl::StrCat("; is it \"", nearest, "\"?"),
                      ". Its columns: ", known,
                      ". Check the delimiter and the heading's row, or have a mapping proposed: --dry-run")});
  }

  // The mapping was proposed, and nobody has answered yet.
  absl::Status Open(const Text& what) const {
    const bool person = !mapping_.asks_person.fr.empty();
    const std::string known = absl::StrJoin(heading_.names, ", ");
    return Fault(
        {"", heading_.sheet, 0, "", ""},
        {absl::StrCat(person ? mapping_.asks_person.fr : "le mapping dit encore «?»", ": quelle colonne est ",
                      what.fr, " ? Remplacez «?» par un de ces titres: ", known,
                      person ? "; ou écrivez [each-row]: chaque ligne est une personne" : ""),
         absl::StrCat(person ? mapping_.asks_person.en : "the mapping still says \"?\"", ": which column is ",
                      what.en, "? Put one of these headings in the place of \"?\": ", known,
                      person ? "; or write [each-row]: each row is a person" : "")});
  }

  absl::Status Optional(const std::string& name, const Text& what, int* at) {
    if (name.empty()) return absl::OkStatus();
    ASSIGN_OR_RETURN(*at, Needed(name, what));
    return absl::OkStatus();
  }

  // Not OK where the name stands there several times.
  absl::Status Once(const std::string& name) const {
    std::vector<std::string> letters;
    for (size_t i = 0; i < heading_.names.size(); ++i) {
      if (heading_.names[i] == name || (!heading_.labels.empty() && heading_.labels[i] == name))
        letters.push_back(ColumnLetters(i));
    }
    if (letters.size() < 2) return absl::OkStatus();
    const std::string where = absl::StrJoin(letters, ", ");
    return Fault(
        {"", heading_.sheet, heading_.names_row, "", ""},
        {absl::StrCat("«", name, "» y est ", letters.size() == 2 ? "deux" : absl::StrCat(letters.size()),
                      " fois (colonnes ", where, "); dites dans le mapping laquelle vous voulez dire, «",
                      name, " (colonne ", letters[0],
                      ")», et mettez l'autre sous «ignore:»; ou renommez une des colonnes dans le fichier"),
         absl::StrCat("\"", name, "\" stands there ",
                      letters.size() == 2 ? "twice" : absl::StrCat(letters.size(), " times"), " (columns ",
                      where, "); say in the mapping which one you mean, \"", name, " (colonne ", letters[0],
                      ")\", and put the other under \"ignore:\"; or rename one of the columns in the "
                      "file")});
  }

  absl::Status Options(const MappedColumn& column, FileColumns::Target* target) {
    const auto ignored = [&](const std::string& name) {
      return std::find(mapping_.ignore.begin(), mapping_.ignore.end(), name) != mapping_.ignore.end();
    };
    for (size_t i = 0; i < heading_.names.size(); ++i) {
      absl::string_view option = OptionOf(column.options, heading_.names[i]);
      if (option.empty() && !heading_.labels.empty()) option = OptionOf(column.options, heading_.labels[i]);
      if (option.empty() || ignored(heading_.names[i])) continue;
      const auto bit = target->parser.CodeOf(option);
      if (!bit.has_value()) {
        const std::string& name = table_.columns[column.column].name;
        return Fault(At(i), {absl::StrCat("une option que le lexique n'a pas: la liste a-t-elle changé ? "
                                          "Écrivez dans le mapping ce qu'elle veut dire: «",
                                          name, ": {options: …, values: {\"", option,
                                          "\": CODE}}» (\"\" pour ne pas la garder)"),
                             absl::StrCat("an option that the codebook does not have: did the list change? "
                                          "Write in the mapping what it means: \"",
                                          name, ": {options: …, values: {'", option,
                                          "': CODE}}\" ('' not to keep it)")});
      }
      used_[i] = true;
      if (*bit != kNull) target->options.push_back({static_cast<int>(i), *bit});
    }
    if (!target->options.empty()) return absl::OkStatus();
    return Fault(
        {"", heading_.sheet, heading_.names_row, "", ""},
        {absl::StrCat("pas de colonne «", column.options, "/…» pour les options de «", column.options,
                      "»; exportez aussi les choix multiples en colonnes, ou écrivez «from: ", column.options,
                      "» dans le mapping"),
         absl::StrCat("no column \"", column.options, "/…\" for the options of \"", column.options,
                      "\"; export multiple choices as columns, too, or write \"from: ", column.options,
                      "\" in the mapping")});
  }

  void Ignore() {
    for (const std::string& name : mapping_.ignore) {
      const std::string below = absl::EndsWith(name, "/*") ? name.substr(0, name.size() - 2) : "";
      if (const auto at = heading_.Find(name); at.has_value()) used_[*at] = true;
      for (size_t i = 0; i < heading_.names.size(); ++i) {
        if (heading_.names[i] == name || (!below.empty() && !OptionOf(below, heading_.names[i]).empty()))
          used_[i] = true;
      }
    }
  }

  // Each column is accounted for; equal headings only where nobody needs them.
  absl::Status Account(FileColumns* out) {
    const std::vector<bool> own = FormColumns(heading_.names);
    for (size_t i = 0; i < heading_.names.size(); ++i) {
      const std::string& name = heading_.names[i];
      if (used_[i] || IsQuarantineColumn(name)) continue;
      if (own[i]) {
        out->left_out.push_back(name);
        continue;
      }
      RETURN_IF_ERROR(Once(name));
      const auto sensitive = LooksSensitive(name);
      return Fault(
          At(i), {absl::StrCat(sensitive.has_value()
                                   ? absl::StrCat("ressemble à ", sensitive->fr, " et ne sera jamais gardée")
                                   : "n'est ni dans le lexique ni dans le mapping",
                               ": rien n'est importé. Écrivez-la sous «ignore:» d'un mapping (--dry-run en "
                               "propose un), ou retirez-la du fichier"),
                  absl::StrCat(sensitive.has_value()
                                   ? absl::StrCat("looks like ", sensitive->en, " and will never be stored")
                                   : "is neither in the codebook nor in the mapping",
                               ": nothing was imported. Put it under \"ignore:\" in a mapping (--dry-run "
                               "proposes one), or take it out of the file")});
    }
    return absl::OkStatus();
  }

  const FileHeading& heading_;
  const Mapping& mapping_;
  const Codebook& codebook_;
  const Table& table_;
  std::vector<bool> used_;
};

}  // namespace

absl::StatusOr<FileColumns> ColumnsOf(const FileHeading& heading, const Mapping& mapping,
                                      const Codebook& codebook) {
  return Finder(heading, mapping, codebook).Find();
}

}  // namespace penc
