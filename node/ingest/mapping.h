// How a file's columns become the codebook's. Plain values.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "codebook/codebook.h"

namespace penc {

struct MappedColumn {
  uint32_t column = 0;  // of the table
  std::string from;
  std::map<std::string, std::string> values;
  std::string separator;  // of several codes; empty: any of space , ; |
};

enum class DateForm { kAsk, kIso, kDayFirst, kMonthFirst, kExcel };

struct Mapping {
  std::string name;
  uint32_t table = 0;
  std::string encoding;  // empty: recognised
  char delimiter = 0;    // 0: by the heading
  char decimal = '.';
  DateForm dates = DateForm::kAsk;
  std::vector<std::string> person;  // source columns; empty: each row is a person
  std::vector<std::string> row;
  std::vector<MappedColumn> columns;
  std::vector<std::string> ignore;
  std::string consent_from;
  std::vector<std::string> consent_keep;
  std::vector<std::string> nothing;
};

// Every mistake with file, line and path.
absl::StatusOr<Mapping> ReadMapping(absl::string_view file, absl::string_view text, const Codebook& codebook);

// For a file whose headings are the codebook's own: person_ref and the table's columns, nothing else.
Mapping OwnMapping(const Codebook& codebook, uint32_t table, const std::vector<std::string>& headings);

// A first mapping from headings and labels, as YAML to be checked by a person; `unsure` lists the questions
// it leaves.
std::string ProposeMapping(const Codebook& codebook, uint32_t table, const std::vector<std::string>& headings,
                           std::vector<Text>* unsure, const std::string& encoding = "");

}  // namespace penc
