#include "store/segment_view.h"

#include <algorithm>

#include "base/status.h"

namespace penc {
namespace {

absl::Status Contradiction() {
  return Fail(absl::StatusCode::kDataLoss,
              {"enregistrements contradictoires; restaurez une sauvegarde (penc restore)",
               "contradictory records; restore a backup (penc restore)"});
}

}  // namespace

uint32_t ClosedSegment::rows(uint32_t table) const {
  const int number = NumberOf(table);
  return number < 0 || number >= info_.rows_size() ? 0 : info_.rows(number);
}

absl::StatusOr<std::shared_ptr<const UnpackedColumn>> ClosedSegment::RowCounts(uint32_t table) const {
  if (rows(table) == 0) {
    return std::make_shared<const UnpackedColumn>(UnpackedColumn::Constant(0, persons()));
  }
  const int number = NumberOf(table);
  ASSIGN_OR_RETURN(auto counts, generation_.ReadColumn(info_.id(), number, kCountColumn, persons()));
  uint64_t sum = 0;
  counts->With([&](const auto* values) {
    for (uint32_t p = 0; p < persons(); ++p) sum += values[p];
  });
  if (sum != rows(table)) return Contradiction();
  return counts;
}

absl::StatusOr<std::shared_ptr<const UnpackedColumn>> ClosedSegment::Values(const ColumnRef& ref) const {
  const int number = NumberOf(ref.table), column = ColumnNumberOf(ref);
  if (column < 0 || rows(ref.table) == 0 || !generation_.Has(info_.id(), number, column)) {
    return std::make_shared<const UnpackedColumn>(UnpackedColumn::Constant(kNull, rows(ref.table)));
  }
  return generation_.ReadColumn(info_.id(), number, column, rows(ref.table));
}

absl::StatusOr<std::shared_ptr<const UnpackedColumn>> ClosedSegment::CohortOffsets() const {
  return generation_.ReadColumn(info_.id(), kPersonsTable, kCohortColumn, persons());
}

absl::StatusOr<SegmentView::RowOrigins> ClosedSegment::Origins(uint32_t table) const {
  RowOrigins origins;
  const size_t size = rows(table);
  if (size == 0) return origins;
  const int number = NumberOf(table);
  ASSIGN_OR_RETURN(const std::vector<PersonKey> persons,
                   generation_.ReadPersons(info_.id(), info_.persons()));
  ASSIGN_OR_RETURN(const auto counts, RowCounts(table));
  for (uint32_t p = 0; p < this->persons(); ++p)
    origins.person.insert(origins.person.end(), counts->at(p), persons[p]);
  ASSIGN_OR_RETURN(const std::string identity, generation_.ReadChunk(info_.id(), number, kIdentityColumn));
  ASSIGN_OR_RETURN(origins.identity, DecodeIds(identity, size));
  ASSIGN_OR_RETURN(const auto batches, generation_.ReadColumn(info_.id(), number, kBatchColumn, size));
  origins.batch.resize(size);
  batches->With([&](const auto* v) { std::copy(v, v + size, origins.batch.begin()); });
  return origins;
}

absl::StatusOr<std::shared_ptr<const std::vector<uint64_t>>> ClosedSegment::PersonIds() const {
  return generation_.ReadPersonIds(info_.id(), persons());
}

absl::StatusOr<RowColumn> RowColumn::Load(const SegmentView& segment, const ColumnRef& ref, uint32_t table) {
  RowColumn column;
  ASSIGN_OR_RETURN(column.own_, segment.Values(ref));
  if (ref.table == table) return column;
  // The value of the person's one row, or NULL where the person has none.
  ASSIGN_OR_RETURN(const auto theirs, segment.RowCounts(ref.table));
  ASSIGN_OR_RETURN(const auto ours, segment.RowCounts(table));
  std::vector<uint32_t> spread(segment.rows(table));
  uint32_t* out = spread.data();
  size_t from = 0;
  for (uint32_t p = 0; p < segment.persons(); ++p) {
    const uint32_t value = theirs->at(p) > 0 ? column.own_->at(from) : kNull;
    out = std::fill_n(out, ours->at(p), value);
    from += theirs->at(p);
  }
  column.own_ = std::make_shared<const UnpackedColumn>(UnpackedColumn::Of(spread));
  return column;
}

}  // namespace penc
