// How well a column of a file fits a column of the codebook: by its names first, then by its values. Pure.
#pragma once
#include <string>
#include <vector>

#include "codebook/codebook.h"
#include "ingest/code_speller.h"
#include "ingest/column_profile.h"
#include "ingest/synonyms.h"

namespace penc {

// A column of a file, or a question whose options have a column each.
struct SourceColumn {
  std::string name;                        // as a mapping calls it: FileHeading::NameOf, or the question
  std::string heading;                     // the words of it
  std::string label, tag;                  // may be empty
  std::vector<size_t> at;                  // its places in the file: one, or one for each option
  std::vector<std::string> options;        // of a question with option columns: the part after the question
  const ColumnProfile* profile = nullptr;  // of the first place

  // The last part of a group's path: "sexe" of "identite/sexe".
  std::string leaf() const;
};

// 0 to 100 by the names alone; 90 and more: called so by the codebook or by offices.
int NameScore(const SourceColumn& source, const Table& table, const Column& column, const Synonyms& synonyms);

// Parts per hundred of the filled cells that the column understands.
int ValueScore(const SourceColumn& source, const Codebook& codebook, const Column& column,
               const Synonyms& synonyms);

// Several codes of one cell; the cell whole where it is one.
std::vector<std::string> CodesIn(const std::string& cell, const Column& column, const CodeSpeller& speller);

}  // namespace penc
