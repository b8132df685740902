#include "codebook/names.h"

#include "absl/strings/ascii.h"

namespace penc {

bool IsName(absl::string_view text) {
  if (text.empty() || text.size() > 48 || !absl::ascii_islower(text[0])) return false;
  for (const char c : text) {
    if (!absl::ascii_islower(c) && !absl::ascii_isdigit(c) && c != '_') return false;
  }
  return true;
}

bool IsCode(absl::string_view text) {
  if (text.empty() || text.size() > 64 || text != absl::StripAsciiWhitespace(text)) return false;
  for (const char c : text) {
    if (absl::ascii_iscntrl(c)) return false;
  }
  return true;
}

bool IsSeparable(absl::string_view code) { return code.find_first_of(" \t,;|") == absl::string_view::npos; }

}  // namespace penc
