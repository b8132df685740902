// A mapping on its way to a person: everything that a mapping file says, and what is still open, written as
// comments. No cell of the file but those that `values` needs. Plain values.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "base/status.h"

namespace penc {

struct DraftColumn {
  std::string column;                         // the codebook's
  std::string from;                           // the file's heading, or the question of option columns
  bool options = false;                       // `from` is a question whose options have a column each
  std::map<std::string, std::string> values;  // spelling -> code
};

struct MappingDraft {
  std::string name, codebook, table;  // codebook: "migration@1"
  std::string encoding, decimal, dates, sheet;
  std::vector<std::string> person;  // empty: each row is a person
  std::vector<std::string> row;
  std::vector<DraftColumn> columns;
  std::vector<std::string> ignore;
  std::string consent_from;
  std::vector<std::string> consent_keep;
  std::string status_from;
  std::vector<std::string> status_skip;
  std::string parent_sheet, parent_here, parent_there;
  std::vector<Text> open;  // questions with what may be answered, as comments
};

// YAML that ReadMapping reads back.
std::string WriteMapping(const MappingDraft& draft);

}  // namespace penc
