// What a workbook says before its rows: sheets, epoch, which cell formats are dates, shared texts (ECMA-376,
// part 1: 18.2, 18.8, 18.4).
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ingest/xlsx/zip_parts.h"

namespace penc {

// Texts that cells refer to by number.
class SharedTexts {
 public:
  static constexpr size_t kMostBytes = 256 << 20;
  size_t size() const { return ends_.size(); }
  absl::string_view operator[](size_t at) const {
    const size_t begin = at == 0 ? 0 : ends_[at - 1];
    return absl::string_view(text_).substr(begin, ends_[at] - begin);
  }
  size_t bytes() const { return text_.size(); }
  void Append(absl::string_view piece) { text_.append(piece.data(), piece.size()); }
  void EndText();

 private:
  std::string text_;
  std::vector<size_t> ends_;
};

struct Workbook {
  // Of a part that is no sheet and no shared texts.
  static constexpr uint64_t kLargestPart = 64 << 20;
  struct Sheet {
    std::string name;
    std::string part;  // in the zip
    bool hidden = false;
  };
  std::vector<Sheet> sheets;  // with rows; charts are none
  bool from_1904 = false;
  std::vector<bool> dates;  // by cell format
  SharedTexts texts;
};

// INVALID_ARGUMENT: no workbook of this kind (and what it is, where that can be told), or damaged.
// RESOURCE_EXHAUSTED: a part is too large.
absl::StatusOr<Workbook> ReadWorkbook(ZipParts& zip);

// "_x000D_" in a text of a workbook is the character of that number.
std::string Unescaped(absl::string_view text);

}  // namespace penc
