// variance(x), stddev(x): three blocks over the same kept rows: amounts d centred on the middle of the range
// (in half steps), 2 d^2 less the square of the range (so that squares are centred too: half the noise), and
// the number of rows that have a value. The variance is that of the rows there are, not an estimate for a
// larger population. The interval is the box of three 98.3 % intervals: it covers at least 95 %, whatever the
// laws.
#include <algorithm>
#include <cmath>

#include "question/measures/measure.h"

namespace penc {
namespace {

class Variance : public MeasureDefinition {
 public:
  const char* name() const override { return "variance"; }
  Text unit(const Codebook&) const override {
    return {"variance des lignes qui ont une valeur", "variance of the rows that have a value"};
  }
  bool shares_blocks() const override { return true; }

  std::vector<BlockShape> Blocks(const MeasureContext& context, const Measure& measure) const override {
    const Column& column = context.codebook.tables[measure.column->table].columns[measure.column->column];
    const int64_t range = std::max<int64_t>(1, column.hi - column.lo);
    BlockShape amounts = CentredShape(context, *measure.column);
    BlockShape squares =
        AmountShape(context, *measure.column, amounts.counting.multiplier, amounts.counting.offset,
                    static_cast<uint64_t>(range) * static_cast<uint64_t>(range));
    squares.counting.square_bound = range;
    BlockShape rows = RowsMeasure().Blocks(context, measure)[0];
    rows.counting.value = measure.column;
    return {amounts, squares, rows};
  }
  double Margin(const AskedMeasure&, const std::vector<NoisyBlock>&) const override { return 0; }

  Value Estimate(const AskedMeasure& asked, const std::vector<NoisyBlock>& blocks,
                 uint64_t i) const override {
    const auto noisy = [&](size_t b) {
      return static_cast<double>(blocks[b].noisy[i]) * static_cast<double>(blocks[b].block.counting.grid);
    };
    const auto half = [&](size_t b) {
      return blocks[b].half983 * static_cast<double>(blocks[b].block.counting.grid);
    };
    Value value;
    const double rows = noisy(2), few = rows - half(2), many = rows + half(2);
    if (few < 1) {
      value.shown = Value::Shown::kTooFew;
      return value;
    }
    const auto range = static_cast<double>(blocks[1].block.counting.square_bound);
    const auto inside = [](double x, double bound) { return std::max(-bound, std::min(bound, x)); };
    const Quotients means = QuotientsOf(noisy(0) - half(0), noisy(0) + half(0), few, many);
    const Quotients squares = QuotientsOf(noisy(1) - half(1), noisy(1) + half(1), few, many);
    const double least = inside(means.least, range), most = inside(means.most, range);
    const double largest = std::max(least * least, most * most);
    const double smallest = least <= 0 && most >= 0 ? 0 : std::min(least * least, most * most);
    // From E[2 d^2 - range^2] to E[d^2], in half steps.
    const auto second = [&](double of) { return (inside(of, range * range) + range * range) / 2; };
    const double mean = inside(noisy(0) / rows, range);
    // A variance of what lies within `range` half steps of the middle is at most range^2 - mean^2.
    const auto scaled = [&](double variance) {
      const double unit = StepOf(*asked.column) / 2;
      return std::max(0.0, std::min(range * range, variance)) * unit * unit;
    };
    value.low = scaled(second(squares.least) - largest);
    value.high = scaled(second(squares.most) - smallest);
    value.value = std::max(value.low, std::min(value.high, scaled(second(noisy(1) / rows) - mean * mean)));
    return value;
  }
};

class Deviation final : public Variance {
 public:
  const char* name() const override { return "deviation"; }
  Text unit(const Codebook&) const override {
    return {"écart-type des lignes qui ont une valeur", "standard deviation of the rows that have a value"};
  }
  Value Estimate(const AskedMeasure& asked, const std::vector<NoisyBlock>& blocks,
                 uint64_t i) const override {
    Value value = Variance::Estimate(asked, blocks, i);
    for (double* x : {&value.value, &value.low, &value.high}) *x = std::sqrt(*x);
    return value;
  }
};

}  // namespace

const MeasureDefinition& VarianceMeasure() {
  static const Variance measure;
  return measure;
}

const MeasureDefinition& DeviationMeasure() {
  static const Deviation measure;
  return measure;
}

}  // namespace penc
