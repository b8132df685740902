#include "base/utf8.h"

#include <cstdint>

namespace penc {

size_t FirstInvalidUtf8(absl::string_view text) {
  size_t i = 0;
  while (i < text.size()) {
    const uint8_t lead = text[i];
    if (lead < 0x80) {
      ++i;
      continue;
    }
    // Length, and the range of the second byte: it is what excludes overlong forms and surrogates.
    size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    uint8_t low = 0x80, high = 0xbf;
    if (lead < 0xc2 || lead > 0xf4) return i;
    if (lead == 0xe0) low = 0xa0;
    if (lead == 0xed) high = 0x9f;
    if (lead == 0xf0) low = 0x90;
    if (lead == 0xf4) high = 0x8f;
    if (i + length > text.size()) return i;
    for (size_t k = 1; k < length; ++k) {
      const uint8_t byte = text[i + k];
      if (byte < low || byte > high) return i;
      low = 0x80;
      high = 0xbf;
    }
    i += length;
  }
  return absl::string_view::npos;
}

absl::string_view BeginningOf(absl::string_view text, size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0) == 0x80) --most;
  return text.substr(0, most);
}

}  // namespace penc
