// One thing to look for in an office's records, person by person (quality.h). Findings name rules, columns
// and files, never a value of a record or whose it is.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "codebook/codebook.h"
#include "penc/v1/admin_view.pb.h"
#include "store/record_store.h"
#include "store/rows.h"

namespace penc::quality {

// Rows counted by the batch that they came in.
class ByBatch {
 public:
  void Add(uint64_t batch) {
    if (batch >= rows_.size()) rows_.resize(batch + 1, 0);
    ++rows_[batch];
    ++total_;
  }
  uint64_t total() const { return total_; }
  // By batch; most of them zero.
  const std::vector<uint64_t>& rows() const { return rows_; }

 private:
  std::vector<uint64_t> rows_;  // batches are numbered from 1
  uint64_t total_ = 0;
};

struct Finding {
  v1::QualityFinding::Kind kind = v1::QualityFinding::KIND_UNSPECIFIED;
  uint32_t table = 0;
  std::vector<ColumnRef> columns;
  Text says, next;
  ByBatch rows;
  uint64_t of_rows = 0;
};

class Inspection {
 public:
  virtual ~Inspection() = default;
  // Every person once; `person` changes with the next one.
  virtual void See(const RecordStore::PersonRows& person) = 0;
  // When all were seen: what was found, if anything.
  virtual void Report(std::vector<Finding>& findings) = 0;
};
using Inspections = std::vector<std::unique_ptr<Inspection>>;

// The codebook's rules (rules.cc). They refer to the codebook.
void AddRules(const Codebook& codebook, Inspections& inspections);
// Dates after `today`, in days since 1970, in columns that say nothing of the future (dates.cc).
void AddFutureDates(const Codebook& codebook, int64_t today, Inspections& inspections);
// Rows and persons that are there twice (duplicates.cc).
void AddDuplicates(const Codebook& codebook, Inspections& inspections);

// What a row of `table` says in a column, its own or the person's; NULL where the person has no such row.
inline StoredValue ValueAt(const RecordStore::PersonRows& person, uint32_t table, size_t row,
                           const ColumnRef& column) {
  const TableRows& rows = person.tables[column.table];
  if (column.table == table) return rows.columns[column.column][row];
  return rows.rows() == 0 ? kNull : rows.columns[column.column][0];
}

inline const Column& ColumnAt(const Codebook& codebook, const ColumnRef& ref) {
  return codebook.tables[ref.table].columns[ref.column];
}

// «Mois d'enregistrement», with its table where that is another one than `table`.
Text Named(const Codebook& codebook, const ColumnRef& column, uint32_t table);

}  // namespace penc::quality
