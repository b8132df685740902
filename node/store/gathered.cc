#include "store/gathered.h"

#include <algorithm>
#include <cstring>

#include "base/status.h"
#include "store/visit.h"

namespace penc {
namespace {

constexpr size_t kGatheredRows = 65536;  // read together

std::shared_ptr<const UnpackedColumn> Shared(UnpackedColumn column) {
  return std::make_shared<const UnpackedColumn>(std::move(column));
}

}  // namespace

Gathered::Gathered(const std::vector<size_t>& columns) : counts(columns.size()) {
  for (size_t c : columns) tables.emplace_back(c);
}

void Gathered::Add(const PersonKey& person, uint32_t cohort, const std::vector<TableRows>& rows) {
  persons.push_back(person);
  cohorts.push_back(cohort);
  for (size_t t = 0; t < tables.size(); ++t) {
    counts[t].push_back(static_cast<uint32_t>(rows[t].rows()));
    for (size_t r = 0; r < rows[t].rows(); ++r) tables[t].Append(rows[t], r);
  }
}

size_t Gathered::SizeWith(const std::vector<TableRows>& rows) const {
  size_t largest = persons.size() + 1;
  for (size_t t = 0; t < tables.size(); ++t) largest = std::max(largest, tables[t].rows() + rows[t].rows());
  return largest;
}

void Gathered::Clear() {
  persons.clear();
  cohorts.clear();
  for (TableRows& table : tables) table.Clear();
  for (auto& count : counts) count.clear();
}

uint32_t GatheredSegment::rows(uint32_t table) const {
  const int number = NumberOf(table);
  return number < 0 ? 0 : static_cast<uint32_t>(gathered_.tables[number].rows());
}

absl::StatusOr<std::shared_ptr<const UnpackedColumn>> GatheredSegment::RowCounts(uint32_t table) const {
  if (rows(table) == 0) return Shared(UnpackedColumn::Constant(0, persons()));
  return Shared(UnpackedColumn::Of(gathered_.counts[NumberOf(table)]));
}

absl::StatusOr<std::shared_ptr<const UnpackedColumn>> GatheredSegment::Values(const ColumnRef& ref) const {
  const int column = ColumnNumberOf(ref);
  if (column < 0) return Shared(UnpackedColumn::Constant(kNull, rows(ref.table)));
  return Shared(UnpackedColumn::Of(gathered_.tables[NumberOf(ref.table)].columns[column]));
}

absl::StatusOr<std::shared_ptr<const UnpackedColumn>> GatheredSegment::CohortOffsets() const {
  return Shared(UnpackedColumn::Of(gathered_.cohorts));
}

absl::StatusOr<SegmentView::RowOrigins> GatheredSegment::Origins(uint32_t table) const {
  RowOrigins origins;
  const int number = NumberOf(table);
  if (number < 0) return origins;
  const TableRows& rows = gathered_.tables[number];
  for (size_t p = 0; p < gathered_.persons.size(); ++p)
    origins.person.insert(origins.person.end(), gathered_.counts[number][p], gathered_.persons[p]);
  origins.identity = rows.identity;
  origins.batch.assign(rows.batch.begin(), rows.batch.end());
  return origins;
}

absl::StatusOr<std::shared_ptr<const std::vector<uint64_t>>> GatheredSegment::PersonIds() const {
  auto ids = std::make_shared<std::vector<uint64_t>>(gathered_.persons.size());
  for (size_t p = 0; p < ids->size(); ++p)
    std::memcpy(&(*ids)[p], gathered_.persons[p].data(), sizeof((*ids)[p]));
  return std::shared_ptr<const std::vector<uint64_t>>(std::move(ids));
}

absl::Status VisitAsIfClosed(const Database& db, const Snapshot& snapshot, Edition cohort,
                             const std::function<absl::Status(const SegmentView&)>& visit) {
  const storage::v1::Manifest& manifest = snapshot.generation->manifest();
  const Edition first = manifest.editions_size() > 0 ? manifest.editions(0) : cohort;
  Gathered gathered(ColumnCounts(manifest));
  const GatheredSegment segment(snapshot, gathered);
  const auto flush = [&]() -> absl::Status {
    RETURN_IF_ERROR(visit(segment));
    gathered.Clear();
    return absl::OkStatus();
  };
  RETURN_IF_ERROR(VisitPersons(db, *snapshot.generation, manifest, AsIfClosed(manifest),
                               [&](const PersonKey& person, absl::optional<Edition> entered,
                                   const std::vector<TableRows>& rows) -> absl::Status {
                                 if (gathered.SizeWith(rows) > kGatheredRows) RETURN_IF_ERROR(flush());
                                 gathered.Add(person, static_cast<uint32_t>(entered.value_or(cohort) - first),
                                              rows);
                                 return absl::OkStatus();
                               }));
  return flush();
}

}  // namespace penc
