#include "ingest/xlsx/sheet_writer.h"

#include <fcntl.h>
#include <unistd.h>
#include <xlsxwriter.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "base/sync_folder.h"
#include "base/utf8.h"

namespace penc {
namespace {

// "2024-03-01" or "2024-03-01T10:20:30"; false where it is written another way.
bool Parts(const std::string& text, lxw_datetime* out) {
  *out = {};
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, end = 0;
  const int read = std::sscanf(text.c_str(), "%4d-%2d-%2d%nT%2d:%2d:%2d%n", &year, &month, &day, &end, &hour,
                               &minute, &second, &end);
  if ((read != 3 && read != 6) || static_cast<size_t>(end) != text.size() || year < 1900) return false;
  *out = {year, month, day, hour, minute, static_cast<double>(second)};
  return true;
}

// The beginning of a text that a cell takes.
absl::string_view Fitting(absl::string_view text) {
  if (text.size() <= SheetWriter::kMostCharacters) return text;  // no character has less than a byte
  size_t characters = 0, bytes = 0;
  for (; bytes < text.size(); ++bytes) {
    if ((static_cast<unsigned char>(text[bytes]) & 0xC0) != 0x80 &&
        ++characters > SheetWriter::kMostCharacters)
      break;
  }
  return text.substr(0, bytes);
}

}  // namespace

SheetWriter::SheetWriter(std::string path, const std::string& sheet, bool hidden) : path_(std::move(path)) {
  const size_t slash = path_.rfind('/');
  folder_ = slash == std::string::npos ? "." : path_.substr(0, slash);
  // Rows go to files without a name in the same folder as they come: memory stays bounded.
  lxw_workbook_options options{LXW_TRUE, folder_.data(), LXW_FALSE};
  book_ = workbook_new_opt(temporary().c_str(), &options);
  PENC_CHECK(book_ != nullptr);
  NextSheet(sheet, hidden);
  bold_ = workbook_add_format(book_);
  format_set_bold(bold_);
  text_ = workbook_add_format(book_);
  format_set_num_format_index(text_, 49);  // "@": what is typed there stays text, too
  date_ = workbook_add_format(book_);
  format_set_num_format(date_, "yyyy\\-mm\\-dd");
  time_ = workbook_add_format(book_);
  format_set_num_format(time_, "yyyy\\-mm\\-dd\\ hh:mm:ss");
  worksheet_set_column(sheet_, 0, 0, 60, nullptr);
  worksheet_freeze_panes(sheet_, 1, 0);
}

void SheetWriter::NextSheet(const std::string& name, bool hidden) {
  const bool taken = workbook_validate_sheet_name(book_, name.c_str()) == LXW_NO_ERROR;
  sheet_ = workbook_add_worksheet(book_, taken ? name.c_str() : nullptr);
  PENC_CHECK(sheet_ != nullptr);
  row_ = 0;
  if (hidden) {
    worksheet_hide(sheet_);
  } else if (!std::exchange(shown_, true)) {
    worksheet_activate(sheet_);  // the first one may be hidden
    worksheet_set_first_sheet(sheet_);
  }
}

void SheetWriter::SkipTo(uint64_t row) {
  PENC_CHECK(row > row_);
  row_ = static_cast<uint32_t>(std::min<uint64_t>(row - 1, kMostSheetRows));
}

SheetWriter::~SheetWriter() {
  if (book_ != nullptr) lxw_workbook_free(book_);
  if (!kept_) std::remove(temporary().c_str());
}

absl::Status SheetWriter::Full() const {
  return Fail(absl::StatusCode::kResourceExhausted,
              {absl::StrCat(path_, ": impossible d'écrire (disque plein ?); rien n'est importé"),
               absl::StrCat(path_, ": cannot write (disk full?); nothing was imported")});
}

void SheetWriter::Heading(absl::Span<const std::string> cells) {
  for (size_t i = 0; i < cells.size(); ++i) {
    if (!cells[i].empty())
      worksheet_write_string(sheet_, row_, static_cast<lxw_col_t>(i), std::string(Fitting(cells[i])).c_str(),
                             bold_);
  }
  ++row_;
}

absl::Status SheetWriter::Row(absl::Span<const absl::string_view> cells, absl::Span<const CellKind> kinds) {
  if (row_ >= kMostSheetRows) return Full();
  for (size_t i = 0; i < cells.size(); ++i) {
    if (!cells[i].empty())
      Put(static_cast<uint32_t>(i), cells[i], kinds.empty() ? CellKind::kText : kinds[i]);
  }
  ++row_;
  return absl::OkStatus();
}

void SheetWriter::Put(uint32_t column, absl::string_view cell, CellKind kind) {
  const auto at = static_cast<lxw_col_t>(column);
  const std::string text(Fitting(cell));
  if (double number = 0; kind == CellKind::kNumber && absl::SimpleAtod(text, &number)) {
    worksheet_write_number(sheet_, row_, at, number, nullptr);
  } else if (lxw_datetime when; kind == CellKind::kDate && Parts(text, &when)) {
    worksheet_write_datetime(sheet_, row_, at, &when, text.size() > 10 ? time_ : date_);
  } else {
    worksheet_write_string(sheet_, row_, at, text.c_str(), text_);
  }
}

absl::Status SheetWriter::Close() {
  // Made before the library opens it: nobody else may read it at any moment.
  const int fd = ::open(temporary().c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
  if (fd < 0) return Full();
  lxw_workbook* book = std::exchange(book_, nullptr);
  const bool written = workbook_close(book) == LXW_NO_ERROR && ::fsync(fd) == 0;
  ::close(fd);
  return written ? absl::OkStatus() : Full();
}

absl::Status SheetWriter::Keep() {
  PENC_CHECK(book_ == nullptr);
  kept_ = std::rename(temporary().c_str(), path_.c_str()) == 0;
  return kept_ ? SyncFolderOf(path_) : Full();
}

}  // namespace penc
