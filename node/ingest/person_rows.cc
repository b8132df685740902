#include "ingest/person_rows.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "ingest/byte_source.h"
#include "ingest/row_file.h"

namespace penc {
namespace {

template <typename Cells>
void AppendCsv(const Cells& cells, std::string& out) {
  bool first = true;
  for (const auto& cell : cells) {
    if (!std::exchange(first, false)) out.push_back(';');
    out.push_back('"');
    for (char c : cell) {
      if (c == '"') out.push_back('"');
      out.push_back(c);
    }
    out.push_back('"');
  }
  out.push_back('\n');
}

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

PersonMatch::PersonMatch(PersonKeyMaker& maker, const PersonKey& person, std::vector<std::string> parts)
    : maker_(maker), person_(person) {
  for (const std::string& part : parts) AppendNormalised(part, &parts_.emplace_back());
}

bool PersonMatch::Is(absl::Span<const absl::string_view> parts) {
  PersonKey key;
  return maker_.Make(parts, &key) && key == person_;
}

bool PersonMatch::InColumns(absl::Span<const absl::string_view> cells, absl::Span<const size_t> columns) {
  std::vector<absl::string_view> parts;
  for (size_t column : columns) parts.push_back(column < cells.size() ? cells[column] : absl::string_view());
  return Is(parts);
}

bool PersonMatch::Anywhere(absl::Span<const absl::string_view> cells) {
  if (!parts_.empty()) {
    std::vector<std::string> normalised(cells.size());
    for (size_t i = 0; i < cells.size(); ++i) AppendNormalised(cells[i], &normalised[i]);
    return std::all_of(parts_.begin(), parts_.end(), [&](const std::string& part) {
      return part.empty() || std::find(normalised.begin(), normalised.end(), part) != normalised.end();
    });
  }
  for (size_t i = 0; i < cells.size(); ++i) {
    if (Is({cells[i]})) return true;
    for (size_t j = 0; j < cells.size(); ++j) {
      if (j != i && Is({cells[i], cells[j]})) return true;
    }
  }
  return false;
}

absl::StatusOr<PersonCut> CutPerson(const std::string& path, const std::vector<std::string>& columns,
                                    PersonMatch& match) {
  ASSIGN_OR_RETURN(const std::unique_ptr<ByteSource> source, OpenFile(path));
  ASSIGN_OR_RETURN(const std::unique_ptr<RowFile> file, OpenRowFile(*source));
  SheetForm form;
  form.encoding = file->likely_encoding();
  PersonCut cut;
  cut.content = "\xEF\xBB\xBF";
  std::vector<size_t> places;
  size_t width = 0;
  RETURN_IF_ERROR(file->Read(
      form,
      [&](const FileHeading& heading) {
        places = Places(heading, columns);
        width = heading.names.size();
        cut.by_any_column = places.empty();
        AppendCsv(heading.names, cut.content);
        for (const std::vector<std::string>* more : {&heading.labels, &heading.tags}) {
          if (!more->empty()) AppendCsv(*more, cut.content);
        }
        return absl::OkStatus();
      },
      [&](const FileRow& row) {
        // Rows that are cut badly were set aside for that: their cells may stand in other columns.
        const bool theirs = places.empty() || row.cells.size() != width ? match.Anywhere(row.cells)
                                                                         : match.InColumns(row.cells, places);
        if (theirs) {
          ++cut.rows;
        } else {
          ++cut.kept;
          AppendCsv(row.cells, cut.content);
        }
        return absl::OkStatus();
      }));
  return cut;
}

}  // namespace penc
