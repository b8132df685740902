#include "codebook/codes.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/decimal.h"
#include "codebook/period.h"
#include "codebook/read_lists.h"

namespace penc {
namespace {

const CodeList& ListOf(const Codebook& codebook, const Column& column) {
  const CodeList* list = codebook.list_of(column);
  PENC_CHECK(list != nullptr);
  return *list;
}

absl::StatusOr<uint32_t> FindCode(const CodeList& list, absl::string_view code) {
  const auto found = list.Find(code);
  if (found.has_value()) return *found;
  std::vector<std::string> known;
  for (const Code& c : list.codes) known.push_back(c.code);
  Text hint = NearestHint(code, known);
  if (hint.en.empty()) {
    const std::string first = absl::StrCat(
        absl::StrJoin(known.begin(), known.begin() + std::min<ptrdiff_t>(12, known.size()), ", "),
        known.size() > 12 ? " …" : "");
    hint = {absl::StrCat("; ses codes: ", first), absl::StrCat("; its codes: ", first)};
  }
  const absl::string_view shown = code.substr(0, 40);
  return Fail(absl::StatusCode::kNotFound,
              {absl::StrCat("«", shown, "» n'est pas un code de ", list.name, hint.fr),
               absl::StrCat("\"", shown, "\" is not a code of ", list.name, hint.en)});
}

absl::StatusOr<StoredValue> MaskOf(const CodeList& list, const Column& column, absl::string_view text) {
  StoredValue mask = 0;
  uint32_t several = 0;
  for (const absl::string_view code : absl::StrSplit(text, ' ')) {
    ASSIGN_OR_RETURN(const uint32_t bit, FindCode(list, code));
    several += (mask >> bit & 1) == 0;
    mask |= StoredValue{1} << bit;
  }
  if (several <= column.max_codes) return mask;
  return Fail(absl::StatusCode::kOutOfRange,
              {absl::StrCat("plus de ", column.max_codes, " codes à la fois"),
               absl::StrCat("more than ", column.max_codes, " codes at once")});
}

absl::StatusOr<int64_t> ReadNumber(const Column& column, absl::string_view text) {
  if (column.is_date()) return ParsePeriod(column.type, text);
  ASSIGN_OR_RETURN(const Decimal value, ParseDecimal(text));
  const Decimal step{column.step_num, column.step_den};
  const auto steps = InSteps(value, step);
  if (steps.has_value()) return *steps;
  return Fail(absl::StatusCode::kInvalidArgument,
              {absl::StrCat("«", text.substr(0, 40), "» n'est pas un multiple de ", FormatDecimal(step)),
               absl::StrCat("\"", text.substr(0, 40), "\" is not a multiple of ", FormatDecimal(step))});
}

std::string WriteNumber(const Column& column, int64_t number) {
  if (column.is_date()) return FormatPeriod(column.type, number);
  const auto value = OfSteps(number, {column.step_num, column.step_den});
  PENC_CHECK(value.has_value());
  return FormatDecimal(*value);
}

}  // namespace

absl::StatusOr<StoredValue> StoredOf(const Codebook& codebook, const Column& column, absl::string_view text) {
  if (text.empty()) return kNull;
  if (column.type == ColumnType::kText) {
    return Fail(absl::StatusCode::kInvalidArgument,
                {absl::StrCat(column.name, ": ces mots n'appartiennent qu'à l'organisation qui les écrit"),
                 absl::StrCat(column.name, ": these words are only the office's that writes them")});
  }
  if (column.type == ColumnType::kCodes) return MaskOf(ListOf(codebook, column), column, text);
  if (column.type == ColumnType::kCode) {
    ASSIGN_OR_RETURN(const uint32_t code, FindCode(ListOf(codebook, column), text));
    return code + 1;
  }
  ASSIGN_OR_RETURN(const int64_t number, ReadNumber(column, text));
  const auto stored = StoredOfNumber(column, number);
  if (stored.has_value()) return *stored;
  const std::string lo = WriteNumber(column, column.lo), hi = WriteNumber(column, column.hi);
  return Fail(absl::StatusCode::kOutOfRange,
              {absl::StrCat("«", text.substr(0, 40), "» est hors de ", lo, " à ", hi),
               absl::StrCat("\"", text.substr(0, 40), "\" is outside ", lo, " to ", hi)});
}

std::string WrittenOf(const Codebook& codebook, const Column& column, StoredValue value) {
  PENC_CHECK(Fits(codebook, column, value));
  if (value == kNull) return "";
  if (column.type == ColumnType::kText) return absl::StrCat("#", value);
  if (column.type == ColumnType::kCode) return ListOf(codebook, column).codes[value - 1].code;
  if (column.type != ColumnType::kCodes) return WriteNumber(column, NumberOf(column, value));
  std::string text;
  const CodeList& list = ListOf(codebook, column);
  for (uint32_t bit = 0; bit < list.codes.size(); ++bit) {
    if ((value >> bit & 1) != 0) absl::StrAppend(&text, text.empty() ? "" : " ", list.codes[bit].code);
  }
  return text;
}

Text LabelOf(const Codebook& codebook, const Column& column, StoredValue value) {
  PENC_CHECK(Fits(codebook, column, value));
  if (value == kNull) return {"non renseigné", "not stated"};
  if (column.type == ColumnType::kCode) return ListOf(codebook, column).codes[value - 1].label;
  if (column.type != ColumnType::kCodes) {
    const std::string text = WrittenOf(codebook, column, value);
    return {text, text};
  }
  Text label;
  const CodeList& list = ListOf(codebook, column);
  for (uint32_t bit = 0; bit < list.codes.size(); ++bit) {
    if ((value >> bit & 1) == 0) continue;
    absl::StrAppend(&label.fr, label.fr.empty() ? "" : "; ", list.codes[bit].label.fr);
    absl::StrAppend(&label.en, label.en.empty() ? "" : "; ", list.codes[bit].label.en);
  }
  return label;
}

bool Fits(const Codebook& codebook, const Column& column, StoredValue value) {
  if (column.type != ColumnType::kCodes) return value <= column.size(codebook.list_of(column));
  return value >> ListOf(codebook, column).codes.size() == 0 &&
         static_cast<uint32_t>(__builtin_popcount(value)) <= column.max_codes;
}

int64_t NumberOf(const Column& column, StoredValue value) {
  PENC_CHECK(value != kNull && (column.is_amount() || column.is_date()));
  return column.lo + static_cast<int64_t>(value) - 1;
}

absl::optional<StoredValue> StoredOfNumber(const Column& column, int64_t number) {
  if (number < column.lo || number > column.hi) return absl::nullopt;
  return static_cast<StoredValue>(number - column.lo + 1);
}

}  // namespace penc
