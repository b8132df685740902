// One segment of a snapshot as a question reads it: decoded columns, in the order of the question's rows.
// Internal to the store; one thread.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "question/plan.h"
#include "store/generation.h"
#include "store/rows.h"

namespace penc {

class SegmentView {
 public:
  // `snapshot` outlives it.
  SegmentView(const Snapshot& snapshot, int segment);

  const Codebook& codebook() const { return codebook_; }
  // A table's number in stored keys; -1 where nothing of it is stored.
  int NumberOf(uint32_t table) const { return generation_.TableNumber(codebook_.tables[table].name); }
  uint32_t persons() const { return info_.persons(); }
  // Of a table of the codebook.
  uint32_t rows(uint32_t table) const;

  // Rows of each person; they add up to rows(table).
  absl::StatusOr<std::shared_ptr<const UnpackedColumn>> RowCounts(uint32_t table) const;
  // A column's values, row by row of its own table. One that is younger than the segment reads NULL.
  absl::StatusOr<std::shared_ptr<const UnpackedColumn>> Values(const ColumnRef& column) const;
  // Edition of each person's cohort, counted from the first edition.
  absl::StatusOr<std::shared_ptr<const UnpackedColumn>> CohortOffsets() const;
  // Whose each row of a table is, what it is and which batch brought it. Past the cache.
  struct RowOrigins {
    std::vector<PersonKey> person;
    std::vector<RowId> identity;
    std::vector<uint32_t> batch;
  };
  absl::StatusOr<RowOrigins> Origins(uint32_t table) const;
  // The first 64 bits of each person's key.
  absl::StatusOr<std::shared_ptr<const std::vector<uint64_t>>> PersonIds() const;

 private:
  const Generation& generation_;
  const Codebook& codebook_;
  const storage::v1::StoredSegment& info_;
};

// A column of a question's rows: of the question's own table, or of a table of persons, spread over the rows
// of each person.
class RowColumn {
 public:
  // As rows of `table`.
  static absl::StatusOr<RowColumn> Load(const SegmentView& segment, const ColumnRef& column, uint32_t table);

  // Calls `visit` with a pointer to uint8_t, uint16_t or uint32_t values.
  template <typename Visit>
  auto With(Visit visit) const {
    return own_->With(visit);
  }
  // Precondition: With gives uint8_t.
  const uint8_t* bytes() const {
    return own_->With([](const auto* values) { return reinterpret_cast<const uint8_t*>(values); });
  }

 private:
  std::shared_ptr<const UnpackedColumn> own_;
};

}  // namespace penc
