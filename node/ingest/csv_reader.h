// Rows of a CSV text through libcsv (RFC 4180): quoted cells with delimiters and line breaks, CRLF. The
// delimiter is the mapping's, or the one of `,` `;` and tab that the heading shows; two that fit equally are
// asked about. A first line "sep=;" says it, as Excel takes it.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ingest/text_reader.h"

namespace penc {

inline constexpr size_t kLongestRecord = 1 << 20;  // bytes

// The cells of one row that is not empty. `number` as Excel shows it: from 1, empty rows count. Return an
// error to stop.
using OnRow = std::function<absl::Status(uint64_t number, const std::vector<absl::string_view>& cells)>;

struct CsvForm {
  char delimiter = 0;  // 0: by the heading
  // A heading that begins with this cell shows its delimiter after it, whatever `delimiter` says; empty:
  // none.
  std::string own_cell;
};

// Reads to the end. INVALID_ARGUMENT with the row: an open quote, a record over 1 MiB, no heading. The
// delimiter that was used.
absl::StatusOr<char> ReadCsv(TextReader& text, const CsvForm& form, const OnRow& on_row);

}  // namespace penc
