// From a cell of a file to a stored value. One parser per mapped column, prepared once. Not thread-safe.
#pragma once
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/status/statusor.h"
#include "codebook/codebook.h"
#include "ingest/mapping.h"

namespace penc {

// Why a cell was not understood; the order is that of the importer's messages.
enum class CellProblem {
  kNone,
  kUnknownCode,
  kTooManyCodes,
  kNotANumber,
  kNotADate,
  kAmbiguousDate,
  kOutOfRange
};
Text Describe(CellProblem problem);

class CellParser {
 public:
  CellParser(const Codebook& codebook, const Column& column, const MappedColumn& mapped,
             const Mapping& mapping);
  CellProblem Parse(absl::string_view cell, StoredValue* value);

 private:
  CellProblem ParseCode(absl::string_view cell, StoredValue* value);
  CellProblem ParseCodes(absl::string_view cell, StoredValue* value);
  CellProblem ParseNumber(absl::string_view cell, StoredValue* value) const;
  CellProblem ParseDate(absl::string_view cell, StoredValue* value) const;
  CellProblem Day(absl::string_view cell, int64_t* day) const;
  CellProblem InRange(int64_t native, StoredValue* value) const;

  const Column& column_;
  std::string separators_;
  char decimal_;
  DateForm dates_;
  std::unordered_map<std::string, StoredValue>
      codes_;  // by spelling: codes, labels, the mapping's; kCodes: the bit's mask
  std::unordered_map<std::string, std::string>
      spelling_;  // numbers and dates: what the mapping says a spelling means
  std::string key_;
};

}  // namespace penc
