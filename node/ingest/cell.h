// From a cell of a file to a stored value. One parser per mapped column, prepared once. Not thread-safe.
#pragma once
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "codebook/codebook.h"
#include "ingest/mapping.h"
#include "ingest/row_file.h"
#include "question/words.h"

namespace penc {

// Why a cell was not understood; the order is that of the importer's messages.
enum class CellProblem {
  kNone,
  kUnknownCode,
  kTooManyCodes,
  kNotAnOption,
  kNotANumber,
  kNotADate,
  kBareSerial,
  kAmbiguousDate,
  kOutOfRange,
  kFormulaError,
  kUncomputed,
  kNotAWord
};
Text Describe(CellProblem problem);

class CellParser {
 public:
  // `serials_from_1904`: what bare numbers that are dates count from.
  CellParser(const Codebook& codebook, const Column& column, const MappedColumn& mapped,
             const Mapping& mapping, bool serials_from_1904 = false);
  // `kind`: what the file itself says of the cell.
  CellProblem Parse(absl::string_view cell, StoredValue* value, CellKind kind = CellKind::kText);
  // Of the last cell of a column of words that Parse understood: what is kept of it; empty where nothing was
  // stated. Its value stays NULL: the store numbers words.
  const Word& word() const { return word_; }
  // What an option of several codes stands for: its bit, kNull where the mapping says that it means nothing.
  absl::optional<StoredValue> CodeOf(absl::string_view spelling) const;

 private:
  CellProblem ParseCode(absl::string_view cell, StoredValue* value);
  CellProblem ParseCodes(absl::string_view cell, StoredValue* value);
  CellProblem ParseNumber(absl::string_view cell, char decimal, StoredValue* value) const;
  CellProblem ParseDate(absl::string_view cell, CellKind kind, StoredValue* value) const;
  CellProblem Day(absl::string_view cell, CellKind kind, int64_t* day) const;
  CellProblem InRange(int64_t native, StoredValue* value) const;

  const Column& column_;
  std::string separators_;
  char decimal_;
  DateForm dates_;
  bool resaved_;
  bool serials_from_1904_;
  std::unordered_map<std::string, StoredValue>
      codes_;  // by spelling: codes, labels, the mapping's; kCodes: the bit's mask
  std::unordered_map<std::string, std::string>
      spelling_;  // numbers and dates: what the mapping says a spelling means
  std::string key_;
  Word word_;
};

// Whether an option's cell says chosen (1) or not (0); nothing where it says neither.
absl::optional<bool> Chosen(absl::string_view cell);

}  // namespace penc
