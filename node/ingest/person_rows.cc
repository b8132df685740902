#include "ingest/person_rows.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/status.h"
#include "ingest/byte_source.h"
#include "ingest/quarantine.h"
#include "ingest/row_file.h"
#include "ingest/xlsx/sheet_writer.h"
#include "ingest/xlsx/zip_parts.h"

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

namespace {

// The rows that are not the person's, as a workbook like the one they are taken from.
absl::StatusOr<std::string> OthersAsWorkbook(RowFile& file, const std::string& path,
                                             const std::function<bool(const FileRow&)>& theirs) {
  SheetWriter writer(path + ".cut", file.sheets()[0].name);
  RETURN_IF_ERROR(file.Read(
      {},
      [&](const FileHeading& heading) {
        CopyHeading(heading, writer);
        return absl::OkStatus();
      },
      [&](const FileRow& row) { return theirs(row) ? absl::OkStatus() : writer.Row(row.cells, row.kinds); }));
  RETURN_IF_ERROR(writer.Close());
  return ReadFile(writer.temporary(), HeldFile::kMost);
}

}  // namespace

absl::StatusOr<PersonCut> CutPerson(const std::string& path, const std::vector<std::string>& columns,
                                    PersonMatch& match) {
  ASSIGN_OR_RETURN(const std::unique_ptr<ByteSource> source, OpenFile(path));
  ASSIGN_OR_RETURN(const std::unique_ptr<RowFile> file, OpenRowFile(*source));
  SheetForm form;
  form.encoding = file->likely_encoding();
  PersonCut cut;
  const bool csv = !file->again();
  if (csv) cut.content = "\xEF\xBB\xBF";
  std::vector<size_t> places;
  size_t width = 0;
  const auto theirs = [&](const FileRow& row) {
    // Rows that are cut badly were set aside for that: their cells may stand in other columns.
    return places.empty() || row.cells.size() != width ? match.Anywhere(row.cells)
                                                       : match.InColumns(row.cells, places);
  };
  RETURN_IF_ERROR(file->Read(
      form,
      [&](const FileHeading& heading) {
        places = Places(heading, columns);
        width = heading.names.size();
        cut.by_any_column = places.empty();
        if (!csv) return absl::OkStatus();
        AppendCsv(heading.names, cut.content);
        for (const std::vector<std::string>* more : {&heading.labels, &heading.tags}) {
          if (!more->empty()) AppendCsv(*more, cut.content);
        }
        return absl::OkStatus();
      },
      [&](const FileRow& row) {
        const bool is = theirs(row);
        ++(is ? cut.rows : cut.kept);
        if (csv && !is) AppendCsv(row.cells, cut.content);
        return absl::OkStatus();
      }));
  if (!csv && cut.rows > 0 && cut.kept > 0) {
    ASSIGN_OR_RETURN(cut.content, OthersAsWorkbook(*file, path, theirs));
  }
  return cut;
}

}  // namespace penc
