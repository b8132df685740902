// Where in a file something stands, in the words by which a person finds it in Excel. Pure.
#pragma once
#include <cstdint>
#include <string>

#include "base/status.h"

namespace penc {

struct Place {
  std::string file, sheet;      // empty: not said
  uint64_t row = 0;             // 0: the file as a whole
  std::string letters, column;  // "AB" and the heading; empty: the whole row
};

// "membres.xlsx, feuille «menages», ligne 12, colonne C «sexe»".
Text Say(const Place& place);

// What is wrong with a file's content, with its name before it; other errors as they are.
absl::Status OfFile(const std::string& file, const absl::Status& status);

// INVALID_ARGUMENT "PLACE: what"; without a place only what.
absl::Status Fault(const Place& place, const Text& what);

}  // namespace penc
