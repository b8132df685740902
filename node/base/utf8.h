// UTF-8, checked strictly (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF).
#pragma once
#include "absl/strings/string_view.h"

namespace penc {

// Position of the first byte that is not part of a valid sequence, or npos.
size_t FirstInvalidUtf8(absl::string_view text);

// The longest beginning of a valid text that has at most `most` bytes and cuts no character.
absl::string_view BeginningOf(absl::string_view text, size_t most);

}  // namespace penc
