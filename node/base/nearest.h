// "Did you mean ...?": the known word that a misspelt one is closest to.
#pragma once
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace penc {

// The word of `known` with the fewest edits (insert, delete, replace, swap of neighbours; ASCII case ignored)
// from `word`, or "" where none is near: at most one edit per three letters, two at least for words of four
// and more.
std::string Nearest(absl::string_view word, const std::vector<std::string>& known);

}  // namespace penc
