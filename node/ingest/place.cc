#include "ingest/place.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace penc {

Text Say(const Place& place) {
  std::vector<std::string> fr, en;
  const auto add = [&](std::string in_french, std::string in_english) {
    fr.push_back(std::move(in_french));
    en.push_back(std::move(in_english));
  };
  if (!place.file.empty()) add(place.file, place.file);
  if (!place.sheet.empty())
    add(absl::StrCat("feuille «", place.sheet, "»"), absl::StrCat("sheet \"", place.sheet, "\""));
  if (place.row > 0) add(absl::StrCat("ligne ", place.row), absl::StrCat("row ", place.row));
  if (!place.letters.empty() || !place.column.empty()) {
    const std::string space = place.letters.empty() || place.column.empty() ? "" : " ";
    const std::string name = place.column.empty() ? "" : absl::StrCat("«", place.column, "»"),
                      name_en = place.column.empty() ? "" : absl::StrCat("\"", place.column, "\"");
    add(absl::StrCat("colonne ", place.letters, space, name),
        absl::StrCat("column ", place.letters, space, name_en));
  }
  return {absl::StrJoin(fr, ", "), absl::StrJoin(en, ", ")};
}

absl::Status OfFile(const std::string& file, const absl::Status& status) {
  return absl::IsInvalidArgument(status) && !file.empty() ? At(file, status) : status;
}

absl::Status Fault(const Place& place, const Text& what) {
  const Text where = Say(place);
  if (where.fr.empty()) return Fail(absl::StatusCode::kInvalidArgument, what);
  return Fail(absl::StatusCode::kInvalidArgument,
              {absl::StrCat(where.fr, ": ", what.fr), absl::StrCat(where.en, ": ", what.en)});
}

}  // namespace penc
