#include "ingest/cell.h"

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/civil_time.h"
#include "base/decimal.h"
#include "codebook/codes.h"
#include "codebook/period.h"
#include "ingest/word.h"
#include "ingest/xlsx/serial_date.h"

namespace penc {
namespace {

// How long the space at `at` is: a plain, no-break, narrow no-break or thin one; 0 where there is none.
size_t SpaceAt(absl::string_view text, size_t at) {
  if (at >= text.size() || absl::ascii_isdigit(text[at])) return 0;
  for (const absl::string_view space : {" ", "\xC2\xA0", "\xE2\x80\xAF", "\xE2\x80\x89"}) {
    if (absl::StartsWith(text.substr(at), space)) return space.size();
  }
  return 0;
}

bool OnlySpaces(absl::string_view text) {
  while (SpaceAt(text, 0) > 0) text.remove_prefix(SpaceAt(text, 0));
  return text.empty();
}

// A group of exactly three.
bool ThreeDigitsAt(absl::string_view text, size_t at) {
  size_t digits = 0;
  while (at + digits < text.size() && absl::ascii_isdigit(text[at + digits])) ++digits;
  return digits == 3;
}

}  // namespace

Text Describe(CellProblem problem) {
  switch (problem) {
    case CellProblem::kUnknownCode:
      return {"code inconnu du lexique; ajoutez-le à «values» du mapping",
              "code unknown to the codebook; add it to the mapping's \"values\""};
    case CellProblem::kTooManyCodes:
      return {"plus de codes à la fois que le lexique n'en permet",
              "more codes at once than the codebook allows"};
    case CellProblem::kNotAnOption:
      return {"ni 1 ni 0: choisie ou non ? (True/False, oui/non vont aussi)",
              "neither 1 nor 0: chosen or not? (True/False, yes/no do as well)"};
    case CellProblem::kFormulaError:
      return {"erreur de formule (#REF!, #N/A …); corrigez la formule dans Excel",
              "formula error (#REF!, #N/A …); correct the formula in Excel"};
    case CellProblem::kUncomputed:
      return {
          "formule sans valeur calculée; ouvrez le fichier dans Excel, enregistrez-le et importez-le de "
          "nouveau",
          "formula without a computed value; open the file in Excel, save it and import it again"};
    case CellProblem::kBareSerial:
      return {
          "un nombre nu, pas une date; donnez à la colonne le format Date dans Excel, ou écrivez «file: "
          "{dates: excel}»",
          "a bare number, no date; give the column the Date format in Excel, or write \"file: {dates: "
          "excel}\""};
    case CellProblem::kNotANumber:
      return {"pas un nombre (décimale «,» ou «.» ? voyez «file: {decimal}»)",
              "not a number (decimal \",\" or \".\"? see \"file: {decimal}\")"};
    case CellProblem::kNotADate:
      return {"pas une date de la forme dite par le mapping", "not a date of the form that the mapping says"};
    case CellProblem::kAmbiguousDate:
      return {"03/04 est le 3 avril ou le 4 mars ? Écrivez «file: {dates: dd/mm/yyyy}» dans le mapping",
              "is 03/04 April 3 or March 4? Write \"file: {dates: dd/mm/yyyy}\" in the mapping"};
    case CellProblem::kOutOfRange:
      return {"hors de l'intervalle du lexique", "out of the codebook's range"};
    case CellProblem::kNotAWord:
      return {absl::StrCat("plus de ", kLongestWord, " octets, ou des signes de contrôle: pas un nom"),
              absl::StrCat("more than ", kLongestWord, " bytes, or control characters: not a name")};
    case CellProblem::kNone:
      break;
  }
  return {"", ""};
}

CellParser::CellParser(const Codebook& codebook, const Column& column, const MappedColumn& mapped,
                       const Mapping& mapping, bool serials_from_1904)
    : column_(column),
      separators_(mapped.separator.empty() ? " ,;|" : mapped.separator),
      decimal_(mapping.decimal),
      dates_(mapping.dates),
      resaved_(mapping.resaved),
      serials_from_1904_(serials_from_1904) {
  const CodeList* list = codebook.list_of(column);
  if (list == nullptr) {
    spelling_.insert(mapped.values.begin(), mapped.values.end());
    return;
  }
  const bool mask = column.type == ColumnType::kCodes;
  std::unordered_map<std::string, std::set<uint32_t>> labelled;
  for (uint32_t i = 0; i < list->codes.size(); ++i) {
    labelled[list->codes[i].label.fr].insert(i);
    labelled[list->codes[i].label.en].insert(i);
  }
  // A label stands for its code where no other code has it too; codes themselves and the mapping go first.
  for (const auto& [label, of] : labelled) {
    if (of.size() == 1 && !label.empty()) codes_[label] = mask ? 1u << *of.begin() : *of.begin() + 1;
  }
  for (uint32_t i = 0; i < list->codes.size(); ++i) codes_[list->codes[i].code] = mask ? 1u << i : i + 1;
  for (const auto& [from, code] : mapped.values)
    codes_[from] = code.empty() ? kNull : mask ? 1u << *list->Find(code) : *list->Find(code) + 1;
}

CellProblem CellParser::Parse(absl::string_view cell, StoredValue* value, CellKind kind) {
  *value = kNull;
  word_ = Word();
  if (kind == CellKind::kUncomputed) return CellProblem::kUncomputed;
  if (cell.empty()) return CellProblem::kNone;
  if (kind == CellKind::kError) return CellProblem::kFormulaError;
  if (column_.type == ColumnType::kCode) return ParseCode(cell, value);
  if (column_.type == ColumnType::kCodes) return ParseCodes(cell, value);
  std::string respelt;
  char decimal = kind == CellKind::kNumber ? '.' : decimal_;
  if (!spelling_.empty()) {
    if (const auto found = spelling_.find(std::string(cell)); found != spelling_.end()) {
      respelt = found->second;
      if (respelt.empty()) return CellProblem::kNone;
      cell = respelt;
      kind = CellKind::kText;
      decimal = decimal_;
    }
  }
  if (column_.type == ColumnType::kText)
    return ReadWord(cell, &word_) ? CellProblem::kNone : CellProblem::kNotAWord;
  return column_.is_date() ? ParseDate(cell, kind, value) : ParseNumber(cell, decimal, value);
}

absl::optional<StoredValue> CellParser::CodeOf(absl::string_view spelling) const {
  const auto found = codes_.find(std::string(spelling));
  if (found == codes_.end()) return absl::nullopt;
  return found->second;
}

absl::optional<bool> Chosen(absl::string_view cell) {
  for (const absl::string_view yes : {"1", "true", "vrai", "yes", "oui"}) {
    if (absl::EqualsIgnoreCase(cell, yes)) return true;
  }
  for (const absl::string_view no : {"0", "false", "faux", "no", "non"}) {
    if (absl::EqualsIgnoreCase(cell, no)) return false;
  }
  return absl::nullopt;
}

CellProblem CellParser::ParseCode(absl::string_view cell, StoredValue* value) {
  key_.assign(cell.data(), cell.size());
  const auto found = codes_.find(key_);
  if (found == codes_.end()) return CellProblem::kUnknownCode;
  *value = found->second;
  return CellProblem::kNone;
}

CellProblem CellParser::ParseCodes(absl::string_view cell, StoredValue* value) {
  StoredValue mask = 0;
  // The whole cell may be one spelling ("Oui, souvent") before it is taken apart.
  if (ParseCode(cell, value) == CellProblem::kNone) return CellProblem::kNone;
  for (absl::string_view part : absl::StrSplit(cell, absl::ByAnyChar(separators_), absl::SkipEmpty())) {
    StoredValue one = 0;
    if (ParseCode(absl::StripAsciiWhitespace(part), &one) != CellProblem::kNone)
      return CellProblem::kUnknownCode;
    mask |= one;
  }
  if (static_cast<uint32_t>(__builtin_popcount(mask)) > column_.max_codes) return CellProblem::kTooManyCodes;
  *value = mask;
  return CellProblem::kNone;
}

CellProblem CellParser::InRange(int64_t native, StoredValue* value) const {
  const auto stored = StoredOfNumber(column_, native);
  if (!stored.has_value()) return CellProblem::kOutOfRange;
  *value = *stored;
  return CellProblem::kNone;
}

CellProblem CellParser::ParseNumber(absl::string_view cell, char decimal, StoredValue* value) const {
  // "12,5" of a French spreadsheet; "1,240" may be a thousand, and is no number.
  if (const size_t comma = cell.find(','); resaved_ && decimal == '.' && comma != cell.npos &&
                                           cell.find('.') == cell.npos && !ThreeDigitsAt(cell, comma + 1))
    decimal = ',';
  while (SpaceAt(cell, 0) > 0) cell.remove_prefix(SpaceAt(cell, 0));
  std::string text;
  for (size_t i = 0; i < cell.size();) {
    if (const size_t space = SpaceAt(cell, i); space > 0) {
      i += space;
      // Between groups of three digits (1 240), after a sign, at the end; "1 5" is no number.
      const bool digits = !text.empty() && absl::ascii_isdigit(text.back());
      if (text != "-" && !(digits && ThreeDigitsAt(cell, i)) && !OnlySpaces(cell.substr(i)))
        return CellProblem::kNotANumber;
      continue;
    }
    const char c = cell[i++];
    text.push_back(c == decimal ? '.' : c == '.' ? '?' : c);
  }
  // Spreadsheets write 007 and 12.: leading zeros and a bare point mean nothing.
  const size_t sign = !text.empty() && text[0] == '-' ? 1 : 0;
  while (text.size() > sign + 1 && text[sign] == '0' && absl::ascii_isdigit(text[sign + 1]))
    text.erase(sign, 1);
  if (!text.empty() && text.back() == '.') text.pop_back();
  // And 1E+05, as R and small columns write it.
  if (const size_t plus = text.find('+'); plus != std::string::npos && plus > 1 && plus + 1 < text.size() &&
                                          absl::ascii_tolower(text[plus - 1]) == 'e') {
    text[plus - 1] = 'e';
    text.erase(plus, 1);
  }
  const absl::StatusOr<Decimal> number = ParseDecimal(text);
  if (!number.ok()) return CellProblem::kNotANumber;
  // To the nearest step, halves away from zero: what is finer than a step is not kept.
  const __int128 num = static_cast<__int128>(number->num) * column_.step_den * 2,
                 den = static_cast<__int128>(number->den) * column_.step_num;
  const __int128 steps = (num >= 0 ? num + den : num - den) / (2 * den);
  if (steps > INT32_MAX || steps < INT32_MIN) return CellProblem::kOutOfRange;
  if (column_.type == ColumnType::kInteger && num % (2 * den) != 0) return CellProblem::kNotANumber;
  return InRange(static_cast<int64_t>(steps), value);
}

// Days since 1970 of a full date.
CellProblem CellParser::Day(absl::string_view cell, CellKind kind, int64_t* day) const {
  if (const size_t time = cell.find_first_of("T "); time != absl::string_view::npos && time >= 8)
    cell = cell.substr(0, time);
  const bool slashed = resaved_ && cell.find('/') != cell.npos;
  if (dates_ == DateForm::kExcel && kind != CellKind::kDate && !slashed) {
    // After the point stands the time of day.
    const size_t point = cell.find(kind == CellKind::kNumber ? '.' : decimal_);
    if (point != absl::string_view::npos && cell.find_first_not_of("0123456789", point + 1) == cell.npos)
      cell = cell.substr(0, point);
    int64_t serial = 0;
    if (!absl::SimpleAtoi(cell, &serial)) return CellProblem::kNotADate;
    const absl::optional<int64_t> since_1970 = DayOfSerial(serial, serials_from_1904_);
    if (!since_1970.has_value()) return CellProblem::kNotADate;
    *day = *since_1970;
    return CellProblem::kNone;
  }
  if (cell.size() == 10 && cell[4] == '-') {
    const absl::StatusOr<int64_t> parsed = ParsePeriod(ColumnType::kDay, cell);
    if (!parsed.ok()) return CellProblem::kNotADate;
    *day = *parsed;
    return CellProblem::kNone;
  }
  if (kind == CellKind::kNumber) return CellProblem::kBareSerial;
  const std::vector<absl::string_view> parts = absl::StrSplit(cell, absl::ByAnyChar("/.-"));
  int numbers[3];
  if (parts.size() != 3) return CellProblem::kNotADate;
  for (int i = 0; i < 3; ++i) {
    if (!absl::SimpleAtoi(parts[i], &numbers[i])) return CellProblem::kNotADate;
  }
  if (numbers[2] < 1000) return CellProblem::kNotADate;
  const bool day_first = dates_ == DateForm::kDayFirst || (resaved_ && dates_ != DateForm::kMonthFirst);
  if (!day_first && dates_ == DateForm::kAsk) return CellProblem::kAmbiguousDate;
  if (!day_first && dates_ != DateForm::kMonthFirst) return CellProblem::kNotADate;
  const int d = day_first ? numbers[0] : numbers[1], m = day_first ? numbers[1] : numbers[0];
  const absl::CivilDay civil(numbers[2], m, d);
  if (civil.day() != d || civil.month() != m) return CellProblem::kNotADate;  // 31/02 would roll over
  *day = civil - absl::CivilDay(1970, 1, 1);
  return CellProblem::kNone;
}

CellProblem CellParser::ParseDate(absl::string_view cell, CellKind kind, StoredValue* value) const {
  // A period of the column's own unit, or a full day that falls in one.
  const absl::StatusOr<int64_t> period = ParsePeriod(column_.type, cell);
  if (period.ok()) return InRange(*period, value);
  int64_t day = 0;
  if (const CellProblem problem = Day(cell, kind, &day); problem != CellProblem::kNone) return problem;
  return InRange(PeriodOfDay(column_.type, day), value);
}

}  // namespace penc
