#include "ingest/csv_reader.h"

#include <csv.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/status.h"

namespace penc {
namespace {

constexpr int kMostTitleLines = 12;

absl::Status Bad(std::string fr, std::string en) {
  return Fail(absl::StatusCode::kInvalidArgument, {std::move(fr), std::move(en)});
}

// How often each delimiter stands outside quotes in the first line.
absl::StatusOr<char> Recognise(absl::string_view heading) {
  struct Candidate {
    char delimiter;
    int count;
  };
  Candidate candidates[] = {{',', 0}, {';', 0}, {'\t', 0}};
  bool quoted = false;
  for (char c : heading) {
    if (c == '"') quoted = !quoted;
    for (Candidate& candidate : candidates) candidate.count += !quoted && c == candidate.delimiter;
  }
  std::sort(std::begin(candidates), std::end(candidates),
            [](const Candidate& a, const Candidate& b) { return a.count > b.count; });
  if (candidates[0].count > 0 && candidates[0].count == candidates[1].count) {
    return Bad("le séparateur est ambigu; écrivez «file: {delimiter: \";\"}» dans le mapping",
               "the delimiter is ambiguous; write \"file: {delimiter: ';'}\" in the mapping");
  }
  return candidates[0].count == 0 ? ',' : candidates[0].delimiter;
}

absl::Status EmptyFile() {
  return Bad("fichier vide: donnez un fichier avec une ligne de titres",
             "empty file: give a file with a heading");
}

// Whether a title of its own line may stand above the headings: the first line has no delimiter.
bool Bare(absl::string_view text) {
  return text.substr(0, text.find('\n')).find_first_of(",;\t") == text.npos;
}

// The first of the lines below a bare first one that has as many delimiters as the next; else the first.
absl::string_view DecidingLine(absl::string_view text) {
  const absl::string_view first = text.substr(0, text.find('\n'));
  if (!Bare(text)) return first;
  std::vector<absl::string_view> lines = absl::StrSplit(text, absl::MaxSplits('\n', kMostTitleLines));
  for (size_t i = 1; i + 1 < lines.size(); ++i) {
    for (const char delimiter : {',', ';', '\t'}) {
      const auto count = std::count(lines[i].begin(), lines[i].end(), delimiter);
      if (count > 0 && count == std::count(lines[i + 1].begin(), lines[i + 1].end(), delimiter))
        return lines[i];
    }
  }
  return first;
}

// What follows `cell` at the beginning of the heading, quoted or not; 0: no delimiter, or another cell.
char After(absl::string_view cell, absl::string_view heading) {
  if (cell.empty()) return 0;
  const bool quoted = absl::ConsumePrefix(&heading, "\"");
  if (!absl::ConsumePrefix(&heading, cell) || (quoted && !absl::ConsumePrefix(&heading, "\""))) return 0;
  return heading.find_first_of(",;\t") == 0 ? heading[0] : 0;
}

// "sep=;", by which a file tells Excel its delimiter; 0: the first line is another one.
char SeparatorLine(absl::string_view text) {
  const absl::string_view line = absl::StripAsciiWhitespace(text.substr(0, text.find('\n')));
  return line.size() == 5 && absl::StartsWithIgnoreCase(line, "sep=")                         ? line[4]
         : absl::EqualsIgnoreCase(line, "sep=") && absl::StrContains(text.substr(0, 6), "\t") ? '\t'
                                                                                              : '\0';
}

class Rows {
 public:
  explicit Rows(const OnRow& on_row) : on_row_(on_row) {}
  void Cell(const void* data, size_t size) {
    if (!status_.ok()) return;
    text_.append(static_cast<const char*>(data), size);
    ends_.push_back(text_.size());
    if (text_.size() > kLongestRecord) status_ = TooLong();
  }
  // `by`: the character that ended it.
  void EndRow(int by) {
    const bool second_of_two = by == '\n' && by_ == '\r' && ends_.empty();
    by_ = by;
    if (second_of_two) return;
    if (status_.ok() && !ends_.empty() && !(ends_.size() == 1 && text_.empty())) {  // an empty line is no row
      cells_.clear();
      size_t start = 0;
      for (size_t end : ends_) {
        cells_.push_back(absl::string_view(text_).substr(start, end - start));
        start = end;
      }
      status_ = on_row_(number_, cells_);
    }
    ++number_;
    text_.clear();
    ends_.clear();
    in_row_ = 0;
  }
  // Bytes that the parser has taken without ending a row.
  void Took(size_t bytes) { in_row_ += bytes; }
  size_t in_row() const { return in_row_; }
  absl::Status TooLong() const {
    return Bad(
        absl::StrCat(where().fr,
                     ": plus de 1 Mio; un guillemet «\"» reste peut-être ouvert, ou ce n'est pas un CSV"),
        absl::StrCat(where().en,
                     ": longer than 1 MiB; perhaps a quote (\") is left open, or this is no CSV"));
  }
  // The row that is being read.
  Text where() const { return {absl::StrCat("ligne ", number_), absl::StrCat("row ", number_)}; }
  const absl::Status& status() const { return status_; }

 private:
  const OnRow& on_row_;
  absl::Status status_;
  uint64_t number_ = 1;
  int by_ = 0;
  size_t in_row_ = 0;
  std::string text_;
  std::vector<size_t> ends_;
  std::vector<absl::string_view> cells_;
};

class Parser {
 public:
  explicit Parser(char delimiter) {
    PENC_CHECK(csv_init(&parser_, CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL | CSV_REPALL_NL) == 0);
    csv_set_delim(&parser_, static_cast<unsigned char>(delimiter));
    if (delimiter == '\t') csv_set_space_func(&parser_, [](unsigned char c) { return c == ' ' ? 1 : 0; });
  }
  ~Parser() { csv_free(&parser_); }
  absl::Status Parse(absl::string_view piece, Rows& rows) {
    while (!piece.empty()) {
      // In small parts, so that a record without end is noticed before it fills the memory.
      const absl::string_view part = piece.substr(0, 1 << 16);
      rows.Took(part.size());
      if (csv_parse(&parser_, part.data(), part.size(), OnCell, OnEnd, &rows) != part.size())
        return Broken(rows);
      RETURN_IF_ERROR(rows.status());
      if (rows.in_row() > kLongestRecord + part.size()) return rows.TooLong();
      piece.remove_prefix(part.size());
    }
    return absl::OkStatus();
  }
  absl::Status Finish(Rows& rows) {
    if (csv_fini(&parser_, OnCell, OnEnd, &rows) != 0) {
      return Bad(absl::StrCat(rows.where().fr,
                              ": un guillemet «\"» reste ouvert à la fin du fichier; le fichier est-il "
                              "tronqué ? Exportez-le de nouveau, rien n'est importé"),
                 absl::StrCat(rows.where().en,
                              ": a quote (\") is still open at the end of the file; is the file truncated? "
                              "Export it again, nothing was imported"));
    }
    return rows.status();
  }

 private:
  static void OnCell(void* data, size_t size, void* rows) {
    static_cast<Rows*>(rows)->Cell(data == nullptr ? "" : data, size);
  }
  static void OnEnd(int by, void* rows) { static_cast<Rows*>(rows)->EndRow(by); }
  absl::Status Broken(const Rows& rows) {
    if (csv_error(&parser_) != CSV_EPARSE) {  // memory or length
      return Fail(absl::StatusCode::kResourceExhausted,
                  {absl::StrCat(rows.where().fr, ": ", csv_strerror(csv_error(&parser_))),
                   absl::StrCat(rows.where().en, ": ", csv_strerror(csv_error(&parser_)))});
    }
    return Bad(
        absl::StrCat(rows.where().fr,
                     ": un guillemet «\"» au milieu d'une cellule doit être doublé (et la cellule entre "
                     "guillemets); ou ce n'est pas un CSV"),
        absl::StrCat(
            rows.where().en,
            ": a quote (\") inside a cell must be doubled (and the cell quoted); or this is no CSV"));
  }
  csv_parser parser_;
};

}  // namespace

absl::StatusOr<char> ReadCsv(TextReader& text, const CsvForm& form, const OnRow& on_row) {
  // The first line decides the delimiter, or those below a title.
  std::string head;
  bool ended = false;
  while (!ended && std::count(head.begin(), head.end(), '\n') <= (Bare(head) ? kMostTitleLines : 0)) {
    ASSIGN_OR_RETURN(const absl::string_view piece, text.Next());
    ended = piece.empty();
    head.append(piece.data(), piece.size());
    if (head.size() > 2 * kLongestRecord) break;
  }
  if (head.empty()) return EmptyFile();
  char delimiter = form.delimiter;
  if (const char said = SeparatorLine(head); said != 0) {
    delimiter = said;
    head.erase(0, std::min(head.size(), head.find('\n') + 1));  // Excel does not show this line, nor count it
    if (head.empty()) return EmptyFile();
  } else if (const char after = After(form.own_cell, head); after != 0) {
    delimiter = after;
  } else if (delimiter == 0) {
    ASSIGN_OR_RETURN(delimiter, Recognise(DecidingLine(head)));
  }
  Rows rows(on_row);
  Parser parser(delimiter);
  RETURN_IF_ERROR(parser.Parse(head, rows));
  while (!ended) {
    ASSIGN_OR_RETURN(const absl::string_view piece, text.Next());
    ended = piece.empty();
    RETURN_IF_ERROR(parser.Parse(piece, rows));
  }
  RETURN_IF_ERROR(parser.Finish(rows));
  return delimiter;
}

}  // namespace penc
