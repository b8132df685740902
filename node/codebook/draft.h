// A first codebook for a file that somebody has: a text to edit, not a codebook to use.
#pragma once
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "codebook/survey.h"

namespace penc {

// YAML with one table. Few different values become a code list (in alphabetical order: the order of frequency
// would tell something), numbers an integer or number column whose range is rounded outwards, dates their
// type from the first to the last year. What fits nowhere (names, texts, identifiers) is left out and listed
// in a comment. Comments in French and English say that the codes come from records and must be pruned before
// the file is shared. Every column is proposed as `sensitive`.
//
// `table_name` and the columns' names are made into identifiers (small letters, accents dropped, _); the
// result reads with ReadCodebook unless no column could be proposed, which a comment then says.
std::string DraftCodebook(absl::string_view table_name, const std::vector<ColumnSurvey>& columns);

// "Pays d'origine" -> "pays_d_origine"; "" -> "column".
std::string IdentifierOf(absl::string_view header);

}  // namespace penc
