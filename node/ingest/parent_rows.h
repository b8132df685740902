// The rows of a parents' sheet or file, by the column that children name them with: households of members,
// submissions of a repeat group. In memory, only the columns that a mapping uses.
#pragma once
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ingest/mapping.h"
#include "ingest/row_file.h"

namespace penc {

// How a child's mapping calls a column of its parent.
inline constexpr char kOfParent[] = "../";

class ParentRows {
 public:
  static constexpr size_t kMostBytes = 256 << 20;
  struct Row {
    std::vector<std::string> cells;  // as the columns that were asked for
    std::vector<CellKind> kinds;
    bool twice = false;  // another row has the same key and other cells
  };

  // `columns`: as the parents' own file calls them; "../NAME" where they are of the parents' parents, which
  // are read from the same file. INVALID_ARGUMENT: a column or sheet that is not there; RESOURCE_EXHAUSTED.
  static absl::StatusOr<std::unique_ptr<ParentRows>> Read(RowFile& file, const Parent& parent,
                                                          const std::vector<std::string>& columns);

  // Null: no parent has this key. Spaces around it do not count.
  const Row* Find(absl::string_view key) const;
  const std::string& sheet() const { return sheet_; }

 private:
  std::string sheet_;
  std::unordered_map<std::string, Row> rows_;
  size_t bytes_ = 0;
};

}  // namespace penc
