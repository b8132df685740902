// Answers as people read them: a table with margins, a CSV, JSON. Pure.
#pragma once
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "cli/output.h"
#include "penc/v1/answer.pb.h"
#include "penc/v1/node_service.pb.h"

namespace penc::cli {

// Columns of text, padded by what a terminal shows; the first row is the heading. Numbers align right.
class TextTable {
 public:
  explicit TextTable(std::vector<std::string> heading);
  void Add(std::vector<std::string> row);
  std::string Text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

// Of a measure's values (penc.v1.Column.measure): counts are whole.
int DecimalsOf(absl::string_view measure);

// "1 240" in French, "1,240" in English; at most `decimals` digits after the point, none for large numbers.
std::string Number(double value, Lang lang, int decimals = 0);

// Everything that an answer carries (people.md, "Every answer carries"). `details` adds mechanism, scale,
// epsilon.
std::string RenderAnswer(const v1::Answer& answer, Lang lang, bool details);

// The numbers of one table, with margins and units.
std::string RenderTable(const v1::Table& table, Lang lang);

// Who answered, of whom, and why the others did not: what stands before the numbers.
std::string RenderCoverage(const v1::Answer& answer, Lang lang);

// One line per cell: key codes and labels, then value, low, high, shown per measure. French: `;`, decimal
// comma, BOM.
std::string RenderCsv(const v1::Answer& answer, Lang lang);

// A cell of a CSV file: quoted where it must be, and never one that a spreadsheet would run.
std::string CsvCell(absl::string_view text, char delimiter);
std::string CsvNumber(double value, Lang lang);

// How the words of an open list were, or would be, chosen; one line. `column`: its name.
std::string SelectionWords(const std::string& column, const v1::KeySelection& selection, Lang lang);

// A category as people read it: its label, else its code.
std::string CategoryText(const v1::Category& category, Lang lang);

std::string RenderRefusal(const v1::RefusalDetail& refusal, Lang lang);

// Why an organisation is not in a regional answer.
std::string WhyAbsent(v1::Refusal reason, Lang lang);

// Words of somebody else: nothing in them may move a cursor or break a line.
std::string OneLine(std::string text);

// Margins of one question, as "±12" or what they depend on.
std::string Margins(const v1::ExplainedQuestion& question, Lang lang);

// "2026-08-15 14:03 UTC"
std::string Minute(absl::Time time);

// "2 %" of parts per million.
std::string Percent(double ppm, Lang lang);

}  // namespace penc::cli
