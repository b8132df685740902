#include "ingest/word.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include "absl/strings/ascii.h"
#include "base/status.h"
#include "base/utf8.h"
#include "ingest/person_key.h"

namespace penc {
namespace {

// Also what shows nothing and would make two words that look alike: zero-width and direction marks.
bool Shows(const icu::UnicodeString& text) {
  for (int32_t i = 0; i < text.length(); i = text.moveIndex32(i, 1)) {
    const int8_t type = u_charType(text.char32At(i));
    if (type == U_CONTROL_CHAR || type == U_FORMAT_CHAR || type == U_LINE_SEPARATOR ||
        type == U_PARAGRAPH_SEPARATOR || type == U_SURROGATE || type == U_PRIVATE_USE_CHAR ||
        type == U_UNASSIGNED)
      return false;
  }
  return true;
}

}  // namespace

bool ReadWord(absl::string_view cell, Word* word) {
  *word = Word();
  cell = absl::StripAsciiWhitespace(cell);
  if (FirstInvalidUtf8(cell) != absl::string_view::npos || cell.size() > 8 * kLongestWord) return false;
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* composing = icu::Normalizer2::getNFCInstance(error);
  PENC_CHECK(U_SUCCESS(error));
  const icu::UnicodeString composed = composing->normalize(
      icu::UnicodeString::fromUTF8(icu::StringPiece(cell.data(), static_cast<int>(cell.size()))), error);
  if (U_FAILURE(error) || !Shows(composed)) return false;
  composed.toUTF8String(word->text);
  if (!AppendNormalised(word->text, &word->same)) return false;
  if (word->same.empty()) word->text.clear();
  return word->same.size() <= kLongestWord && word->text.size() <= kLongestWord;
}

}  // namespace penc
