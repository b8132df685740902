// A file of rows, whatever its kind: a CSV text or a sheet of a workbook, with one heading row or two, tagged
// with HXL or not. What the file is, its content decides, never its name.
//
//   ASSIGN_OR_RETURN(const std::unique_ptr<RowFile> file, OpenRowFile(bytes));
//   RETURN_IF_ERROR(file->Read({.sheet = "membres"}, on_heading, on_row));
//
// Rows are numbered as Excel shows them: the file's first row is 1, empty rows and headings count. Not
// thread-safe.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "ingest/byte_source.h"
#include "ingest/read_budget.h"

namespace penc {

// Excel's 16,384 columns, less what a quarantine file puts before them.
inline constexpr size_t kMostColumns = 16380;
// A longer sheet is refused; a CSV has no bound.
inline constexpr uint64_t kMostSheetRows = 1048576;

// What the format says of a cell. A CSV says nothing: all is text.
enum class CellKind : uint8_t {
  kText,
  kNumber,     // with a point, whatever the mapping's decimal sign: "-12.5"
  kDate,       // ISO, whatever the mapping's form of dates: "2024-03-01", "2024-03-01T10:20:30"
  kError,      // a formula's: "#REF!"
  kUncomputed  // a formula whose value the file does not have; no text
};

struct FileRow {
  uint64_t number = 0;
  absl::Span<const absl::string_view> cells;
  absl::Span<const CellKind> kinds;  // as many as cells; none: all text
  CellKind kind(size_t at) const { return kinds.empty() ? CellKind::kText : kinds[at]; }
};

struct FileHeading {
  std::string sheet;  // empty: a file without sheets
  // Trimmed. A column without a name is called by its tag, else by its letters: "(colonne AB)".
  std::vector<std::string> names;
  std::vector<std::string> labels, tags;                 // as many as names; none: no such row
  uint64_t names_row = 0, labels_row = 0, tags_row = 0;  // 0: none
  bool quarantine = false;         // a quarantine file of ours: some columns are its own (IsQuarantineColumn)
  bool serials_from_1904 = false;  // of bare numbers that are dates
  // Rows above the headings that are a title's and not read.
  uint64_t title_rows = 0;
  // The column that a mapping means: by name, else by label, else by HXL tag, whose attributes stand in any
  // order. Nothing where none or several fit.
  absl::optional<size_t> Find(absl::string_view name) const;
  // A name by which Find finds just this column: with its letters where others have the same, "sexe (colonne
  // D)".
  std::string NameOf(size_t column) const;
  bool Repeats(size_t column) const;  // another column has the same name
};

struct SheetForm {
  // As in a mapping (FileForm in mapping.proto): empty and 0 are recognised.
  std::string sheet;
  std::string encoding;
  char delimiter = 0;
  uint32_t names_row = 0, labels_row = 0, first_row = 0;
  absl::optional<size_t> at;  // which sheet of RowFile::sheets() it is, whatever its name and content
};

struct Sheet {
  std::string name;
  bool hidden = false;
};

// Return an error to stop: Read returns it. Views live until the next row.
using OnHeading = std::function<absl::Status(const FileHeading&)>;
using OnFileRow = std::function<absl::Status(const FileRow&)>;

class RowFile {
 public:
  virtual ~RowFile() = default;
  // One without a name where the file has no sheets.
  virtual const std::vector<Sheet>& sheets() const = 0;
  // What to propose for a CSV that does not say its encoding: "windows-1252"; empty: it says.
  virtual std::string likely_encoding() const { return ""; }
  // Whether Read may be called again: a workbook lies in memory, a CSV goes by once.
  virtual bool again() const = 0;
  // The heading once, then every row that has a cell with text, in order. A sheet's rows have as many cells
  // as the heading has names, or more; a CSV's may have fewer. INVALID_ARGUMENT with sheet and row: what
  // cannot be read, no heading, which of several sheets is not said.
  absl::Status Read(const SheetForm& form, const OnHeading& on_heading, const OnFileRow& on_row);
  // Rows of a sheet as they stand there, no heading told apart.
  absl::Status ReadPlain(const SheetForm& form, const OnFileRow& on_row);

 protected:
  // Rows as they stand in the file, headings too; `heading` gets what the format says of the sheet.
  virtual absl::Status EachRow(const SheetForm& form, FileHeading* heading, const OnFileRow& on_row) = 0;
};

// `source` outlives the file; a workbook is read into memory, at most 128 MiB of it. `budget`: of all its
// passes, not null; a CSV goes by once and spends nothing.
absl::StatusOr<std::unique_ptr<RowFile>> OpenRowFile(
    ByteSource& source, std::shared_ptr<ReadBudget> budget = std::make_shared<ReadBudget>());

// "A" for 0, as Excel calls columns.
std::string ColumnLetters(size_t column);

// Columns that a quarantine file puts before those of the file that it is of.
inline constexpr char kReasonColumn[] = "motif (penc)", kSheetColumn[] = "feuille (penc)",
                      kRowColumn[] = "ligne (penc)", kOriginColumn[] = "origine (penc)";
// Its sheet.
inline constexpr char kSetAsideSheet[] = "à corriger";
bool IsQuarantineColumn(absl::string_view name);

}  // namespace penc
