// How a file's columns become the codebook's. Plain values.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/status.h"
#include "codebook/codebook.h"
#include "ingest/row_file.h"

namespace penc {

// What a proposed mapping says where a person has to answer first.
inline constexpr char kOpenAnswer[] = "?";

struct MappedColumn {
  uint32_t column = 0;  // of the table
  std::string from;     // empty where `options` is not
  std::map<std::string, std::string> values;
  std::string separator;  // of several codes; empty: any of space , ; |
  std::string options;    // the question whose options have a column each, "OPTIONS/CODE"
};

enum class DateForm { kAsk, kIso, kDayFirst, kMonthFirst, kExcel };

// Of which row of another sheet or file a row is a part (ParentJoin in mapping.proto). The parents' columns
// are called "../NAME".
struct Parent {
  SheetForm form;  // its sheet empty: the file that comes beside
  std::string here, there;
  std::shared_ptr<const Parent> parent;
};

struct Mapping {
  std::string name;
  uint32_t table = 0;
  SheetForm form;  // which rows to read; empty and 0: recognised
  char decimal = '.';
  DateForm dates = DateForm::kAsk;
  // A spreadsheet saved the file anew as text: dates may stand day first and decimals behind a comma, too.
  bool resaved = false;
  std::vector<std::string> person;  // source columns; empty: each row is a person
  Text asks_person;                 // "m.yaml line 5: person", where it is still open (kOpenAnswer)
  std::vector<std::string> row;
  std::vector<std::string> network_person;  // source columns, as Linkage::fields; empty: recognised nowhere
  std::vector<MappedColumn> columns;
  std::vector<std::string> ignore;
  std::string consent_from;
  std::vector<std::string> consent_keep;
  std::vector<std::string> nothing;
  std::shared_ptr<const Parent> parent;  // null: none
  std::string status_from;
  std::vector<std::string> status_skip;
};

// Every mistake with file, line and path.
absl::StatusOr<Mapping> ReadMapping(absl::string_view file, absl::string_view text, const Codebook& codebook);

// For a file whose headings are the codebook's own: person_ref (HXL: #x_person_ref) and the table's columns,
// by name or by HXL tag.
Mapping OwnMapping(const Codebook& codebook, uint32_t table, const FileHeading& heading);

}  // namespace penc
