// What offices call the columns and codes of a codebook in their files: data beside the codebook
// (policy/codebook/synonyms.yaml). Immutable once read; safe from any thread.
#pragma once
#include <map>
#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "codebook/codebook.h"

namespace penc {

// As compared: small letters without accents, words of letters and digits between single spaces:
// "Pays d'origine (ISO)" is "pays d origine iso".
std::string PlainWords(absl::string_view text);

struct Synonyms {
  std::map<std::string, std::set<std::string>> columns;  // by "column" or "table.column"
  std::set<std::string> reference, row, consent, yes, own;
  std::map<std::string, std::map<std::string, std::string>> values;  // by list: words -> code

  // Whether a heading is called so.
  bool Means(const Table& table, const Column& column, const std::string& words) const;
};

// Every mistake with file and line: names of tables, columns, lists and codes that the codebook does not
// have.
absl::StatusOr<Synonyms> ReadSynonyms(absl::string_view file, absl::string_view text,
                                      const Codebook& codebook);

// Those that the program carries for this codebook; empty for another one.
Synonyms SynonymsFor(const Codebook& codebook);

}  // namespace penc
