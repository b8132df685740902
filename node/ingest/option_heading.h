// Headings of questions whose options have a column each, "OPTIONS/CODE": Kobo and ODK write them with "/" or
// ".", some exports with spaces around it. Pure.
#pragma once
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace penc {

// "needs/food" of the question "needs": "food"; empty: another column.
absl::string_view OptionOf(absl::string_view question, absl::string_view heading);

// The question of each heading, empty where it is none's. `options`: which columns say of one option whether
// it was chosen; others are of no question. Labels hold "/" themselves ("Eau / hygiène"): the longest
// question that is a heading of its own goes first, then what headings have in common.
std::vector<std::string> QuestionsOf(const std::vector<std::string>& headings,
                                     const std::vector<bool>& options);

}  // namespace penc
