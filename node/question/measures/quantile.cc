// percentile_cont(q) WITHIN GROUP (ORDER BY x), median(x): rows that have a value, counted in a tree of four
// children a node over the codebook's range. Several quantiles of one column read the same tree.
//
// Let F_b be how many counted rows lie below leaf b, N all of them, T_b = F_b - q N. The exact quantile lies
// in a leaf b with T_b <= 1 and T_{b+1} >= -1 (percentile_cont goes between two neighbouring rows). Each T_b
// is estimated without bias by least squares over all levels, with a known variance. Every leaf goes that is
// surely too low (estimate of T_{b+1} below -1 by k standard deviations) or surely too high; what stays
// covers the quantile (quantile.md).
#include <algorithm>
#include <cmath>
#include <utility>

#include "base/status.h"
#include "question/consistent.h"
#include "question/measures/measure.h"

namespace penc {
namespace {

constexpr uint64_t kLeaves = 256, kChildren = 4;

uint64_t ValuesOf(const Column& column) { return static_cast<uint64_t>(column.hi - column.lo) + 1; }

// The blocks of one column as a tree of counts, the coarsest level first.
class CountTree {
 public:
  explicit CountTree(const std::vector<NoisyBlock>& levels) : levels_(levels), tree_(TreeOf(levels)) {}

  // The estimate of the leaves of cell `i`.
  std::vector<double> Leaves(uint64_t i) const {
    std::vector<double> noisy;
    for (size_t l = levels_.size(); l-- > 0;) {
      const uint64_t fan = FanOf(levels_, l);
      for (uint64_t part = 0; part < fan; ++part)
        noisy.push_back(static_cast<double>(levels_[l].noisy[i * fan + part]));
    }
    const std::vector<double> nodes = tree_.Estimate(noisy);
    return {nodes.end() - static_cast<std::ptrdiff_t>(leaves()), nodes.end()};
  }

  // Variances of F_b, covariances of F_b with N, for b from 0 to all leaves (F of all is N).
  void Variances(std::vector<double>& of_below, std::vector<double>& with_all) const {
    const Functional all = Below(leaves());
    of_below.assign(leaves() + 1, 0);
    with_all.assign(leaves() + 1, 0);
    for (size_t b = 1; b <= leaves(); ++b) {
      const Functional below = Below(b);
      of_below[b] = below.variance;
      for (uint32_t v = 0; v < tree_.nodes(); ++v) {
        const double deviation = levels_[levels_.size() - 1 - tree_.level(v)].deviation;
        with_all[b] += below.weights[v] * all.weights[v] * deviation * deviation;
      }
    }
  }

 private:
  static uint64_t FanOf(const std::vector<NoisyBlock>& levels, size_t l) {
    return levels[l].block.counting.fan;
  }
  size_t leaves() const { return FanOf(levels_, 0); }

  static ConsistentTree TreeOf(const std::vector<NoisyBlock>& levels) {
    std::vector<uint32_t> parents;
    std::vector<double> variances;
    uint32_t above = 0;  // the first node of the level above
    for (size_t l = levels.size(); l-- > 0;) {
      const auto first = static_cast<uint32_t>(parents.size());
      for (uint32_t part = 0; part < FanOf(levels, l); ++part)
        parents.push_back(l + 1 == levels.size() ? kRoot : above + part / static_cast<uint32_t>(kChildren));
      above = first;
      variances.push_back(levels[l].deviation * levels[l].deviation);
    }
    absl::StatusOr<ConsistentTree> tree = ConsistentTree::Make(std::move(parents), std::move(variances));
    PENC_CHECK(tree.ok());
    return *std::move(tree);
  }

  // The leaves before leaf `b`, together.
  Functional Below(size_t b) const {
    std::vector<double> coefficients(tree_.nodes(), 0);
    const auto first = coefficients.end() - static_cast<std::ptrdiff_t>(leaves());
    std::fill(first, first + static_cast<std::ptrdiff_t>(b), 1.0);
    return tree_.Of(coefficients);
  }

  const std::vector<NoisyBlock>& levels_;
  const ConsistentTree tree_;
};

class Quantile final : public MeasureDefinition {
 public:
  const char* name() const override { return "quantile"; }
  Text unit(const Codebook&) const override {
    return {"quantile des lignes qui ont une valeur", "quantile of the rows that have a value"};
  }
  bool shares_blocks() const override { return true; }

  // One block a level, the leaves first.
  std::vector<BlockShape> Blocks(const MeasureContext& context, const Measure& measure) const override {
    const Column& column = context.codebook.tables[measure.column->table].columns[measure.column->column];
    const uint64_t values = ValuesOf(column);
    std::vector<BlockShape> levels;
    uint64_t width = (values + kLeaves - 1) / kLeaves;
    for (;;) {
      const uint64_t fan = (values + width - 1) / width;
      BlockShape level = RowsMeasure().Blocks(context, measure)[0];
      level.counting.value = measure.column;
      level.counting.fan = static_cast<uint32_t>(fan);
      level.counting.part_width = static_cast<uint32_t>(width);
      level.per_person.l0 = std::min<uint64_t>(context.caps.rows, context.domain.cells * fan);
      levels.push_back(level);
      if (fan <= kChildren) return levels;
      width *= kChildren;
    }
  }
  double Margin(const AskedMeasure&, const std::vector<NoisyBlock>&) const override { return 0; }
  Value Estimate(const AskedMeasure& asked, const std::vector<NoisyBlock>& levels,
                 uint64_t i) const override {
    const CountTree tree(levels);
    return FromTree(asked, levels, tree, Spread(levels, tree), i);
  }
  std::vector<Value> EstimateAll(const AskedMeasure& asked, const std::vector<NoisyBlock>& levels,
                                 uint64_t cells) const override {
    const CountTree tree(levels);
    const Spread spread(levels, tree);
    std::vector<Value> values;
    for (uint64_t i = 0; i < cells; ++i) values.push_back(FromTree(asked, levels, tree, spread, i));
    return values;
  }

 private:
  // How far estimates may be from what they estimate, the same for every cell.
  struct Spread {
    Spread(const std::vector<NoisyBlock>& levels, const CountTree& tree) {
      tree.Variances(below, with_all);
      for (const NoisyBlock& level : levels) k = std::max(k, level.reach() / level.deviation);
    }
    // k standard deviations of T_b.
    double Of(size_t b, double q) const {
      return k * std::sqrt(std::max(0.0, below[b] - 2 * q * with_all[b] + q * q * below.back()));
    }
    double k = 0;
    std::vector<double> below, with_all;
  };

  static Value FromTree(const AskedMeasure& asked, const std::vector<NoisyBlock>& levels,
                        const CountTree& tree, const Spread& spread, uint64_t i) {
    const std::vector<double> leaves = tree.Leaves(i);
    std::vector<double> below(leaves.size() + 1, 0);
    for (size_t leaf = 0; leaf < leaves.size(); ++leaf) below[leaf + 1] = below[leaf] + leaves[leaf];
    const double all = below.back(), q = static_cast<double>(asked.measure.quantile_ppm) / 1e6;
    Value value;
    if (all - spread.k * std::sqrt(spread.below.back()) < 1) {
      value.shown = Value::Shown::kTooFew;
      return value;
    }
    size_t low = leaves.size(), high = 0;
    for (size_t b = 0; b < leaves.size(); ++b) {
      const bool too_low = below[b + 1] - q * all + 1 < -spread.Of(b + 1, q);
      const bool too_high = below[b] - q * all - 1 > spread.Of(b, q);
      if (!too_low) low = std::min(low, b);
      if (!too_high) high = std::max(high, b);
    }
    low = std::min(low, high);
    const auto width = static_cast<double>(levels[0].block.counting.part_width);
    const Column& column = *asked.column;
    const auto at = [&](double leaf) {
      const double v = static_cast<double>(column.lo) + leaf * width;
      return std::min(v, static_cast<double>(column.hi)) * StepOf(column);
    };
    value.low = at(static_cast<double>(low));
    // The last value of the highest leaf.
    value.high = at(static_cast<double>(high) + (width - 1) / width);
    value.value = std::max(value.low, std::min(value.high, at(Crossing(below, q * all))));
    return value;
  }

  // Where the running maximum of `below` reaches `rank`, between leaves in proportion: the same for all q, so
  // that quantiles keep their order.
  static double Crossing(const std::vector<double>& below, double rank) {
    double reached = 0;
    for (size_t leaf = 0; leaf + 1 < below.size(); ++leaf) {
      const double next = std::max(reached, below[leaf + 1]);
      if (next >= rank && next > reached)
        return static_cast<double>(leaf) + std::max(0.0, rank - reached) / (next - reached);
      reached = next;
    }
    return static_cast<double>(below.size() - 1);
  }
};

}  // namespace

const MeasureDefinition& QuantileMeasure() {
  static const Quantile measure;
  return measure;
}

}  // namespace penc
