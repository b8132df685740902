#include "ingest/quarantine.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/file.h"
#include "crypto/hash.h"
#include "ingest/heading_rows.h"

namespace penc {

std::string SetAsideKey(const FileHeading& heading, const FileRow& row) {
  std::string said;
  for (const char* name : {kReasonColumn, kSheetColumn, kRowColumn, kOriginColumn}) {
    const auto at = std::find(heading.names.begin(), heading.names.end(), name) - heading.names.begin();
    if (static_cast<size_t>(at) < row.cells.size())
      absl::StrAppend(&said, absl::StripAsciiWhitespace(row.cells[static_cast<size_t>(at)]));
    said.push_back('\n');
  }
  return Sha256(said).substr(0, 8);
}

bool OnlyItsPlace(const FileHeading& heading, const FileRow& row) {
  for (size_t i = 0; i < row.cells.size(); ++i) {
    if (i < heading.names.size() && IsQuarantineColumn(heading.names[i])) continue;
    if (!absl::StripAsciiWhitespace(row.cells[i]).empty() || row.kind(i) != CellKind::kText) return false;
  }
  return true;
}

void Quarantine::WriteHeading() {
  const auto row = [&](std::vector<std::string> before, const std::vector<std::string>& cells) {
    for (size_t i = 0; i < cells.size(); ++i) {
      if (!IsQuarantineColumn(heading_->names[i])) before.push_back(cells[i]);
    }
    writer_->Heading(before);
  };
  row({kReasonColumn, kSheetColumn, kRowColumn, kOriginColumn}, heading_->names);
  if (!heading_->labels.empty()) row({kLabelsMark, "", "", ""}, heading_->labels);
  if (!heading_->tags.empty()) row({kTagsMark, "", "", ""}, heading_->tags);
}

absl::Status Quarantine::AddPlace(const std::string& reason, const RowOrigin& origin) {
  return Add(FileRow(), reason, origin);
}

absl::Status Quarantine::Add(const FileRow& row, const std::string& reason, const RowOrigin& origin) {
  if (path_.empty()) return absl::OkStatus();
  if (writer_ == nullptr) {
    // Rows that wait there already stay; one import runs at a time.
    kept_ = path_;
    for (int n = 2; FileExists(kept_); ++n)
      kept_ = absl::StrCat(absl::StripSuffix(path_, ".xlsx"), "-", n, ".xlsx");
    writer_ = std::make_unique<SheetWriter>(kept_, kSetAsideSheet);
    WriteHeading();
  }
  cells_ = {reason, origin.sheet, origin.row, origin.import};
  kinds_ = {CellKind::kText, CellKind::kText, CellKind::kNumber, CellKind::kText};
  for (size_t i = 0; i < row.cells.size() && i < kMostColumns; ++i) {
    if (i < heading_->names.size() && IsQuarantineColumn(heading_->names[i])) continue;
    cells_.push_back(row.cells[i]);
    kinds_.push_back(row.kind(i));
  }
  return writer_->Row(cells_, kinds_);
}

absl::Status Quarantine::Close() { return writer_ == nullptr ? absl::OkStatus() : writer_->Close(); }

absl::StatusOr<std::string> Quarantine::Keep() {
  if (writer_ == nullptr) return std::string();
  RETURN_IF_ERROR(writer_->Keep());
  return kept_;
}

void Quarantine::Discard() {
  if (writer_ != nullptr) (void)std::remove(kept_.c_str());
}

}  // namespace penc
