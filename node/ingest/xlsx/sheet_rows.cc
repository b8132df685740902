#include "ingest/xlsx/sheet_rows.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <list>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "base/status.h"
#include "ingest/xlsx/serial_date.h"
#include "ingest/xlsx/xml_stream.h"

namespace penc {
namespace {

constexpr uint32_t kMostSheetColumns = 16384;
constexpr uint32_t kMostCounted = 4 * kMostSheetColumns;  // of a row that is refused
constexpr size_t kLongestRow = 8 << 20;                   // bytes of text
constexpr size_t kMostMerged = 65536, kMostFilled = 50'000'000;

absl::Status Bad(std::string fr, std::string en) {
  return Fail(absl::StatusCode::kInvalidArgument, {std::move(fr), std::move(en)});
}

Text TooWide(uint64_t columns) {
  return {absl::StrCat(columns, " colonnes, une feuille en a au plus ", kMostSheetColumns,
                       ": gardez celles dont vous avez besoin, et exportez de nouveau"),
          absl::StrCat(columns, " columns, a sheet has at most ", kMostSheetColumns,
                       ": keep those that you need, and export again")};
}

// "AB12": column from 0 and row; false where it is none. The row may be missing.
bool ParseReference(absl::string_view text, uint64_t* column, uint64_t* row) {
  *column = *row = 0;
  size_t i = 0;
  for (; i < text.size() && absl::ascii_isalpha(text[i]) && i < 4; ++i)
    *column = *column * 26 + static_cast<uint64_t>(absl::ascii_toupper(text[i]) - 'A' + 1);
  if (i == 0 || !absl::SimpleAtoi(text.substr(i), row)) return false;
  --*column;
  return true;
}

// Ten digits at most, as most numbers are.
bool PlainInteger(absl::string_view text) {
  if (absl::StartsWith(text, "-")) text.remove_prefix(1);
  return !text.empty() && text.size() <= 15 && (text[0] != '0' || text.size() == 1) &&
         std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
}

bool ParseDouble(absl::string_view text, double* out) {
  text = absl::StripAsciiWhitespace(text);
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), *out);
  return parsed.ec == std::errc() && parsed.ptr == text.data() + text.size() && std::isfinite(*out);
}

class Rows final : public XmlHandler {
 public:
  Rows(const Workbook& workbook, const std::vector<MergedDown>& merged, const OnFileRow& on_row)
      : workbook_(workbook), merged_(merged), on_row_(on_row) {}

  void Start(absl::string_view name, const XmlAttributes& attributes) override {
    if (name == "row") {
      BeginRow(attributes);
    } else if (name == "c") {
      BeginCell(attributes);
    } else if (name == "f") {
      formula_ = true;
    } else if (name == "rPh") {
      in_reading_aid_ = true;
    }
    in_value_ = in_cell_ && (name == "v" || (name == "t" && !in_reading_aid_));
  }
  void End(absl::string_view name) override {
    in_value_ = false;
    if (name == "rPh") {
      in_reading_aid_ = false;
    } else if (name == "c") {
      EndCell();
    } else if (name == "row") {
      EndRow();
    }
  }
  void Characters(absl::string_view text) override {
    if (!in_value_) return;
    value_.append(text.data(), text.size());
    if (value_.size() + text_.size() > kLongestRow) {
      Refuse(
          {absl::StrCat("plus de ", kLongestRow >> 20, " Mio de texte dans une ligne; vérifiez le fichier"),
           absl::StrCat("more than ", kLongestRow >> 20, " MiB of text in one row; check the file")});
    }
  }

 private:
  struct Cell {
    uint32_t column;
    CellKind kind;
    bool shared;  // begin: which of the workbook's texts; else in text_
    size_t begin, size;
  };

  void Refuse(const Text& why) {
    Stop(Bad(absl::StrCat("ligne ", row_, ": ", why.fr), absl::StrCat("row ", row_, ": ", why.en)));
  }

  void BeginRow(const XmlAttributes& attributes) {
    uint64_t number = row_ + 1;
    if (const absl::string_view r = attributes["r"];
        !r.empty() && (!absl::SimpleAtoi(r, &number) || number <= row_))
      return Refuse(
          {"les lignes suivantes ne sont pas dans l'ordre; ouvrez le fichier dans Excel et enregistrez-le de "
           "nouveau",
           "the rows after it are not in order; open the file in Excel and save it again"});
    row_ = number;
    if (row_ > kMostSheetRows)
      return Refuse({absl::StrCat("une feuille a au plus ", kMostSheetRows, " lignes; partagez le fichier"),
                     absl::StrCat("a sheet has at most ", kMostSheetRows, " rows; split the file")});
    next_column_ = 0;
    cells_.clear();
    text_.clear();
  }

  void BeginCell(const XmlAttributes& attributes) {
    uint64_t column = next_column_, row = 0;
    if (const absl::string_view r = attributes["r"]; !r.empty() && !ParseReference(r, &column, &row))
      return Refuse(
          {"une cellule sans place lisible; ouvrez le fichier dans Excel et enregistrez-le de nouveau",
           "a cell without a readable place; open the file in Excel and save it again"});
    if (!cells_.empty() && column <= cells_.back().column)
      return Refuse(
          {"ses cellules ne sont pas dans l'ordre; ouvrez le fichier dans Excel et enregistrez-le de nouveau",
           "its cells are not in order; open the file in Excel and save it again"});
    if (column >= kMostCounted) return Refuse(TooWide(column + 1));
    next_column_ = column + 1;
    column_ = static_cast<uint32_t>(column);
    type_ = TypeOf(attributes["t"]);
    format_ = 0;
    if (const absl::string_view s = attributes["s"]; !s.empty()) (void)absl::SimpleAtoi(s, &format_);
    value_.clear();
    formula_ = false;
    in_cell_ = true;
  }

  enum class Type { kNumber, kShared, kText, kInline, kBoolean, kError, kIsoDate };
  static Type TypeOf(absl::string_view t) {
    if (t == "s") return Type::kShared;
    if (t == "str") return Type::kText;
    if (t == "inlineStr") return Type::kInline;
    if (t == "b") return Type::kBoolean;
    if (t == "e") return Type::kError;
    if (t == "d") return Type::kIsoDate;
    return Type::kNumber;
  }

  void EndCell() {
    in_cell_ = false;
    if (value_.empty()) {
      if (formula_ && type_ != Type::kText) Put("", CellKind::kUncomputed);
      return;
    }
    switch (type_) {
      case Type::kShared: {
        uint64_t at = 0;
        if (!absl::SimpleAtoi(value_, &at) || at >= workbook_.texts.size())
          return Refuse(
              {absl::StrCat(
                   "colonne ", ColumnLetters(column_),
                   ": son texte manque dans le classeur; ouvrez-le dans Excel et enregistrez-le de nouveau"),
               absl::StrCat("column ", ColumnLetters(column_),
                            ": its text is missing in the workbook; open it in Excel and save it again")});
        if (!workbook_.texts[at].empty()) cells_.push_back({column_, CellKind::kText, true, at, 0});
        return;
      }
      case Type::kText:
      case Type::kInline:
        return Put(Unescaped(value_), CellKind::kText);
      case Type::kBoolean:
        return Put(value_ == "0" || value_ == "false" ? "FALSE" : "TRUE", CellKind::kText);
      case Type::kError:
        return Put(value_, CellKind::kError);
      case Type::kIsoDate:
        return Put(absl::EndsWith(value_, "T00:00:00") ? value_.substr(0, value_.size() - 9) : value_,
                   CellKind::kDate);
      case Type::kNumber:
        return PutNumber();
    }
  }

  void PutNumber() {
    const bool date = format_ < workbook_.dates.size() && workbook_.dates[format_];
    if (!date && PlainInteger(value_)) return Put(value_, CellKind::kNumber);
    double number = 0;
    if (!ParseDouble(value_, &number)) return Put(value_, CellKind::kText);
    if (date) {
      if (const auto text = TextOfSerial(number, workbook_.from_1904); text.has_value())
        return Put(*text, text->find('-') == std::string::npos ? CellKind::kText : CellKind::kDate);
    }
    // As Excel shows it: fifteen digits.
    Put(std::abs(number) < 1e15 && number == std::floor(number) ? absl::StrFormat("%.0f", number)
                                                                : absl::StrFormat("%.15g", number),
        CellKind::kNumber);
  }

  void Put(absl::string_view text, CellKind kind) {
    cells_.push_back({column_, kind, false, text_.size(), text.size()});
    text_.append(text.data(), text.size());
  }

  void EndRow() {
    const uint32_t width = cells_.empty() ? 0 : cells_.back().column + 1;
    if (width > kMostSheetColumns) return Refuse(TooWide(width));
    views_.assign(width, absl::string_view());
    kinds_.assign(width, CellKind::kText);
    for (const Cell& cell : cells_) {
      views_[cell.column] =
          cell.shared ? workbook_.texts[cell.begin] : absl::string_view(text_).substr(cell.begin, cell.size);
      kinds_[cell.column] = cell.kind;
    }
    if (!merged_.empty()) FillMerged();
    if (views_.empty() || !status().ok()) return;
    if (absl::Status status = on_row_({row_, views_, kinds_}); !status.ok()) Stop(std::move(status));
  }

  // Ranges are sorted by their first row.
  void FillMerged() {
    open_.remove_if([&](const Open& open) { return open.last_row < row_; });
    for (const Open& open : open_) {
      if (open.text.empty()) continue;
      if (open.column >= views_.size()) {
        views_.resize(open.column + 1);
        kinds_.resize(open.column + 1, CellKind::kText);
      }
      views_[open.column] = open.text;
      kinds_[open.column] = open.kind;
    }
    if ((filled_ += open_.size()) > kMostFilled)
      return Refuse({"trop de cellules fusionnées; défusionnez-les dans Excel",
                     "too many merged cells; unmerge them in Excel"});
    for (; next_merged_ < merged_.size() && merged_[next_merged_].first_row <= row_; ++next_merged_) {
      const MergedDown& range = merged_[next_merged_];
      if (range.first_row < row_ || range.column >= views_.size()) continue;
      open_.push_back(
          Open{range.last_row, range.column, kinds_[range.column], std::string(views_[range.column])});
    }
  }

  const Workbook& workbook_;
  const std::vector<MergedDown>& merged_;
  const OnFileRow& on_row_;
  struct Open {
    uint64_t last_row;
    uint32_t column;
    CellKind kind;
    std::string text;
  };
  std::list<Open> open_;  // stay where they are: the row's cells point into them
  size_t next_merged_ = 0, filled_ = 0;
  uint64_t row_ = 0, next_column_ = 0;
  std::vector<Cell> cells_;
  std::string text_;
  uint32_t column_ = 0, format_ = 0;
  Type type_ = Type::kNumber;
  std::string value_;
  bool in_cell_ = false, in_value_ = false, in_reading_aid_ = false, formula_ = false;
  std::vector<absl::string_view> views_;
  std::vector<CellKind> kinds_;
};

class Merges final : public XmlHandler {
 public:
  void Start(absl::string_view name, const XmlAttributes& attributes) override {
    if (name != "mergeCell") return;
    const std::vector<absl::string_view> ends = absl::StrSplit(attributes["ref"], ':');
    uint64_t column = 0, first = 0, last_column = 0, last = 0;
    if (ends.size() != 2 || !ParseReference(ends[0], &column, &first) ||
        !ParseReference(ends[1], &last_column, &last))
      return;
    if (last <= first || column >= kMostSheetColumns) return;
    if (merged.size() == kMostMerged) {
      return Stop(Bad(
          absl::StrCat("plus de ", kMostMerged, " plages de cellules fusionnées; défusionnez-les dans Excel"),
          absl::StrCat("more than ", kMostMerged, " ranges of merged cells; unmerge them in Excel")));
    }
    merged.push_back({first, last, static_cast<uint32_t>(column)});
  }
  void End(absl::string_view) override {}
  void Characters(absl::string_view) override {}
  std::vector<MergedDown> merged;
};

}  // namespace

absl::Status ReadSheetRows(ByteSource& xml, const Workbook& workbook, const std::vector<MergedDown>& merged,
                           const OnFileRow& on_row) {
  Rows rows(workbook, merged, on_row);
  return ParseXml(xml, rows);
}

absl::StatusOr<std::vector<MergedDown>> ReadMerged(ByteSource& xml) {
  Merges merges;
  RETURN_IF_ERROR(ParseXml(xml, merges));
  std::sort(merges.merged.begin(), merges.merged.end(),
            [](const MergedDown& a, const MergedDown& b) { return a.first_row < b.first_row; });
  return std::move(merges.merged);
}

absl::StatusOr<bool> MentionsMerged(ByteSource& xml) {
  constexpr absl::string_view kWord = "mergeCell";
  std::string piece(1 << 16, '\0');
  size_t kept = 0;
  bool found = false;
  for (;;) {
    ASSIGN_OR_RETURN(const size_t n, xml.Read(absl::MakeSpan(piece).subspan(kept)));
    if (n == 0) return found;  // to the end: its checksum is checked
    const absl::string_view text(piece.data(), kept + n);
    found = found || text.find(kWord) != absl::string_view::npos;
    kept = std::min(text.size(), kWord.size() - 1);
    std::memmove(piece.data(), text.data() + text.size() - kept, kept);
  }
}

}  // namespace penc
