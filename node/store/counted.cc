#include "store/counted.h"

#include <algorithm>
#include <utility>

#include "base/status.h"

namespace penc {
namespace {

// Rows that withdrawals leave; nothing: all.
absl::StatusOr<std::vector<uint8_t>> RowsLeft(const SegmentView& segment, uint32_t table,
                                              const Withdrawals& withdrawals) {
  const int number = segment.NumberOf(table);
  if (number < 0 || segment.rows(table) == 0 || !withdrawals.Touches(static_cast<uint32_t>(number)))
    return std::vector<uint8_t>();
  ASSIGN_OR_RETURN(const SegmentView::RowOrigins origins, segment.Origins(table));
  std::vector<uint8_t> left(segment.rows(table));
  for (size_t row = 0; row < left.size(); ++row) {
    left[row] = !withdrawals.Takes(static_cast<uint32_t>(number), origins.person[row], origins.identity[row],
                                   origins.batch[row]);
  }
  return left;
}

}  // namespace

absl::StatusOr<std::vector<uint8_t>> PersonsConsenting(const SegmentView& segment,
                                                       const Withdrawals& withdrawals) {
  const Consent& consent = *segment.codebook().consent;
  std::vector<uint8_t> consenting(segment.persons(), 0);
  if (segment.rows(consent.column.table) == 0) return consenting;
  ASSIGN_OR_RETURN(const auto counts, segment.RowCounts(consent.column.table));
  ASSIGN_OR_RETURN(const auto said, segment.Values(consent.column));
  ASSIGN_OR_RETURN(const std::vector<uint8_t> left, RowsLeft(segment, consent.column.table, withdrawals));
  size_t row = 0;
  for (uint32_t p = 0; p < segment.persons(); ++p) {
    for (const size_t end = row + counts->at(p); row < end; ++row)
      consenting[p] = (left.empty() || left[row] != 0) && consent.keeps(said->at(row));
  }
  return consenting;
}

absl::Status AddConsent(const SegmentView& segment, const Withdrawals& withdrawals, ConsentCounts& counts) {
  ASSIGN_OR_RETURN(const std::vector<uint8_t> consenting, PersonsConsenting(segment, withdrawals));
  std::vector<uint8_t> has_rows(segment.persons(), 0);
  for (uint32_t t = 0; t < segment.codebook().tables.size(); ++t) {
    if (segment.rows(t) == 0) continue;
    ASSIGN_OR_RETURN(const auto rows, segment.RowCounts(t));
    ASSIGN_OR_RETURN(const std::vector<uint8_t> left, RowsLeft(segment, t, withdrawals));
    size_t row = 0;
    for (uint32_t p = 0; p < segment.persons(); ++p) {
      for (const size_t end = row + rows->at(p); row < end; ++row)
        has_rows[p] |= static_cast<uint8_t>(left.empty() || left[row] != 0);
    }
  }
  for (uint32_t p = 0; p < segment.persons(); ++p) {
    counts.persons += has_rows[p];
    counts.without += static_cast<uint64_t>(has_rows[p] != 0 && consenting[p] == 0);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<uint8_t>> RowsCounted(const SegmentView& segment, uint32_t table,
                                                 const Withdrawals& withdrawals) {
  ASSIGN_OR_RETURN(std::vector<uint8_t> counted, RowsLeft(segment, table, withdrawals));
  if (!segment.codebook().consent.has_value()) return counted;
  ASSIGN_OR_RETURN(const std::vector<uint8_t> consenting, PersonsConsenting(segment, withdrawals));
  ASSIGN_OR_RETURN(const auto counts, segment.RowCounts(table));
  if (counted.empty()) counted.assign(segment.rows(table), 1);
  uint8_t* row = counted.data();
  for (uint32_t p = 0; p < segment.persons(); ++p) {
    if (consenting[p] == 0) std::fill_n(row, counts->at(p), 0);
    row += counts->at(p);
  }
  return counted;
}

}  // namespace penc
