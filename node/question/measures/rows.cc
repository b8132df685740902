// count(*): rows, at most `rows` of one person in all; all of them may share a cell.
#include <algorithm>

#include "question/measures/measure.h"

namespace penc {
namespace {

class Rows final : public MeasureDefinition {
 public:
  const char* name() const override { return "rows"; }
  Text unit(const Codebook&) const override {
    return {"lignes, plafonnées par personne", "rows, capped per person"};
  }
  std::vector<BlockShape> Blocks(const MeasureContext& context, const Measure&) const override {
    BlockShape shape;
    shape.counting.kind = Counting::Kind::kRows;
    shape.counting.rows = context.caps.rows;
    shape.per_person.l0 = std::min<uint64_t>(context.caps.rows, context.domain.cells);
    shape.per_person.linf = context.caps.rows;
    shape.per_person.l1 = context.caps.rows;
    return {shape};
  }
  double Margin(const AskedMeasure&, const std::vector<NoisyBlock>& blocks) const override {
    return blocks[0].half95;
  }
  Value Estimate(const AskedMeasure& asked, const std::vector<NoisyBlock>& blocks,
                 uint64_t i) const override {
    return PersonsMeasure().Estimate(asked, blocks, i);
  }
  bool additive() const override { return true; }
  bool hides_phantoms() const override { return true; }
};

}  // namespace

const MeasureDefinition& RowsMeasure() {
  static const Rows measure;
  return measure;
}

}  // namespace penc
