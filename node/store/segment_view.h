// Some persons with their rows as a question reads them: decoded columns, in the order of the question's
// rows. Internal to the store; one thread.
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
  virtual ~SegmentView() = default;
  SegmentView(const SegmentView&) = delete;
  SegmentView& operator=(const SegmentView&) = delete;

  const Codebook& codebook() const { return codebook_; }
  // A table's number in stored keys; -1 where nothing of it is stored.
  int NumberOf(uint32_t table) const { return generation_.TableNumber(codebook_.tables[table].name); }
  virtual uint32_t persons() const = 0;
  // Of a table of the codebook.
  virtual uint32_t rows(uint32_t table) const = 0;

  // Rows of each person; they add up to rows(table).
  virtual absl::StatusOr<std::shared_ptr<const UnpackedColumn>> RowCounts(uint32_t table) const = 0;
  // A column's values, row by row of its own table. One that is younger than the segment reads NULL.
  virtual absl::StatusOr<std::shared_ptr<const UnpackedColumn>> Values(const ColumnRef& column) const = 0;
  // Edition of each person's cohort, counted from the first edition.
  virtual absl::StatusOr<std::shared_ptr<const UnpackedColumn>> CohortOffsets() const = 0;
  // Whose each row of a table is, what it is and which batch brought it. Past the cache.
  struct RowOrigins {
    std::vector<PersonKey> person;
    std::vector<RowId> identity;
    std::vector<uint32_t> batch;
  };
  virtual absl::StatusOr<RowOrigins> Origins(uint32_t table) const = 0;
  // The first 64 bits of each person's key.
  virtual absl::StatusOr<std::shared_ptr<const std::vector<uint64_t>>> PersonIds() const = 0;

 protected:
  // `snapshot` outlives it.
  explicit SegmentView(const Snapshot& snapshot)
      : generation_(*snapshot.generation), codebook_(*snapshot.codebook) {}
  // The stored number of a column of the codebook; -1 where nothing of it is stored.
  int ColumnNumberOf(const ColumnRef& column) const {
    return generation_.ColumnNumber(NumberOf(column.table),
                                    codebook_.tables[column.table].columns[column.column].name);
  }

  const Generation& generation_;
  const Codebook& codebook_;
};

// One segment of a snapshot.
class ClosedSegment final : public SegmentView {
 public:
  ClosedSegment(const Snapshot& snapshot, int segment)
      : SegmentView(snapshot), info_(generation_.manifest().segments(segment)) {}

  uint32_t persons() const override { return info_.persons(); }
  uint32_t rows(uint32_t table) const override;
  absl::StatusOr<std::shared_ptr<const UnpackedColumn>> RowCounts(uint32_t table) const override;
  absl::StatusOr<std::shared_ptr<const UnpackedColumn>> Values(const ColumnRef& column) const override;
  absl::StatusOr<std::shared_ptr<const UnpackedColumn>> CohortOffsets() const override;
  absl::StatusOr<RowOrigins> Origins(uint32_t table) const override;
  absl::StatusOr<std::shared_ptr<const std::vector<uint64_t>>> PersonIds() const override;

 private:
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
