#include "tests/simulation/operation.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace penc::simulation {
namespace {

// In the order of the enumerations.
constexpr absl::string_view kActs[] = {
    "charge",      "build", "send",   "abstain", "learn",   "lose-file", "back-up",   "restore",
    "adopt",       "lie",   "vote",   "promise", "release", "reveal",    "lose-keys", "tick",
    "hub-forgets", "open",  "replay", "cut",     "heal",    "wait",      "settle"};
constexpr absl::string_view kFaults[] = {"",           "crash-before",     "crash-after",    "late",
                                         "reply-lost", "hub-crash-before", "hub-crash-after"};

template <typename Enumeration, size_t n>
bool Find(const absl::string_view (&names)[n], absl::string_view word, Enumeration& value) {
  const auto at = std::find(std::begin(names), std::end(names), word);
  if (at == std::end(names)) return false;
  value = static_cast<Enumeration>(at - std::begin(names));
  return true;
}

bool Read(absl::string_view line, Operation& out) {
  const std::vector<absl::string_view> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
  if (words.empty() || !Find(kActs, words[0], out.act)) return false;
  for (size_t i = 1; i < words.size(); ++i) {
    if (i == 1 && absl::SimpleAtoi(words[i], &out.who)) continue;
    uint32_t* const number = words[i] == "round" ? &out.round : words[i] == "what" ? &out.what : nullptr;
    if (number != nullptr) {
      if (++i == words.size() || !absl::SimpleAtoi(words[i], number)) return false;
    } else if (!Find(kFaults, words[i], out.fault)) {
      return false;
    }
  }
  return true;
}

}  // namespace

std::string ToText(const Operation& operation) {
  std::string line = absl::StrCat(kActs[static_cast<size_t>(operation.act)], " ", operation.who);
  if (operation.round != 0) absl::StrAppend(&line, " round ", operation.round);
  if (operation.what != 0) absl::StrAppend(&line, " what ", operation.what);
  if (operation.fault != Fault::kNone)
    absl::StrAppend(&line, " ", kFaults[static_cast<size_t>(operation.fault)]);
  return line;
}

std::string ToText(const std::vector<Operation>& history) {
  std::string text;
  for (const Operation& operation : history) absl::StrAppend(&text, ToText(operation), "\n");
  return text;
}

absl::StatusOr<std::vector<Operation>> ReadHistory(absl::string_view text) {
  std::vector<Operation> history;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    line = absl::StripAsciiWhitespace(line);
    if (line.empty() || line[0] == '#') continue;
    if (!Read(line, history.emplace_back()))
      return absl::InvalidArgumentError(absl::StrCat("not an operation: ", line));
  }
  return history;
}

}  // namespace penc::simulation
