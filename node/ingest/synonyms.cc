#include "ingest/synonyms.h"

#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status.h"
#include "base/yaml.h"
#include "embedded/embedded.h"
#include "ingest/person_key.h"
#include "penc/storage/v1/synonyms.pb.h"

namespace penc {
namespace {

template <typename Words>
std::set<std::string> Plain(const Words& words) {
  std::set<std::string> plain;
  for (const std::string& word : words) plain.insert(PlainWords(word));
  return plain;
}

const CodeList* ListOf(const Codebook& codebook, absl::string_view name) {
  for (const CodeList& list : codebook.code_lists) {
    if (list.name == name) return &list;
  }
  return nullptr;
}

bool KnowsColumn(const Codebook& codebook, absl::string_view name) {
  const size_t dot = name.find('.');
  for (const Table& table : codebook.tables) {
    if (dot != absl::string_view::npos && table.name != name.substr(0, dot)) continue;
    if (table.Find(dot == absl::string_view::npos ? name : name.substr(dot + 1)).has_value()) return true;
  }
  return false;
}

}  // namespace

std::string PlainWords(absl::string_view text) {
  std::string folded;
  if (!AppendNormalised(text, &folded)) folded = std::string(text);
  folded = WithoutAccents(folded);
  std::string out;
  bool gap = false;
  const auto length = static_cast<int32_t>(folded.size());
  for (int32_t at = 0; at < length;) {
    const int32_t from = at;
    UChar32 c = 0;
    U8_NEXT(folded.data(), at, length, c);
    // Letters of other scripts stay, with their marks: a heading in Arabic is words, too. "N°" and "’" are
    // none.
    if (c >= 0 && (u_isalnum(c) || (U_GET_GC_MASK(c) & U_GC_M_MASK) != 0)) {
      if (gap && !out.empty()) out.push_back(' ');
      out.append(folded, from, at - from);
      gap = false;
    } else {
      gap = true;
    }
  }
  return out;
}

bool Synonyms::Means(const Table& table, const Column& column, const std::string& words) const {
  for (const std::string& name : {absl::StrCat(table.name, ".", column.name), column.name}) {
    if (const auto found = columns.find(name); found != columns.end() && found->second.count(words) > 0)
      return true;
  }
  return false;
}

absl::StatusOr<Synonyms> ReadSynonyms(absl::string_view file, absl::string_view text,
                                      const Codebook& codebook) {
  storage::v1::Synonyms read;
  YamlLines lines;
  RETURN_IF_ERROR(ReadYaml(file, text, &read, &lines));
  if (read.synonyms() != codebook.name) {
    return lines.Error("synonyms", {absl::StrCat("le lexique s'appelle ", codebook.name),
                                    absl::StrCat("the codebook is called ", codebook.name)});
  }
  Synonyms synonyms;
  for (const storage::v1::ColumnWords& column : read.columns()) {
    if (!KnowsColumn(codebook, column.column())) {
      return lines.Error(absl::StrCat("columns.", column.column()),
                         {"le lexique n'a pas cette colonne", "the codebook has no such column"});
    }
    synonyms.columns[column.column()] = Plain(column.words());
  }
  for (const storage::v1::CodeWords& code : read.values()) {
    const size_t dot = code.code().find('.');
    const CodeList* list = ListOf(codebook, code.code().substr(0, dot));
    const std::string name = dot == std::string::npos ? "" : code.code().substr(dot + 1);
    if (list == nullptr || !list->Find(name).has_value()) {
      return lines.Error(absl::StrCat("values.", code.code()),
                         {"le lexique n'a pas ce code; écrivez LISTE.CODE",
                          "the codebook has no such code; write LIST.CODE"});
    }
    for (const std::string& word : code.words()) synonyms.values[list->name][PlainWords(word)] = name;
  }
  synonyms.reference = Plain(read.reference());
  synonyms.row = Plain(read.row());
  synonyms.consent = Plain(read.consent());
  synonyms.yes = Plain(read.yes());
  synonyms.own = Plain(read.own());
  return synonyms;
}

Synonyms SynonymsFor(const Codebook& codebook) {
  constexpr char kFile[] = "codebook/synonyms.yaml";
  const absl::StatusOr<Synonyms> shipped = ReadSynonyms(kFile, *embedded::File(kFile), codebook);
  return shipped.ok() ? *shipped : Synonyms{};
}

}  // namespace penc
