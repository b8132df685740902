// Persons with their rows, gathered until they are worth a segment: to be written as one, or read by a
// question as if they were one. Internal to the store.
#pragma once
#include <functional>
#include <memory>
#include <vector>

#include "store/rows.h"
#include "store/segment_view.h"

namespace penc {

struct Gathered {
  // `columns`: how many each table has, by table number.
  explicit Gathered(const std::vector<size_t>& columns);

  // `cohort`: counted from the first edition. `rows`: by table number.
  void Add(const PersonKey& person, uint32_t cohort, const std::vector<TableRows>& rows);
  // Persons, or rows of the largest table, with one more person who has these.
  size_t SizeWith(const std::vector<TableRows>& rows) const;
  void Clear();

  std::vector<PersonKey> persons;
  std::vector<uint32_t> cohorts;
  std::vector<TableRows> tables;              // by table number
  std::vector<std::vector<uint32_t>> counts;  // by table number: rows of each person
};

// Persons as a closing now would leave them, some ten thousand rows at a time; who is new enters in `cohort`.
// Nothing may be closed or undone meanwhile.
absl::Status VisitAsIfClosed(const Database& db, const Snapshot& snapshot, Edition cohort,
                             const std::function<absl::Status(const SegmentView&)>& visit);

class GatheredSegment final : public SegmentView {
 public:
  // Both outlive it. What is gathered later is seen.
  GatheredSegment(const Snapshot& snapshot, const Gathered& gathered)
      : SegmentView(snapshot), gathered_(gathered) {}

  uint32_t persons() const override { return static_cast<uint32_t>(gathered_.persons.size()); }
  uint32_t rows(uint32_t table) const override;
  absl::StatusOr<std::shared_ptr<const UnpackedColumn>> RowCounts(uint32_t table) const override;
  absl::StatusOr<std::shared_ptr<const UnpackedColumn>> Values(const ColumnRef& column) const override;
  absl::StatusOr<std::shared_ptr<const UnpackedColumn>> CohortOffsets() const override;
  absl::StatusOr<RowOrigins> Origins(uint32_t table) const override;
  absl::StatusOr<std::shared_ptr<const std::vector<uint64_t>>> PersonIds() const override;

 private:
  const Gathered& gathered_;
};

}  // namespace penc
