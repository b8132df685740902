// Words of an open list: what an office's own records say in a column of text. They are the office's and
// leave it only where key selection names them.
#pragma once
#include <string>
#include <vector>

#include "codebook/codebook.h"

namespace penc {

struct Word {
  StoredValue id = kNull;  // what rows hold
  std::string same;        // two spellings of one word have the same; the only form that is ever released
  std::string text;        // as it was first written: for the office's own eyes, since one person wrote it
};

// Of one column, by `same`.
using WordList = std::vector<Word>;

}  // namespace penc
