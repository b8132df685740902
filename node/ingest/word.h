// A cell of a column of text: the words that an office writes where nobody has declared a list. Pure.
#pragma once
#include "absl/strings/string_view.h"
#include "question/words.h"

namespace penc {

// False where it is no word: not UTF-8, control characters, or more than kLongestWord bytes. `same` is
// normalised (NFKC), case folded, trimmed, its spaces collapsed; `text` is the cell in NFC, trimmed. Both are
// empty for a blank cell. The number is the store's.
bool ReadWord(absl::string_view cell, Word* word);

}  // namespace penc
