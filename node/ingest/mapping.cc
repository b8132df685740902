#include "ingest/mapping.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/nearest.h"
#include "base/status.h"
#include "base/yaml.h"
#include "codebook/codes.h"
#include "ingest/code_speller.h"
#include "penc/storage/v1/mapping.pb.h"

namespace penc {
namespace {

constexpr uint32_t kMostHeadingRows = 1000;
constexpr char kPersonTag[] = "#x_person_ref";

// Where the headings are; of FileForm and ParentJoin.
template <typename Form>
absl::StatusOr<SheetForm> RowsOf(const Form& read, const std::string& path, const YamlLines& lines) {
  SheetForm form;
  form.sheet = read.sheet();
  form.names_row = read.names_row();
  form.labels_row = read.labels_row();
  form.first_row = read.first_row();
  const uint32_t last = std::max(form.names_row, form.labels_row);
  if (last > kMostHeadingRows || (form.first_row > 0 && form.first_row <= last) ||
      (form.names_row > 0 && form.names_row == form.labels_row)) {
    return lines.Error(path, {"names_row et labels_row sont deux lignes avant first_row, au plus la 1000e",
                              "names_row and labels_row are two rows before first_row, the 1000th at most"});
  }
  return form;
}

absl::StatusOr<std::shared_ptr<const Parent>> ParentOf(const storage::v1::ParentJoin& read,
                                                       const std::string& path, const YamlLines& lines) {
  auto parent = std::make_shared<Parent>();
  ASSIGN_OR_RETURN(parent->form, RowsOf(read, path, lines));
  parent->here = read.here();
  parent->there = read.there();
  if (read.has_parent()) {
    ASSIGN_OR_RETURN(parent->parent, ParentOf(read.parent(), path + ".parent", lines));
  }
  return std::shared_ptr<const Parent>(std::move(parent));
}

// The column that the codebook's linkage fills; no mapping does.
bool HoldsBuckets(const Codebook& codebook, const ColumnRef& column) {
  return codebook.linkage.has_value() && codebook.linkage->column == column;
}

absl::StatusOr<std::vector<std::string>> NetworkPersonOf(const storage::v1::Mapping& read,
                                                         const Codebook& codebook, uint32_t table,
                                                         const YamlLines& lines) {
  std::vector<std::string> columns;
  if (read.network_person().empty()) return columns;
  if (!codebook.linkage.has_value() || codebook.linkage->column.table != table) {
    return lines.Error("network_person",
                       {"le lexique ne relie pas les personnes de cette table (linkage); ôtez ces lignes",
                        "the codebook does not link persons of this table (linkage); remove these lines"});
  }
  const std::vector<std::string>& fields = codebook.linkage->fields;
  for (const std::string& field : fields) {
    for (const storage::v1::LinkedField& linked : read.network_person()) {
      if (linked.field() == field && !linked.from().empty()) columns.push_back(linked.from());
    }
  }
  if (columns.size() == fields.size() && read.network_person_size() == static_cast<int>(fields.size()))
    return columns;
  const std::string all = absl::StrJoin(fields, ", ");
  return lines.Error("network_person",
                     {absl::StrCat("attendu une colonne pour chacun de: ", all, "; rien d'autre"),
                      absl::StrCat("expected a column for each of: ", all, "; nothing else")});
}

}  // namespace

absl::StatusOr<Mapping> ReadMapping(absl::string_view file, absl::string_view text,
                                    const Codebook& codebook) {
  storage::v1::Mapping read;
  YamlLines lines;
  RETURN_IF_ERROR(ReadYaml(file, text, &read, &lines));
  Mapping mapping;
  mapping.name = read.mapping();
  const std::string name = read.codebook().substr(0, read.codebook().find('@'));
  if (name != codebook.name) {
    return lines.Error("codebook",
                       {absl::StrCat("ce mapping est pour le lexique ", name, ", ici c'est ", codebook.name),
                        absl::StrCat("this mapping is for codebook ", name, ", here it is ", codebook.name)});
  }
  const auto table = codebook.FindTable(read.table());
  if (!table.has_value()) {
    std::vector<std::string> known;
    for (const Table& t : codebook.tables) known.push_back(t.name);
    return lines.Error("table", {absl::StrCat("table inconnue; connues: ", absl::StrJoin(known, ", ")),
                                 absl::StrCat("unknown table; known: ", absl::StrJoin(known, ", "))});
  }
  mapping.table = *table;
  const Table& target = codebook.tables[*table];
  ASSIGN_OR_RETURN(mapping.form, RowsOf(read.file(), "file", lines));
  mapping.form.encoding = read.file().encoding();
  if (!read.file().delimiter().empty()) {
    const std::string& d = read.file().delimiter();
    mapping.form.delimiter = d == "tab" || d == "\t" ? '\t' : d[0];
    if (d != "tab" && (d.size() != 1 || (d[0] != ',' && d[0] != ';' && d[0] != '\t' && d[0] != '|'))) {
      return lines.Error("file.delimiter",
                         {"écrivez \",\" \";\" \"|\" ou tab", "write \",\" \";\" \"|\" or tab"});
    }
  }
  if (!read.file().decimal().empty()) {
    if (read.file().decimal() != "." && read.file().decimal() != ",")
      return lines.Error("file.decimal", {"écrivez \".\" ou \",\"", "write \".\" or \",\""});
    mapping.decimal = read.file().decimal()[0];
  }
  const std::string& dates = read.file().dates();
  if (dates == "yyyy-mm-dd")
    mapping.dates = DateForm::kIso;
  else if (dates == "dd/mm/yyyy")
    mapping.dates = DateForm::kDayFirst;
  else if (dates == "mm/dd/yyyy")
    mapping.dates = DateForm::kMonthFirst;
  else if (dates == "excel")
    mapping.dates = DateForm::kExcel;
  else if (!dates.empty())
    return lines.Error("file.dates", {"écrivez yyyy-mm-dd, dd/mm/yyyy, mm/dd/yyyy ou excel",
                                      "write yyyy-mm-dd, dd/mm/yyyy, mm/dd/yyyy or excel"});
  mapping.person.assign(read.person().columns().begin(), read.person().columns().end());
  if (mapping.person.empty())
    return lines.Error("person",
                       {"au moins une colonne, ou [each-row]", "at least one column, or [each-row]"});
  if (mapping.person == std::vector<std::string>{"each-row"}) mapping.person.clear();
  if (std::count(mapping.person.begin(), mapping.person.end(), kOpenAnswer) > 0)
    mapping.asks_person = Explain(lines.Error("person", {"réponse manquante", "an answer is missing"}));
  mapping.row.assign(read.row().begin(), read.row().end());
  ASSIGN_OR_RETURN(mapping.network_person, NetworkPersonOf(read, codebook, *table, lines));
  for (const storage::v1::MappedColumn& column : read.columns()) {
    const std::string path = absl::StrCat("columns.", column.column());
    const auto at = target.Find(column.column());
    if (!at.has_value()) {
      std::vector<std::string> known;
      for (const Column& c : target.columns) known.push_back(c.name);
      const std::string nearest = Nearest(column.column(), known);
      return lines.Error(
          path, {absl::StrCat("la table ", target.name, " n'a pas cette colonne",
                              nearest.empty() ? "" : absl::StrCat("; vouliez-vous dire ", nearest, "?")),
                 absl::StrCat("table ", target.name, " has no such column",
                              nearest.empty() ? "" : absl::StrCat("; did you mean ", nearest, "?"))});
    }
    if (HoldsBuckets(codebook, {*table, *at})) {
      return lines.Error(path, {"cette colonne se calcule; dites sous «network_person:» de quoi",
                                "this column is worked out; say under \"network_person:\" from what"});
    }
    MappedColumn mapped;
    mapped.column = *at;
    mapped.options = column.options();
    if (!mapped.options.empty() &&
        (!column.from().empty() || target.columns[*at].type != ColumnType::kCodes)) {
      return lines.Error(absl::StrCat(path, ".options"),
                         {"seulement pour une colonne à plusieurs codes, et à la place de «from»",
                          "only for a column of several codes, and instead of \"from\""});
    }
    mapped.from = column.from().empty() && mapped.options.empty() ? column.column() : column.from();
    mapped.values.insert(column.values().begin(), column.values().end());
    mapped.separator = column.separator();
    const Column& c = target.columns[*at];
    if (const CodeList* list = codebook.list_of(c); list != nullptr) {
      for (const auto& [from, code] : mapped.values) {
        if (code.empty() || list->Find(code).has_value()) continue;
        const bool open = code == kOpenAnswer;
        const std::string source = mapped.options.empty() ? mapped.from : mapped.options;
        const Text codes = CodesOf(*list);
        return lines.Error(
            absl::StrCat(path, ".values.", from),
            {absl::StrCat("colonne «", source,
                          "»: ", open ? "réponse manquante" : absl::StrCat("code inconnu «", code, "»"),
                          "; écrivez un de ces codes: ", codes.fr, ", ou \"\" (non renseigné)",
                          open ? ", ou retirez cette ligne (ces valeurs seront mises de côté)" : ""),
             absl::StrCat("column \"", source,
                          "\": ", open ? "an answer is missing" : absl::StrCat("unknown code \"", code, "\""),
                          "; write one of these codes: ", codes.en, ", or '' (not stated)",
                          open ? ", or take this line out (these values will be set aside)" : "")});
      }
    }
    mapping.columns.push_back(std::move(mapped));
  }
  mapping.ignore.assign(read.ignore().begin(), read.ignore().end());
  if (read.has_consent()) {
    mapping.consent_from = read.consent().from();
    mapping.consent_keep.assign(read.consent().keep().begin(), read.consent().keep().end());
  }
  mapping.nothing.assign(read.nothing().begin(), read.nothing().end());
  if (read.has_parent()) {
    ASSIGN_OR_RETURN(mapping.parent, ParentOf(read.parent(), "parent", lines));
  }
  if (read.has_status()) {
    mapping.status_from = read.status().from();
    mapping.status_skip.assign(read.status().skip().begin(), read.status().skip().end());
  }
  return mapping;
}

Mapping OwnMapping(const Codebook& codebook, uint32_t table, const FileHeading& heading) {
  Mapping mapping;
  mapping.name = "own";
  mapping.table = table;
  mapping.dates = DateForm::kIso;
  const auto named = [&](const std::string& name) {
    return std::find(heading.names.begin(), heading.names.end(), name) != heading.names.end();
  };
  mapping.person = {!named("person_ref") && heading.Find(kPersonTag).has_value() ? kPersonTag : "person_ref"};
  for (uint32_t c = 0; c < codebook.tables[table].columns.size(); ++c) {
    const Column& column = codebook.tables[table].columns[c];
    if (HoldsBuckets(codebook, {table, c})) continue;
    if (named(column.name)) {
      mapping.columns.push_back({c, column.name, {}, "", ""});
    } else if (!heading.tags.empty() && !column.hxl.empty() && heading.Find(column.hxl).has_value()) {
      mapping.columns.push_back({c, column.hxl, {}, "", ""});
    }
  }
  return mapping;
}

}  // namespace penc
