// avg(x): two blocks, the sum of amounts centred on the middle of the range (in half steps) and the number of
// rows that have a value, over the same kept rows. The interval is the box of two 97.5 % intervals: it covers
// at least 95 %, whatever the laws.
#include <algorithm>

#include "question/measures/measure.h"

namespace penc {
namespace {

class Mean final : public MeasureDefinition {
 public:
  const char* name() const override { return "mean"; }
  Text unit(const Codebook&) const override {
    return {"moyenne des lignes qui ont une valeur", "mean of the rows that have a value"};
  }
  std::vector<BlockShape> Blocks(const MeasureContext& context, const Measure& measure) const override {
    BlockShape rows = RowsMeasure().Blocks(context, measure)[0];
    rows.counting.value = measure.column;
    return {CentredShape(context, *measure.column), rows};
  }
  double Margin(const AskedMeasure&, const std::vector<NoisyBlock>&) const override { return 0; }
  Value Estimate(const AskedMeasure& asked, const std::vector<NoisyBlock>& blocks,
                 uint64_t i) const override {
    const Column* const column = asked.column;
    const double unit = static_cast<double>(blocks[0].block.counting.grid) / 2 * StepOf(*column);
    const double low = static_cast<double>(column->lo) * StepOf(*column),
                 high = static_cast<double>(column->hi) * StepOf(*column);
    const double centre = (low + high) / 2;
    const auto sum = static_cast<double>(blocks[0].noisy[i]) * unit,
               count = static_cast<double>(blocks[1].noisy[i]);
    const double sum_half = blocks[0].half975 * unit;
    const double count_half = blocks[1].half975;
    Value value;
    if (count - count_half < 1) {
      value.shown = Value::Shown::kTooFew;
      return value;
    }
    const Quotients mean =
        QuotientsOf(sum - sum_half, sum + sum_half, count - count_half, count + count_half);
    const auto inside = [&](double x) { return std::max(low, std::min(high, x)); };
    value.value = inside(centre + sum / count);
    value.low = inside(centre + mean.least);
    value.high = inside(centre + mean.most);
    return value;
  }
};

}  // namespace

const MeasureDefinition& MeanMeasure() {
  static const Mean measure;
  return measure;
}

}  // namespace penc
