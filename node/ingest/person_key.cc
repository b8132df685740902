#include "ingest/person_key.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <cstring>

#include "absl/strings/ascii.h"
#include "base/status.h"
#include "base/utf8.h"
#include "crypto/keyfile.h"

namespace penc {
namespace {

constexpr char kVersion = 1;
constexpr char kOfRow = 2;  // in the version's place: another kind of key

// Trims and collapses; `text` holds no other spaces than ASCII ones (NFKC maps the others to them).
void AppendCollapsed(absl::string_view text, std::string* out) {
  const size_t start = out->size();
  bool space = false;
  for (char c : text) {
    if (absl::ascii_isspace(c)) {
      space = true;
      continue;
    }
    if (space && out->size() > start) out->push_back(' ');
    space = false;
    out->push_back(c);
  }
}

}  // namespace

bool AppendNormalised(absl::string_view text, std::string* out) {
  const bool ascii =
      std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 128; });
  if (ascii) {
    const size_t start = out->size();
    AppendCollapsed(text, out);
    for (size_t i = start; i < out->size(); ++i) (*out)[i] = absl::ascii_tolower((*out)[i]);
    return true;
  }
  if (FirstInvalidUtf8(text) != absl::string_view::npos) return false;
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* folding = icu::Normalizer2::getNFKCCasefoldInstance(error);
  PENC_CHECK(U_SUCCESS(error));
  const icu::UnicodeString folded = folding->normalize(
      icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<int>(text.size()))), error);
  if (U_FAILURE(error)) return false;
  std::string utf8;
  folded.toUTF8String(utf8);
  AppendCollapsed(utf8, out);
  return true;
}

std::string WithoutAccents(absl::string_view text) {
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* decomposing = icu::Normalizer2::getNFKDInstance(error);
  PENC_CHECK(U_SUCCESS(error));
  const icu::UnicodeString apart = decomposing->normalize(
      icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<int>(text.size()))), error);
  if (U_FAILURE(error)) return std::string(text);
  icu::UnicodeString plain;
  for (int32_t i = 0; i < apart.length(); i = apart.moveIndex32(i, 1)) {
    const UChar32 c = apart.char32At(i);
    if (u_charType(c) != U_NON_SPACING_MARK) plain.append(c);
  }
  std::string utf8;
  plain.toUTF8String(utf8);
  return utf8;
}

PersonKeyMaker::PersonKeyMaker(const Secret& node_key)
    : hmac_(DeriveKey(node_key, "persons of records").view()) {}

bool PersonKeyMaker::Make(absl::Span<const absl::string_view> parts, PersonKey* key) {
  buffer_.assign(1, kVersion);
  bool any = false;
  for (absl::string_view part : parts) {
    const size_t length_at = buffer_.size();
    buffer_.append(4, '\0');
    if (!AppendNormalised(part, &buffer_)) return false;
    const size_t size = buffer_.size() - length_at - 4;
    any = any || size > 0;
    for (int i = 0; i < 4; ++i) buffer_[length_at + i] = static_cast<char>(size >> (8 * i) & 0xff);
  }
  if (!any) return false;
  std::array<uint8_t, 32> mac;
  hmac_.Mac(buffer_, mac);
  std::memcpy(key->data(), mac.data(), key->size());
  return true;
}

PersonKey PersonKeyMaker::MakeForRow(absl::string_view row) {
  buffer_.assign(1, kOfRow);
  buffer_.append(row.data(), row.size());
  std::array<uint8_t, 32> mac;
  hmac_.Mac(buffer_, mac);
  PersonKey key;
  std::memcpy(key.data(), mac.data(), key.size());
  return key;
}

}  // namespace penc
