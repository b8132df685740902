#include "ingest/person_rows.h"

#include <algorithm>
#include <utility>

#include "base/status.h"

namespace penc {
namespace {

// Where the reference stands; none where one of its columns is not there.
std::vector<size_t> Places(const FileHeading& heading, const std::vector<std::string>& columns) {
  std::vector<size_t> places;
  for (const std::string& column : columns) {
    const auto at = heading.Find(column);
    if (!at.has_value()) return {};
    places.push_back(*at);
  }
  return places;
}

}  // namespace

PersonMatch::PersonMatch(PersonKeyMaker& maker, const PersonKey& person,
                         const std::vector<std::string>& parts)
    : maker_(maker), person_(person) {
  for (const std::string& part : parts) AppendNormalised(part, &parts_.emplace_back());
}

bool PersonMatch::InColumns(absl::Span<const absl::string_view> cells, absl::Span<const size_t> columns) {
  std::vector<absl::string_view> parts;
  for (size_t column : columns) parts.push_back(column < cells.size() ? cells[column] : absl::string_view());
  PersonKey key;
  return maker_.Make(parts, &key) && key == person_;
}

bool PersonMatch::Anywhere(absl::Span<const absl::string_view> cells) const {
  std::vector<std::string> normalised(cells.size());
  for (size_t i = 0; i < cells.size(); ++i) AppendNormalised(cells[i], &normalised[i]);
  return std::all_of(parts_.begin(), parts_.end(), [&](const std::string& part) {
    return part.empty() || std::find(normalised.begin(), normalised.end(), part) != normalised.end();
  });
}

absl::StatusOr<PersonFound> FindPerson(const std::string& path, const std::vector<std::string>& columns,
                                       PersonMatch& match) {
  PersonFound found;
  const FileHeading* of = nullptr;
  std::vector<size_t> places;
  ASSIGN_OR_RETURN(found.choice, ChooseRows(path, [&](const FileHeading* heading, const FileRow& row) {
                     if (heading != nullptr && heading != of) places = Places(*heading, columns);
                     of = heading;
                     const bool known = heading != nullptr && !places.empty();
                     // Rows that are cut badly were set aside for that: their cells may stand in other
                     // columns.
                     const bool theirs = known && row.cells.size() == heading->names.size()
                                             ? match.InColumns(row.cells, places)
                                             : match.Anywhere(row.cells);
                     found.by_any_column = found.by_any_column || (theirs && !known);
                     return theirs;
                   }));
  return found;
}

}  // namespace penc
