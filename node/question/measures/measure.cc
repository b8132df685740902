#include "question/measures/measure.h"

#include <algorithm>
#include <cmath>

#include "privacy/law.h"

namespace penc {

NoisyBlock::NoisyBlock(const Block& of, absl::Span<const int64_t> cells)
    : block(of),
      noisy(cells),
      deviation(std::sqrt(Variance(of.noise))),
      half95(static_cast<double>(HalfWidth(of.noise, 0.95))),
      half975(static_cast<double>(HalfWidth(of.noise, 0.975))),
      half983(static_cast<double>(HalfWidth(of.noise, 1 - 0.05 / 3))) {}

AskedMeasure::AskedMeasure(const Codebook& codebook, const Measure& of)
    : measure(of),
      column(of.column.has_value() ? &codebook.tables[of.column->table].columns[of.column->column]
                                   : nullptr) {}

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
    case MeasureKind::kQuantile:
      return QuantileMeasure();
    case MeasureKind::kVariance:
      return VarianceMeasure();
    case MeasureKind::kDeviation:
      return DeviationMeasure();
    case MeasureKind::kShare:
      return ShareMeasure();
    case MeasureKind::kDifference:
      return DifferenceMeasure();
    case MeasureKind::kDistinct:
      return DistinctMeasure();
    case MeasureKind::kShared:
      return SharedMeasure();
  }
  return MeanMeasure();
}

std::vector<Value> MeasureDefinition::EstimateAll(const AskedMeasure& asked,
                                                  const std::vector<NoisyBlock>& blocks,
                                                  uint64_t cells) const {
  std::vector<Value> values;
  for (uint64_t i = 0; i < cells; ++i) values.push_back(Estimate(asked, blocks, i));
  return values;
}

uint32_t OwnerOf(const Question& question, uint32_t m) {
  const Measure& asked = question.measures[m];
  if (!DefinitionOf(asked.kind).shares_blocks()) return m;
  const auto family = [](MeasureKind kind) {
    return kind == MeasureKind::kDeviation ? MeasureKind::kVariance
           : kind == MeasureKind::kShared  ? MeasureKind::kDistinct
                                           : kind;
  };
  for (uint32_t earlier = 0; earlier < m; ++earlier) {
    const Measure& other = question.measures[earlier];
    if (family(other.kind) == family(asked.kind) && other.column == asked.column &&
        other.expected_persons == asked.expected_persons)
      return earlier;
  }
  return m;
}

std::vector<NoisyBlock> BlocksOf(const Plan& plan, const PlannedQuestion& planned, uint32_t m,
                                 absl::Span<const int64_t> noisy, uint32_t organisations) {
  const uint32_t owner = OwnerOf(planned.question, m);
  std::vector<NoisyBlock> blocks;
  for (uint32_t b : planned.blocks) {
    const Block& block = plan.blocks[b];
    if (block.measure != owner) continue;
    blocks.emplace_back(block, noisy.empty() ? noisy : noisy.subspan(block.first, block.cells));
    blocks.back().organisations = organisations;
  }
  return blocks;
}

BlockShape CentredShape(const MeasureContext& context, const ColumnRef& ref) {
  const Column& column = context.codebook.tables[ref.table].columns[ref.column];
  // 2 v - (lo + hi) for v = lo + k: 2 k + (lo - hi), within hi - lo of zero.
  const int64_t range = column.hi - column.lo;
  return AmountShape(context, ref, 2, -range, static_cast<uint64_t>(range));
}

Quotients QuotientsOf(double x_low, double x_high, double y_low, double y_high) {
  // The extremes lie at the corners.
  return {std::min(x_low / y_low, x_low / y_high), std::max(x_high / y_low, x_high / y_high)};
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
