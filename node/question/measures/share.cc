// share(condition): of the persons of a cell, the part of those with a row that fits. Released are two
// numbers a cell, persons with such a row and persons without (nothing stated is without): one person is in
// one of the two, so both cost what one count costs. Never (in, total), which one person would move twice.
//
// Interval (Fieller, share.md): p is kept where (1 - p) in - p out lies within h sqrt((1 - p)^2 + p^2) of 0,
// h one step more than the 95 % half width of one noise. Where the persons themselves may be none, nothing is
// said.
#include <algorithm>
#include <cmath>

#include "question/measures/measure.h"

namespace penc {
namespace {

class Share final : public MeasureDefinition {
 public:
  const char* name() const override { return "share"; }
  Text unit(const Codebook&) const override {
    return {"% des personnes suivies par une organisation", "% of people followed by an organisation"};
  }
  std::vector<BlockShape> Blocks(const MeasureContext& context, const Measure& measure) const override {
    BlockShape shape = PersonsMeasure().Blocks(context, measure)[0];
    shape.counting.fan = 2;
    shape.counting.groups = measure.groups;
    shape.counting.rest = true;
    return {shape};
  }
  double Margin(const AskedMeasure&, const std::vector<NoisyBlock>&) const override { return 0; }
  Value Estimate(const AskedMeasure&, const std::vector<NoisyBlock>& blocks, uint64_t i) const override {
    const NoisyBlock& block = blocks[0];
    const auto in = static_cast<double>(block.noisy[2 * i]),
               out = static_cast<double>(block.noisy[2 * i + 1]);
    const double all = in + out, c = block.reach() * block.reach();
    Value value;
    const double a = all * all - 2 * c;
    if (all < 1 || a <= 0) {
      value.shown = Value::Shown::kTooFew;
      return value;
    }
    // a p^2 - 2 (in all - c) p + in^2 - c <= 0.
    const double middle = (in * all - c) / a,
                 half = std::sqrt(std::max(0.0, c * (in * in + out * out - c))) / a;
    const auto percent = [](double p) { return 100 * std::max(0.0, std::min(1.0, p)); };
    value.value = percent(in / all);
    value.low = percent(middle - half);
    value.high = percent(middle + half);
    return value;
  }
};

}  // namespace

const MeasureDefinition& ShareMeasure() {
  static const Share measure;
  return measure;
}

}  // namespace penc
