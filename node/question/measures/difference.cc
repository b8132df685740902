// difference(condition, condition): persons of a cell with a row that fits the first, less persons with a row
// that fits the second. Both numbers are released; the margin is that of the exact law of their noise's
// difference. Of cohorts: question/subtract.h.
#include <algorithm>

#include "privacy/law.h"
#include "question/measures/measure.h"
#include "question/predicate.h"

namespace penc {
namespace {

std::vector<Predicate> Parts(const Predicate& group) {
  return group.kind == Predicate::Kind::kAnd ? group.children : std::vector<Predicate>{group};
}

// Whether no person can be in both: two sets of one column that never changes have nothing in common.
bool Exclude(const std::vector<Predicate>& groups, const Codebook& codebook) {
  for (const Predicate& a : Parts(groups[0])) {
    for (const Predicate& b : Parts(groups[1])) {
      if (a.kind != Predicate::Kind::kIn || b.kind != Predicate::Kind::kIn || !(a.column == b.column))
        continue;
      const Table& table = codebook.tables[a.column.table];
      const bool constant = table.unit == Unit::kPerson || table.columns[a.column.column].constant;
      if (constant && Intersection(a.values, b.values).empty()) return true;
    }
  }
  return false;
}

class Difference final : public MeasureDefinition {
 public:
  const char* name() const override { return "difference"; }
  Text unit(const Codebook&) const override {
    return {"personnes suivies, les premières moins les secondes",
            "people followed, the first less the second"};
  }
  std::vector<BlockShape> Blocks(const MeasureContext& context, const Measure& measure) const override {
    BlockShape shape = PersonsMeasure().Blocks(context, measure)[0];
    shape.counting.fan = 2;
    shape.counting.groups = measure.groups;
    if (!Exclude(measure.groups, context.codebook)) shape.per_person.l0 *= 2;
    shape.per_person.l1 = shape.per_person.l0;
    return {shape};
  }
  double Margin(const AskedMeasure&, const std::vector<NoisyBlock>& blocks) const override {
    // The difference of two symmetric noises of one law is that law twice.
    Mechanism both = blocks[0].block.noise;
    both.rate.num *= 2;
    return static_cast<double>(HalfWidth(both, 0.95));
  }
  Value Estimate(const AskedMeasure& asked, const std::vector<NoisyBlock>& blocks,
                 uint64_t i) const override {
    return Around(blocks[0], i, Margin(asked, blocks));
  }
  std::vector<Value> EstimateAll(const AskedMeasure& asked, const std::vector<NoisyBlock>& blocks,
                                 uint64_t cells) const override {
    const double margin = Margin(asked, blocks);
    std::vector<Value> values;
    for (uint64_t i = 0; i < cells; ++i) values.push_back(Around(blocks[0], i, margin));
    return values;
  }
  bool judged_by_margin() const override { return false; }

 private:
  static Value Around(const NoisyBlock& block, uint64_t i, double margin) {
    const auto value = static_cast<double>(block.noisy[2 * i] - block.noisy[2 * i + 1]);
    return {Value::Shown::kYes, value, value - margin, value + margin};
  }
};

}  // namespace

const MeasureDefinition& DifferenceMeasure() {
  static const Difference measure;
  return measure;
}

}  // namespace penc
