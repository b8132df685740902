#include "ingest/row_file.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "ingest/csv_file.h"
#include "ingest/file_kind.h"
#include "ingest/heading_rows.h"
#include "ingest/hxl.h"
#include "ingest/person_key.h"
#include "ingest/xlsx/xlsx_file.h"

namespace penc {
namespace {

// The only place where `same` holds.
template <typename Same>
absl::optional<size_t> Only(const std::vector<std::string>& cells, const Same& same) {
  absl::optional<size_t> found;
  for (size_t i = 0; i < cells.size(); ++i) {
    if (!same(cells[i])) continue;
    if (found.has_value()) return absl::nullopt;
    found = i;
  }
  return found;
}

constexpr char kLettersEnd[] = ")";

std::string WithLetters(const std::string& name, size_t column) {
  return absl::StrCat(name, " (colonne ", ColumnLetters(column), kLettersEnd);
}

std::string Folded(absl::string_view text) {
  std::string out;
  AppendNormalised(text, &out);
  return out;
}

}  // namespace

absl::optional<size_t> FileHeading::Find(absl::string_view name) const {
  const auto exact = [&](const std::string& cell) { return cell == name; };
  if (const auto found = Only(names, exact)) return found;
  if (const auto found = Only(labels, exact)) return found;
  // Before anything is folded: the letters hold of a name as it stands there.
  if (absl::EndsWith(name, kLettersEnd)) {
    for (size_t i = 0; i < names.size(); ++i) {
      if (absl::StartsWith(name, names[i]) && WithLetters(names[i], i) == name) return i;
    }
  }
  if (const auto tag = CanonicalTag(name); tag.has_value()) {
    if (const auto found = Only(tags, [&](const std::string& cell) { return CanonicalTag(cell) == tag; }))
      return found;
  }
  // What looks the same to people: other case, other spaces, composed letters.
  const std::string folded = Folded(name);
  if (folded.empty()) return absl::nullopt;
  const auto alike = [&](const std::string& cell) { return Folded(cell) == folded; };
  if (const auto found = Only(names, alike)) return found;
  return Only(labels, alike);
}

bool FileHeading::Repeats(size_t column) const {
  return std::count(names.begin(), names.end(), names[column]) > 1;
}

std::string FileHeading::NameOf(size_t column) const {
  return Repeats(column) ? WithLetters(names[column], column) : names[column];
}

absl::Status RowFile::Read(const SheetForm& form, const OnHeading& on_heading, const OnFileRow& on_row) {
  FileHeading heading;
  HeadingRows rows(form, heading, on_heading, on_row);
  RETURN_IF_ERROR(EachRow(form, &heading, [&](const FileRow& row) { return rows.Add(row); }));
  return rows.Finish();
}

absl::Status RowFile::ReadPlain(const SheetForm& form, const OnFileRow& on_row) {
  FileHeading ignored;
  return EachRow(form, &ignored, on_row);
}

absl::StatusOr<std::unique_ptr<RowFile>> OpenRowFile(ByteSource& source, std::shared_ptr<ReadBudget> budget) {
  auto peeked = std::make_unique<PeekedSource>(source);
  ASSIGN_OR_RETURN(const absl::string_view first, peeked->Peek());
  ASSIGN_OR_RETURN(const FileKind kind, KindOf(first));
  if (kind == FileKind::kWorkbook) return OpenWorkbook(*peeked, std::move(budget));
  return OpenCsv(std::move(peeked), first, first.size() < PeekedSource::kPeeked);
}

std::string ColumnLetters(size_t column) {
  std::string letters;
  for (size_t n = column + 1; n > 0; n = (n - 1) / 26)
    letters.push_back(static_cast<char>('A' + (n - 1) % 26));
  std::reverse(letters.begin(), letters.end());
  return letters;
}

bool IsQuarantineColumn(absl::string_view name) {
  return name == kReasonColumn || name == kSheetColumn || name == kRowColumn || name == kOriginColumn;
}

}  // namespace penc
