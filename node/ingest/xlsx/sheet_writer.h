// Rows into a workbook that a person opens in Excel, corrects and brings back: texts stay texts
// (a cell that begins with = or + is no formula, a reference 007 keeps its zeros), numbers and dates stay
// what they were. The file holds personal data: 0600, and what it is made from lies beside it only while it
// is written.
#pragma once
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "ingest/row_file.h"

struct lxw_workbook;
struct lxw_worksheet;
struct lxw_format;

namespace penc {

class SheetWriter {
 public:
  // At most this many characters stand in a cell of a workbook; longer texts are cut.
  static constexpr size_t kMostCharacters = 32767;

  // Until it is kept the file is `path`.tmp. Its folder is writable.
  SheetWriter(std::string path, const std::string& sheet, bool hidden = false);
  ~SheetWriter();  // not kept: no file
  SheetWriter(const SheetWriter&) = delete;
  SheetWriter& operator=(const SheetWriter&) = delete;

  // What follows stands in another sheet. A name that no workbook takes becomes one that it does.
  void NextSheet(const std::string& name, bool hidden);
  void Heading(absl::Span<const std::string> cells);
  // From the left; `kinds`: as many as cells, or none. RESOURCE_EXHAUSTED beyond what a sheet holds.
  absl::Status Row(absl::Span<const absl::string_view> cells, absl::Span<const CellKind> kinds);
  // All is on the disk; nothing can be added. RESOURCE_EXHAUSTED: the disk is full.
  absl::Status Close();
  // Leaves rows empty up to this one, as Excel shows it; not before one that is written.
  void SkipTo(uint64_t row);
  // After Close: takes its name.
  absl::Status Keep();
  std::string temporary() const { return path_ + ".tmp"; }

 private:
  void Put(uint32_t column, absl::string_view cell, CellKind kind);
  absl::Status Full() const;

  std::string path_;
  std::string folder_;
  lxw_workbook* book_;
  lxw_worksheet* sheet_;
  lxw_format *bold_, *text_, *date_, *time_;
  uint32_t row_ = 0;
  bool kept_ = false, shown_ = false;
};

}  // namespace penc
