#include "codebook/read_linkage.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status.h"
#include "codebook/names.h"

namespace penc {
namespace {

constexpr int kMostFields = 8;
constexpr size_t kCheckDigits = 32;

bool HoldsBuckets(const Table& table, const Column& column) {
  return table.unit == Unit::kPerson && column.type == ColumnType::kInteger && column.lo == 0 &&
         column.hi == (int64_t{1} << kLinkageBits) - 1 && column.sensitivity == Sensitivity::kNever;
}

}  // namespace

absl::Status ReadLinkage(const storage::v1::Codebook& file, const YamlLines& lines, Codebook& book) {
  if (!file.has_linkage()) return absl::OkStatus();
  const storage::v1::Linkage& written = file.linkage();
  const std::pair<std::string, std::string> name = absl::StrSplit(written.column(), absl::MaxSplits('.', 1));
  const auto table = book.FindTable(name.first);
  const auto column = table.has_value() ? book.tables[*table].Find(name.second) : absl::nullopt;
  if (!column.has_value() || !HoldsBuckets(book.tables[*table], book.tables[*table].columns[*column])) {
    return lines.Error(
        "linkage.column",
        {"attendu une colonne d'une table «unit: person», écrite ainsi: network_bucket: {type: "
         "integer, range: [0, 1048575], sensitivity: never}",
         "expected a column of a table with \"unit: person\", written like this: "
         "network_bucket: {type: integer, range: [0, 1048575], sensitivity: never}"});
  }
  Linkage linkage{{*table, *column}, {written.fields().begin(), written.fields().end()}, written.key_check()};
  std::vector<std::string> once = linkage.fields;
  std::sort(once.begin(), once.end());
  if (once.empty() || once.size() > kMostFields || !std::all_of(once.begin(), once.end(), IsName) ||
      std::adjacent_find(once.begin(), once.end()) != once.end()) {
    return lines.Error(
        "linkage.fields",
        {absl::StrCat("attendu de 1 à ", kMostFields,
                      " noms différents; exemple: fields: [surname, given_name, birth_year]"),
         absl::StrCat("expected 1 to ", kMostFields,
                      " different names; example: fields: [surname, given_name, birth_year]")});
  }
  if (linkage.key_check.size() != kCheckDigits ||
      linkage.key_check.find_first_not_of("0123456789abcdef") != std::string::npos) {
    return lines.Error(
        "linkage.key_check",
        {"attendu les 32 chiffres que «penc network key check FICHIER» affiche, entre guillemets",
         "expected the 32 digits that `penc network key check FILE` prints, in quotes"});
  }
  book.linkage = std::move(linkage);
  return absl::OkStatus();
}

}  // namespace penc
