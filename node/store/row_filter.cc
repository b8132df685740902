#include "store/row_filter.h"

#include "base/status.h"

namespace penc {
namespace {

absl::StatusOr<std::vector<uint8_t>> LeafPassing(const Predicate& p, const SegmentView& segment,
                                                 uint32_t table) {
  const size_t rows = segment.rows(table);
  ASSIGN_OR_RETURN(const RowColumn column, RowColumn::Load(segment, p.column, table));
  std::vector<uint8_t> pass(rows, 0);
  uint8_t* const out = pass.data();
  column.With([&](const auto* values) {
    const uint32_t mask = p.mask;
    switch (p.kind) {
      case Predicate::Kind::kIn:
        for (const Interval& interval : p.values) {
          const uint32_t first = interval.first, span = interval.last - first;
          for (size_t i = 0; i < rows; ++i) {
            out[i] |= static_cast<uint8_t>(static_cast<uint32_t>(values[i]) - first <= span);
          }
        }
        break;
      case Predicate::Kind::kHasAny:
        for (size_t i = 0; i < rows; ++i) out[i] = static_cast<uint8_t>((values[i] & mask) != 0);
        break;
      default:
        for (size_t i = 0; i < rows; ++i) {
          out[i] = static_cast<uint8_t>((values[i] != 0) & ((values[i] & mask) == 0));
        }
    }
  });
  return pass;
}

}  // namespace

absl::StatusOr<std::vector<uint8_t>> RowsPassing(const Predicate& p, const SegmentView& segment,
                                                 uint32_t table) {
  const size_t rows = segment.rows(table);
  if (p.kind == Predicate::Kind::kTrue) return std::vector<uint8_t>(rows, 1);
  if (p.kind != Predicate::Kind::kAnd && p.kind != Predicate::Kind::kOr)
    return LeafPassing(p, segment, table);
  const bool conjunction = p.kind == Predicate::Kind::kAnd;
  std::vector<uint8_t> all(rows, conjunction ? 1 : 0);
  uint8_t* const out = all.data();
  for (const Predicate& child : p.children) {
    ASSIGN_OR_RETURN(const std::vector<uint8_t> part, RowsPassing(child, segment, table));
    const uint8_t* const in = part.data();
    if (conjunction) {
      for (size_t i = 0; i < rows; ++i) out[i] &= in[i];
    } else {
      for (size_t i = 0; i < rows; ++i) out[i] |= in[i];
    }
  }
  return all;
}

}  // namespace penc
