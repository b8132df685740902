// Which of a file's first rows are its headings: names, labels (a second heading row), HXL tags. Keeps the
// first rows until that is known, then passes rows on.
#pragma once
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/status.h"
#include "ingest/row_file.h"

namespace penc {

class HeadingRows {
 public:
  // All are held and outlive this. `heading` already says what the format knows of the sheet.
  HeadingRows(const SheetForm& form, FileHeading& heading, const OnHeading& on_heading,
              const OnFileRow& on_row)
      : form_(form), heading_(heading), on_heading_(on_heading), on_row_(on_row) {}
  absl::Status Add(const FileRow& row);
  // The file ends. INVALID_ARGUMENT: it has no heading.
  absl::Status Finish();

 private:
  struct Kept {
    uint64_t number;
    std::vector<std::string> cells;
    std::vector<CellKind> kinds;
  };
  absl::Status Decide();
  bool MostAreWider(size_t at) const;  // rows of kept_ below this one
  void FindMarked();                   // in a quarantine file of ours
  absl::Status FindTags();
  absl::Status FindNames();
  absl::Status SkipTitle();  // rows above the names that are a title's
  absl::Status WhichIsIt(size_t names) const;
  void FindLabels();
  int At(uint64_t number) const;
  void Name();
  absl::Status Pass(const FileRow& row);

  const SheetForm& form_;
  FileHeading& heading_;
  const OnHeading& on_heading_;
  const OnFileRow& on_row_;
  bool decided_ = false;
  std::vector<Kept> kept_;
  int names_ = -1, labels_ = -1, tags_ = -1;  // in kept_
  std::vector<absl::string_view> cells_, padded_;
  std::vector<CellKind> kinds_;
};

// That rows above the headings were not read: `title_rows` of the heading.
Text TitleAbove(const FileHeading& heading);

// What stands in the first cell of a quarantine file's second heading and tag row.
inline constexpr char kLabelsMark[] = "libellés (penc)", kTagsMark[] = "hxl (penc)";

}  // namespace penc
