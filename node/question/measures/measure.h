// A measure: what one person contributes to it, and how its noisy integers become values. A new measure is
// one file here and a row in measure.cc; the store, the noise and the ledger do not change. Stateless; safe
// from any thread.
#pragma once
#include <cstdint>
#include <vector>

#include "codebook/codebook.h"
#include "question/plan.h"
#include "question/release.h"

namespace penc {

// What a measure needs to know of its question.
struct MeasureContext {
  const Codebook& codebook;
  const Question& question;
  const Domain& domain;
  const Caps& caps;  // in force: cells for persons, rows for everything else
};

// A block before it has a place, a price and noise.
struct BlockShape {
  Counting counting;
  Contribution per_person;
};

// Noisy integers of one block, `fan` of them per cell, with the half widths of its law that intervals are
// made of.
struct NoisyBlock {
  NoisyBlock(const Block& of, absl::Span<const int64_t> cells);
  const Block& block;
  absl::Span<const int64_t> noisy;
  uint32_t organisations = 1;       // that they are the sum of
  double deviation;                 // of the noise
  double half95, half975, half983;  // intervals of one, of each of two, of each of three at once
  // The half width, for weighted sums of such noises in proportion to their deviations. These lie between
  // integers; a whole step more keeps 95 %, half a step does not (share.md).
  double reach() const { return half95 + 1; }
};

// A measure as it was asked, for its estimates.
struct AskedMeasure {
  AskedMeasure(const Codebook& codebook, const Measure& of);
  const Measure& measure;
  const Column* column;  // nullptr where it has none
};

class MeasureDefinition {
 public:
  virtual ~MeasureDefinition() = default;
  // "persons", "rows", "sum", "mean", "quantile", "variance", "deviation", "share", "difference", "distinct",
  // "shared".
  virtual const char* name() const = 0;
  virtual Text unit(const Codebook& codebook) const = 0;
  virtual std::vector<BlockShape> Blocks(const MeasureContext& context, const Measure& measure) const = 0;
  // Half width of the 95 % margin where it is the same for every cell; 0 where it depends on the answer.
  virtual double Margin(const AskedMeasure& asked, const std::vector<NoisyBlock>& blocks) const = 0;
  // The value of cell `i` with its interval.
  virtual Value Estimate(const AskedMeasure& asked, const std::vector<NoisyBlock>& blocks,
                         uint64_t i) const = 0;
  // Of cells 0 to `cells`: the same, where working them out together is cheaper.
  virtual std::vector<Value> EstimateAll(const AskedMeasure& asked, const std::vector<NoisyBlock>& blocks,
                                         uint64_t cells) const;
  // Whether several of this name on one column share the blocks of the first: several quantiles for one
  // price.
  virtual bool shares_blocks() const { return false; }
  // Whether a cell is the sum of the cells that it is divided into: ROLLUP (of persons, CheckRollup says
  // where). Then it has one block, not divided, and its value is that block's integer in its unit.
  virtual bool additive() const { return false; }
  // Whether a value that noise alone could make says nothing (counts); means and sums are judged by their
  // margin.
  virtual bool hides_phantoms() const { return false; }
  // Whether a margin that is wide beside the value says that the value is worth nothing; not where zero is an
  // answer.
  virtual bool judged_by_margin() const { return true; }
};

const MeasureDefinition& DefinitionOf(MeasureKind kind);
// The measure of the question whose blocks serve measure `m`: itself, or an earlier one that shares them.
uint32_t OwnerOf(const Question& question, uint32_t m);
// The blocks that serve measure `m`, with their integers of the whole vector `noisy` (empty: there is no
// release yet), a sum of so many organisations.
std::vector<NoisyBlock> BlocksOf(const Plan& plan, const PlannedQuestion& planned, uint32_t m,
                                 absl::Span<const int64_t> noisy, uint32_t organisations = 1);

// One file each.
const MeasureDefinition& PersonsMeasure();
const MeasureDefinition& RowsMeasure();
const MeasureDefinition& SumMeasure();
const MeasureDefinition& MeanMeasure();
const MeasureDefinition& QuantileMeasure();
const MeasureDefinition& VarianceMeasure();
const MeasureDefinition& DeviationMeasure();
const MeasureDefinition& ShareMeasure();
const MeasureDefinition& DifferenceMeasure();
const MeasureDefinition& DistinctMeasure();
const MeasureDefinition& SharedMeasure();

// Shared by measures over amounts: the value of a stored-value step as a double, for estimates only.
inline double StepOf(const Column& column) {
  return static_cast<double>(column.step_num) / static_cast<double>(column.step_den);
}
// Amounts of at most `bound` per row, at most `rows` rows a person: the grid of bound * rows / 256, and what
// one person adds.
BlockShape AmountShape(const MeasureContext& context, const ColumnRef& column, int64_t multiplier,
                       int64_t offset, uint64_t bound);
// Amounts d = 2 v - (lo + hi) of a range, in half steps: within its width of zero.
BlockShape CentredShape(const MeasureContext& context, const ColumnRef& column);

// The least and the most of x / y for x in [x_low, x_high], y in [y_low, y_high], y_low > 0.
struct Quotients {
  double least, most;
};
Quotients QuotientsOf(double x_low, double x_high, double y_low, double y_high);

}  // namespace penc
