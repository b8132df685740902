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

// Noisy integers of one block, per cell, with the half widths of its law that intervals are made of.
struct NoisyBlock {
  NoisyBlock(const Block& of, absl::Span<const int64_t> cells);
  const Block& block;
  absl::Span<const int64_t> noisy;
  double half95, half975;
};

class MeasureDefinition {
 public:
  virtual ~MeasureDefinition() = default;
  // "persons", "rows", "sum", "mean".
  virtual const char* name() const = 0;
  virtual Text unit() const = 0;
  virtual std::vector<BlockShape> Blocks(const MeasureContext& context, const Measure& measure) const = 0;
  // Half width of the 95 % margin where it is the same for every cell; 0 where it depends on the answer.
  virtual double Margin(const Column* column, const std::vector<NoisyBlock>& blocks) const = 0;
  // The value of cell `i` with its interval.
  virtual Value Estimate(const Column* column, const std::vector<NoisyBlock>& blocks, uint64_t i) const = 0;
  // Whether a value that noise alone could make says nothing (counts); means and sums are judged by their
  // margin.
  virtual bool hides_phantoms() const { return false; }
};

const MeasureDefinition& DefinitionOf(MeasureKind kind);

// One file each.
const MeasureDefinition& PersonsMeasure();
const MeasureDefinition& RowsMeasure();
const MeasureDefinition& SumMeasure();
const MeasureDefinition& MeanMeasure();

// Shared by measures over amounts: the value of a stored-value step as a double, for estimates only.
inline double StepOf(const Column& column) {
  return static_cast<double>(column.step_num) / static_cast<double>(column.step_den);
}
// Amounts of at most `bound` per row, at most `rows` rows a person: the grid of bound * rows / 256, and what
// one person adds.
BlockShape AmountShape(const MeasureContext& context, const ColumnRef& column, int64_t multiplier,
                       int64_t offset, uint64_t bound);

}  // namespace penc
