#include "ingest/mapping_draft.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"

namespace penc {
namespace {

std::string Quoted(absl::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    if (c == '\n' || c == '\r' || c == '\t')
      absl::StrAppend(&out, c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t");
    else
      out.push_back(c);
  }
  return out + "\"";
}

// A heading may hold line breaks; a comment ends with its line.
std::string Line(const std::string& text) {
  return absl::StrReplaceAll(text,
                             {{"\n", " "}, {"\r", " "}, {"\u2028", " "}, {"\u2029", " "}, {"\u0085", " "}});
}

std::string List(const std::vector<std::string>& names) {
  return absl::StrCat(
      "[", absl::StrJoin(names, ", ", [](std::string* out, const std::string& n) { *out += Quoted(n); }),
      "]");
}

std::string Form(const MappingDraft& draft) {
  std::vector<std::string> parts;
  if (!draft.sheet.empty()) parts.push_back(absl::StrCat("sheet: ", Quoted(draft.sheet)));
  if (!draft.encoding.empty()) parts.push_back(absl::StrCat("encoding: ", draft.encoding));
  if (!draft.decimal.empty()) parts.push_back(absl::StrCat("decimal: ", Quoted(draft.decimal)));
  if (!draft.dates.empty()) parts.push_back(absl::StrCat("dates: ", draft.dates));
  return parts.empty() ? "" : absl::StrCat("file: {", absl::StrJoin(parts, ", "), "}\n");
}

std::string ColumnText(const DraftColumn& column) {
  const char* key = column.options ? "options" : "from";
  if (column.values.empty())
    return absl::StrCat("  ", column.column, ": {", key, ": ", Quoted(column.from), "}\n");
  std::string text =
      absl::StrCat("  ", column.column, ":\n    ", key, ": ", Quoted(column.from), "\n    values:\n");
  for (const auto& [spelling, code] : column.values)
    absl::StrAppend(&text, "      ", Quoted(spelling), ": ", Quoted(code), "\n");
  return text;
}

}  // namespace

std::string WriteMapping(const MappingDraft& draft) {
  std::string text = "# À vérifier ligne par ligne / check line by line.\n";
  for (const Text& question : draft.open)
    absl::StrAppend(&text, "# ? ", Line(question.fr), "\n#   ", Line(question.en), "\n");
  absl::StrAppend(&text, "mapping: ", Quoted(draft.name), "\ncodebook: ", draft.codebook,
                  "\ntable: ", draft.table, "\n", Form(draft));
  if (!draft.parent_here.empty()) {
    absl::StrAppend(
        &text, "parent: {",
        draft.parent_sheet.empty() ? "" : absl::StrCat("sheet: ", Quoted(draft.parent_sheet), ", "),
        "here: ", Quoted(draft.parent_here), ", there: ", Quoted(draft.parent_there), "}\n");
  }
  absl::StrAppend(&text, "person: ", draft.person.empty() ? "[each-row]" : List(draft.person), "\n");
  if (!draft.row.empty()) absl::StrAppend(&text, "row: ", List(draft.row), "\n");
  if (!draft.consent_from.empty()) {
    absl::StrAppend(&text, "consent: {from: ", Quoted(draft.consent_from),
                    ", keep: ", List(draft.consent_keep), "}\n");
  }
  if (!draft.status_from.empty()) {
    absl::StrAppend(&text, "status: {from: ", Quoted(draft.status_from), ", skip: ", List(draft.status_skip),
                    "}\n");
  }
  absl::StrAppend(&text, draft.columns.empty() ? "columns: {}\n" : "columns:\n");
  for (const DraftColumn& column : draft.columns) text += ColumnText(column);
  if (!draft.ignore.empty()) absl::StrAppend(&text, "ignore: ", List(draft.ignore), "\n");
  return text;
}

}  // namespace penc
