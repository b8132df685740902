#include <algorithm>
#include <cmath>

#include "privacy/law.h"
#include "question/measures/measure.h"
#include "question/release.h"
#include "question/rollup.h"
#include "question/rollup_estimate.h"

namespace penc {
namespace {

void Hide(const MeasureDefinition& definition, const std::vector<NoisyBlock>& blocks, int64_t threshold,
          const Display& display, uint64_t cell, Value& value) {
  if (value.shown == Value::Shown::kYes && definition.hides_phantoms() && blocks[0].noisy[cell] < threshold) {
    value.shown = Value::Shown::kTooFew;
  }
  const double half = (value.high - value.low) / 2;
  if (value.shown == Value::Shown::kYes && definition.judged_by_margin() &&
      half > display.hide_margin_above * std::fabs(value.value)) {
    value.shown = Value::Shown::kMarginTooWide;
  }
  if (value.shown != Value::Shown::kYes) value.value = value.low = value.high = 0;
}

EstimatedTable EstimateQuestion(const Plan& plan, const PlannedQuestion& planned, const Release& release,
                                const Codebook& codebook, const Display& display) {
  EstimatedTable table;
  const Domain& domain = planned.domain;
  for (const RollupRow& row : RowsOf(domain)) table.rows.push_back({KeyOf(domain, row), {}});
  for (uint32_t m = 0; m < planned.question.measures.size(); ++m) {
    const Measure& measure = planned.question.measures[m];
    const AskedMeasure asked(codebook, measure);
    const std::vector<NoisyBlock> blocks = BlocksOf(plan, planned, m, release.noisy, release.organisations);
    const MeasureDefinition& definition = DefinitionOf(measure.kind);
    const auto threshold = static_cast<int64_t>(
        domain.axes.empty() ? 0 : PhantomThreshold(blocks[0].block.noise, domain.cells, display.phantoms));
    std::vector<Value> values = definition.EstimateAll(asked, blocks, domain.cells);
    for (uint64_t cell = 0; cell < domain.cells; ++cell) {
      Hide(definition, blocks, threshold, display, cell, values[cell]);
      table.rows[cell].values.push_back(values[cell]);
    }
  }
  for (const EstimatedRow& row : table.rows) {
    table.hidden += std::none_of(row.values.begin(), row.values.end(),
                                 [](const Value& v) { return v.shown == Value::Shown::kYes; });
  }
  return table;
}

}  // namespace

uint64_t PhantomThreshold(const Mechanism& noise, uint64_t cells, double phantoms) {
  uint64_t low = 0, high = 1;
  const auto enough = [&](uint64_t t) {
    return t > 0 && static_cast<double>(cells) * UpperTail(noise, t) <= phantoms;
  };
  while (!enough(high) && high < (uint64_t{1} << 50)) high *= 2;
  while (low + 1 < high) {
    const uint64_t middle = low + (high - low) / 2;
    (enough(middle) ? high : low) = middle;
  }
  return high;
}

std::vector<EstimatedTable> Estimate(const Plan& plan, const Codebook& codebook, const Release& release,
                                     const Display& display) {
  std::vector<EstimatedTable> tables;
  for (const PlannedQuestion& planned : plan.questions) {
    tables.push_back(planned.domain.rollup.levels.empty()
                         ? EstimateQuestion(plan, planned, release, codebook, display)
                         : EstimateRollup(plan, planned, codebook, release, display));
  }
  return tables;
}

Phantoms ExpectedPhantoms(const Plan& plan, uint32_t question, const Codebook& codebook,
                          const Display& display) {
  const PlannedQuestion& planned = plan.questions[question];
  const Measure& measure = planned.question.measures[0];
  const MeasureDefinition& definition = DefinitionOf(measure.kind);
  if (planned.domain.axes.empty() || !definition.hides_phantoms()) return {};
  const NoisyBlock block(plan.blocks[planned.blocks[0]], {});
  const Rollup& rollup = planned.domain.rollup;
  const uint64_t rows = rollup.levels.empty() ? planned.domain.cells : CellsOfAllLevels(rollup);
  const uint64_t threshold = PhantomThreshold(block.block.noise, rows, display.phantoms);
  const double unit = block.half95 > 0 ? definition.Margin({codebook, measure}, {block}) / block.half95 : 1;
  double expected = static_cast<double>(planned.domain.cells) * UpperTail(block.block.noise, threshold);
  for (size_t l = 1; l < rollup.levels.size(); ++l) {
    const Mechanism& noise = plan.blocks[planned.blocks[l]].noise;
    expected += static_cast<double>(rollup.levels[l].cells) *
                UpperTail(noise, PhantomThreshold(noise, rows, display.phantoms));
  }
  return {static_cast<double>(threshold) * unit, expected};
}

}  // namespace penc
