#include "question/measures/measure.h"

#include <algorithm>

#include "privacy/law.h"

namespace penc {

NoisyBlock::NoisyBlock(const Block& of, absl::Span<const int64_t> cells)
    : block(of),
      noisy(cells),
      half95(static_cast<double>(HalfWidth(of.noise, 0.95))),
      half975(static_cast<double>(HalfWidth(of.noise, 0.975))) {}

const MeasureDefinition& DefinitionOf(MeasureKind kind) {
  switch (kind) {
    case MeasureKind::kPersons:
      return PersonsMeasure();
    case MeasureKind::kRows:
      return RowsMeasure();
    case MeasureKind::kSum:
      return SumMeasure();
    case MeasureKind::kMean:
      break;
  }
  return MeanMeasure();
}

BlockShape AmountShape(const MeasureContext& context, const ColumnRef& column, int64_t multiplier,
                       int64_t offset, uint64_t bound) {
  const uint64_t rows = context.caps.rows, most = std::max<uint64_t>(1, rows * bound);
  BlockShape shape;
  shape.counting.kind = Counting::Kind::kAmounts;
  shape.counting.rows = context.caps.rows;
  shape.counting.value = column;
  shape.counting.multiplier = multiplier;
  shape.counting.offset = offset;
  const uint64_t grid = (most + 255) / 256;
  shape.counting.grid = static_cast<int64_t>(grid);
  shape.per_person.l0 = std::min<uint64_t>(rows, context.domain.cells);
  shape.per_person.linf = (most + grid - 1) / grid;  // at most 256
  // Amounts add up to at most `most` over all cells; rounding adds less than one unit in each of at most l0
  // cells.
  shape.per_person.l1 =
      std::min(shape.per_person.l0 * shape.per_person.linf, (most + shape.per_person.l0 * (grid - 1)) / grid);
  return shape;
}

}  // namespace penc
