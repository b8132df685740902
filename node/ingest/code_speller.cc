#include "ingest/code_speller.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace penc {
namespace {

constexpr size_t kMostNamed = 25;  // codes in one sentence

void Put(std::map<std::string, absl::optional<uint32_t>>& to, const std::string& spelling, uint32_t code) {
  if (spelling.empty()) return;
  const auto [at, is_new] = to.emplace(spelling, code);
  if (!is_new && at->second != code) at->second = absl::nullopt;
}

// "18-24" or "60+".
bool RangeOf(absl::string_view code, int* from, int* to) {
  if (absl::ConsumeSuffix(&code, "+")) {
    *to = 130;
    return absl::SimpleAtoi(code, from);
  }
  const size_t dash = code.find('-');
  return dash != absl::string_view::npos && absl::SimpleAtoi(code.substr(0, dash), from) &&
         absl::SimpleAtoi(code.substr(dash + 1), to);
}

}  // namespace

CodeSpeller::CodeSpeller(const CodeList& list, const Synonyms& synonyms) : list_(list) {
  int from = 0, to = 0;
  uint32_t ranges = 0;
  for (uint32_t i = 0; i < list.codes.size(); ++i) {
    const Code& code = list.codes[i];
    for (const std::string& name : {code.label.fr, code.label.en}) {
      Put(exact_, name, i);
      Put(plain_, PlainWords(name), i);
    }
    ranges += RangeOf(code.code, &from, &to) ? 1 : 0;
  }
  // A code goes before labels and synonyms.
  for (uint32_t i = 0; i < list.codes.size(); ++i) {
    exact_[list.codes[i].code] = i;
    plain_[PlainWords(list.codes[i].code)] = i;
  }
  ranges_ = ranges >= 3;
  if (const auto known = synonyms.values.find(list.name); known != synonyms.values.end()) {
    for (const auto& [words, code] : known->second) {
      if (const auto index = list.Find(code); index.has_value()) plain_.emplace(words, *index);
    }
  }
}

absl::optional<uint32_t> CodeSpeller::Find(absl::string_view spelling) const {
  if (const auto found = exact_.find(std::string(spelling)); found != exact_.end()) return found->second;
  if (const auto found = plain_.find(PlainWords(spelling)); found != plain_.end()) return found->second;
  int years = 0;
  if (!ranges_ || !absl::SimpleAtoi(spelling, &years)) return absl::nullopt;
  for (uint32_t i = 0; i < list_.codes.size(); ++i) {
    int from = 0, to = 0;
    if (RangeOf(list_.codes[i].code, &from, &to) && years >= from && years <= to) return i;
  }
  return absl::nullopt;
}

bool CodeSpeller::Understood(absl::string_view spelling) const {
  const auto found = exact_.find(std::string(spelling));
  return found != exact_.end() && found->second.has_value();
}

Text CodesOf(const CodeList& list) {
  Text codes;
  for (size_t i = 0; i < std::min(list.codes.size(), kMostNamed); ++i) {
    const Code& code = list.codes[i];
    absl::StrAppend(&codes.fr, i == 0 ? "" : ", ", code.code, " (", code.label.fr, ")");
    absl::StrAppend(&codes.en, i == 0 ? "" : ", ", code.code, " (", code.label.en, ")");
  }
  if (list.codes.size() > kMostNamed) {
    codes.fr += ", …";
    codes.en += ", …";
  }
  return codes;
}

}  // namespace penc
