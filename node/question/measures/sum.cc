// sum(x): amounts clamped to the codebook's range, not centred. Centring would need the number of rows as a
// second block, and for a range [lo, hi] the noise of centre * count is no smaller than what centring saves:
// with half the price each, the variance of the centred form is at least the uncentred one's.
#include <algorithm>
#include <cstdlib>

#include "question/measures/measure.h"

namespace penc {
namespace {

class Sum final : public MeasureDefinition {
 public:
  const char* name() const override { return "sum"; }
  Text unit(const Codebook&) const override {
    return {"somme, plafonnée par personne", "sum, capped per person"};
  }
  std::vector<BlockShape> Blocks(const MeasureContext& context, const Measure& measure) const override {
    const Column& column = context.codebook.tables[measure.column->table].columns[measure.column->column];
    const auto bound = static_cast<uint64_t>(std::max(std::llabs(column.lo), std::llabs(column.hi)));
    return {AmountShape(context, *measure.column, 1, column.lo, bound)};
  }
  double Margin(const AskedMeasure& asked, const std::vector<NoisyBlock>& blocks) const override {
    const Block& block = blocks[0].block;
    return blocks[0].half95 * static_cast<double>(block.counting.grid) * StepOf(*asked.column);
  }
  Value Estimate(const AskedMeasure& asked, const std::vector<NoisyBlock>& blocks,
                 uint64_t i) const override {
    const double value = static_cast<double>(blocks[0].noisy[i]) *
                         static_cast<double>(blocks[0].block.counting.grid) * StepOf(*asked.column);
    const double margin = Margin(asked, blocks), least = asked.column->lo >= 0 ? 0.0 : -1e300;
    return {Value::Shown::kYes, std::max(least, value), std::max(least, value - margin),
            std::max(least, value + margin)};
  }
  bool additive() const override { return true; }
  bool hides_phantoms() const override { return true; }
};

}  // namespace

const MeasureDefinition& SumMeasure() {
  static const Sum measure;
  return measure;
}

}  // namespace penc
