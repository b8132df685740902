#include "ingest/hxl.h"

#include <algorithm>
#include <set>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace penc {
namespace {

bool Word(absl::string_view text) {
  return !text.empty() && absl::ascii_isalpha(text[0]) &&
         std::all_of(text.begin(), text.end(), [](char c) { return absl::ascii_isalnum(c) || c == '_'; });
}

}  // namespace

absl::optional<std::string> CanonicalTag(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  if (text.empty() || text[0] != '#') return absl::nullopt;
  const std::vector<std::string> parts = absl::StrSplit(absl::AsciiStrToLower(text.substr(1)), '+');
  std::set<std::string> attributes;
  for (size_t i = 0; i < parts.size(); ++i) {
    const absl::string_view part = absl::StripAsciiWhitespace(parts[i]);
    if (!Word(part)) return absl::nullopt;
    if (i > 0) attributes.emplace(part);
  }
  const absl::string_view name = absl::StripAsciiWhitespace(parts[0]);
  return attributes.empty() ? absl::StrCat("#", name)
                            : absl::StrCat("#", name, "+", absl::StrJoin(attributes, "+"));
}

}  // namespace penc
