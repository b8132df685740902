#include "ingest/option_heading.h"

#include <map>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace penc {
namespace {

bool Cuts(char c) { return c == '/' || c == '.'; }

struct Cut {
  std::string question;
  bool spaced;  // "a / b": as likely within a label
};

// Where a heading may fall apart, longest question first.
std::vector<Cut> CutsOf(const std::string& heading) {
  std::vector<Cut> cuts;
  for (size_t at = heading.size(); at-- > 1;) {
    if (!Cuts(heading[at])) continue;
    std::string question(absl::StripAsciiWhitespace(heading.substr(0, at)));
    if (question.empty() || OptionOf(question, heading).empty()) continue;
    cuts.push_back({std::move(question), heading[at - 1] == ' ' || heading[at + 1] == ' '});
  }
  return cuts;
}

// The longest question that `known` holds; empty: none.
template <typename Known>
std::string Longest(const std::vector<Cut>& cuts, const Known& known) {
  for (const Cut& cut : cuts) {
    if (known(cut.question)) return cut.question;
  }
  return "";
}

}  // namespace

absl::string_view OptionOf(absl::string_view question, absl::string_view heading) {
  if (question.empty() || !absl::StartsWith(heading, question)) return "";
  const absl::string_view rest = absl::StripLeadingAsciiWhitespace(heading.substr(question.size()));
  return rest.empty() || !Cuts(rest[0]) ? "" : absl::StripAsciiWhitespace(rest.substr(1));
}

std::vector<std::string> QuestionsOf(const std::vector<std::string>& headings,
                                     const std::vector<bool>& options) {
  const std::set<std::string> own(headings.begin(), headings.end());
  std::vector<std::string> questions(headings.size());
  std::vector<std::vector<Cut>> cuts(headings.size());
  std::map<std::string, size_t> columns;
  for (size_t i = 0; i < headings.size(); ++i) {
    if (!options[i]) continue;
    cuts[i] = CutsOf(headings[i]);
    if (cuts[i].empty()) continue;
    questions[i] = Longest(cuts[i], [&](const std::string& question) { return own.count(question) > 0; });
    for (const Cut& cut : cuts[i]) {
      if (questions[i].empty() && !cut.spaced) questions[i] = cut.question;
    }
    if (questions[i].empty()) questions[i] = cuts[i][0].question;
    ++columns[questions[i]];
  }
  const auto several = [&](const std::string& question) {
    const auto found = columns.find(question);
    return found != columns.end() && found->second > 1;
  };
  for (size_t i = 0; i < headings.size(); ++i) {
    if (!questions[i].empty() && !several(questions[i])) questions[i] = Longest(cuts[i], several);
  }
  return questions;
}

}  // namespace penc
