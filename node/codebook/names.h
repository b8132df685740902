// What may be a name or a code in a codebook.
#pragma once
#include "absl/strings/string_view.h"

namespace penc {

// A table, column or list: a small letter, then small letters, digits and _; at most 48. SQL then needs no
// quotes.
bool IsName(absl::string_view text);

// A code: 1 to 64 bytes, no control character, no white space at either end.
bool IsCode(absl::string_view text);

// Whether the code can stand in a cell that holds several: no white space, comma, semicolon or bar.
bool IsSeparable(absl::string_view code);

}  // namespace penc
