// How many rows there are and what they state, by table and column: completeness.
#pragma once
#include <cstdint>
#include <vector>

#include "office/quality/inspection.h"

namespace penc::quality {

class Tally {
 public:
  explicit Tally(const Codebook& codebook);

  // The person's rows whose batch is in: all, without `in`. A batch that `in` is too short for is not.
  void Add(const RecordStore::PersonRows& person, const std::vector<bool>* in = nullptr);

  struct Column {
    uint64_t filled = 0;
    ByBatch missing;
  };
  struct Table {
    uint64_t rows = 0, persons = 0;
    std::vector<Column> columns;
  };
  const std::vector<Table>& tables() const { return tables_; }
  uint64_t persons() const { return persons_; }

 private:
  std::vector<Table> tables_;
  uint64_t persons_ = 0;
};

// Columns that are often not stated, and columns that `fresh` rows state less often than those `before`.
void ReportGaps(const Codebook& codebook, const Tally& now, const Tally& before, const Tally& fresh,
                std::vector<Finding>& findings);

}  // namespace penc::quality
