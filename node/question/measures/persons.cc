// count(DISTINCT person): one in each of at most `cells` cells that a person's matching rows fall in.
#include <algorithm>

#include "question/measures/measure.h"

namespace penc {
namespace {

class Persons final : public MeasureDefinition {
 public:
  const char* name() const override { return "persons"; }
  Text unit(const Codebook&) const override {
    return {"personnes suivies par une organisation, non personnes uniques du réseau",
            "people followed by an organisation, not unique people of the network"};
  }
  std::vector<BlockShape> Blocks(const MeasureContext& context, const Measure&) const override {
    BlockShape shape;
    shape.counting.kind = Counting::Kind::kPersons;
    shape.per_person.l0 = std::min<uint64_t>(context.caps.cells, context.domain.cells);
    shape.per_person.linf = 1;
    shape.per_person.l1 = shape.per_person.l0;
    return {shape};
  }
  double Margin(const AskedMeasure&, const std::vector<NoisyBlock>& blocks) const override {
    return blocks[0].half95;
  }
  Value Estimate(const AskedMeasure& asked, const std::vector<NoisyBlock>& blocks,
                 uint64_t i) const override {
    const auto noisy = static_cast<double>(blocks[0].noisy[i]);
    const double margin = Margin(asked, blocks);
    return {Value::Shown::kYes, std::max(0.0, noisy), std::max(0.0, noisy - margin),
            std::max(0.0, noisy + margin)};
  }
  bool additive() const override { return true; }
  bool hides_phantoms() const override { return true; }
};

}  // namespace

const MeasureDefinition& PersonsMeasure() {
  static const Persons measure;
  return measure;
}

}  // namespace penc
