// Every person with the rows that are theirs, in the order of keys and in bounded memory: what is closed,
// with or without what waits for a closing. Merging writes segments of it; exact tables and quality read it.
// Internal to the store.
#pragma once
#include <functional>
#include <set>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/optional.h"
#include "base/database.h"
#include "penc/storage/v1/records.pb.h"
#include "store/generation.h"
#include "store/rows.h"

namespace penc {

// Which rows there are, besides the closed ones.
struct RowChoice {
  std::vector<uint64_t> staged;        // batches to take in, with what they replace
  std::set<uint64_t> dropped_batches;  // rows of these go
  bool withdraw = false;               // rows without consent go
};

// Everything that a closing now would take in.
RowChoice AsIfClosed(const storage::v1::Manifest& manifest);

// How many columns each table has, by table number.
std::vector<size_t> ColumnCounts(const storage::v1::Manifest& manifest);

// `cohort`: where the person was closed in already. `rows`: by table number, columns by their stored numbers;
// they change with the next person.
using PersonVisitor = std::function<absl::Status(const PersonKey& person, absl::optional<Edition> cohort,
                                                 const std::vector<TableRows>& rows)>;

// `manifest` says which tables, columns and batches there are; `closed` holds the segments. Stops at the
// first error of `visit`. Staged blocks must not go meanwhile: nothing may be closed or undone.
absl::Status VisitPersons(const Database& db, const Generation& closed, const storage::v1::Manifest& manifest,
                          const RowChoice& choice, const PersonVisitor& visit);

// From tables and columns by their stored numbers to a codebook's.
class CodebookRows {
 public:
  CodebookRows(const Generation& generation, const Codebook& codebook);
  // `out`: by the codebook's tables.
  void Fill(const std::vector<TableRows>& rows, std::vector<TableRows>& out) const;

 private:
  // Every table and column of the codebook in force has a number: it got one when the codebook came.
  struct From {
    int table;
    std::vector<int> columns;
  };
  std::vector<From> from_;
};

}  // namespace penc
