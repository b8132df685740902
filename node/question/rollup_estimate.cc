#include "question/rollup_estimate.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>
#include <utility>

#include "base/status.h"
#include "question/consistent.h"
#include "question/measures/measure.h"
#include "question/rollup.h"

namespace penc {
namespace {

constexpr double kDust = 1e-9;  // of doubles that stand for whole numbers

// The levels as nodes, the coarsest first.
class LevelTree {
 public:
  LevelTree(const Domain& domain, const std::vector<NoisyBlock>& blocks)
      : levels_(domain.rollup.levels), blocks_(blocks), parents_(ParentsOf()), tree_(TreeOf()) {
    for (const NoisyBlock& block : blocks) {
      k_ = std::max(k_, block.deviation < 1 ? std::sqrt(20.0) : block.reach() / block.deviation);
    }
  }

  size_t Node(uint32_t level, uint64_t cell) const { return begins_[level] + cell; }
  const std::vector<uint32_t>& parents() const { return parents_; }

  std::vector<double> Estimates() const {
    std::vector<double> noisy(tree_.nodes());
    for (uint32_t l = 0; l < levels_.size(); ++l) {
      for (uint64_t c = 0; c < levels_[l].cells; ++c)
        noisy[Node(l, c)] = static_cast<double>(blocks_[l].noisy[c]);
    }
    return tree_.Estimate(noisy);
  }

  std::vector<double> HalfWidths() const {
    std::vector<double> widths = tree_.Variances();
    for (double& width : widths) width = k_ * std::sqrt(width);
    return widths;
  }

 private:
  // Also where each level begins.
  std::vector<uint32_t> ParentsOf() {
    begins_.assign(levels_.size(), 0);
    uint64_t nodes = 0;
    for (size_t l = levels_.size(); l-- > 0;) {
      begins_[l] = nodes;
      nodes += levels_[l].cells;
    }
    std::vector<uint32_t> parents(nodes, kRoot);
    const auto cell_at = [&](size_t l, uint32_t cell) {
      return static_cast<uint32_t>(begins_[l] + (l == 0 ? cell : levels_[l].cell_of[cell]));
    };
    for (uint32_t cell = 0; cell < levels_[0].cells; ++cell) {
      for (size_t l = 0; l + 1 < levels_.size(); ++l) parents[cell_at(l, cell)] = cell_at(l + 1, cell);
    }
    return parents;
  }

  ConsistentTree TreeOf() const {
    std::vector<double> variances;
    for (size_t l = levels_.size(); l-- > 0;)
      variances.push_back(std::max(blocks_[l].deviation * blocks_[l].deviation, 1e-300));
    absl::StatusOr<ConsistentTree> tree = ConsistentTree::Make(parents_, std::move(variances));
    PENC_CHECK(tree.ok());
    return *std::move(tree);
  }

  const std::vector<RollupLevel>& levels_;
  const std::vector<NoisyBlock>& blocks_;
  std::vector<size_t> begins_;  // by level
  std::vector<uint32_t> parents_;
  ConsistentTree tree_;
  double k_ = 0;
};

// What one released integer stands for.
double UnitOf(const NoisyBlock& block, const AskedMeasure& asked) {
  if (block.block.counting.kind != Counting::Kind::kAmounts) return 1;
  return static_cast<double>(block.block.counting.grid) * StepOf(*asked.column);
}

Value ValueOf(double estimate, double rounded, double margin, bool counts, double least) {
  // A count is a whole number: its interval may end at the whole numbers inside.
  double low = counts ? std::ceil(estimate - margin - kDust) : std::floor(estimate - margin);
  double high = counts ? std::floor(estimate + margin + kDust) : std::ceil(estimate + margin);
  low = std::min(low, rounded);
  high = std::max(high, rounded);
  return {Value::Shown::kYes, std::max(least, rounded), std::max(least, low), std::max(least, high)};
}

void Hide(const Display& display, double threshold, double rounded, Value& value) {
  const double half = (value.high - value.low) / 2;
  if (rounded < threshold) {
    value.shown = Value::Shown::kTooFew;
  } else if (half > display.hide_margin_above * std::fabs(value.value)) {
    value.shown = Value::Shown::kMarginTooWide;
  }
  if (value.shown != Value::Shown::kYes) value.value = value.low = value.high = 0;
}

}  // namespace

std::vector<double> RoundedTogether(const std::vector<uint32_t>& parents,
                                    const std::vector<double>& estimates) {
  const size_t nodes = estimates.size();
  std::vector<double> whole(nodes);
  std::vector<std::tuple<uint32_t, double, uint32_t>> order;  // by parent, the largest fraction first
  for (uint32_t v = 0; v < nodes; ++v) {
    whole[v] = parents[v] == kRoot ? std::round(estimates[v]) : std::floor(estimates[v] + kDust);
    if (parents[v] != kRoot) order.emplace_back(parents[v], whole[v] - estimates[v], v);
  }
  std::sort(order.begin(), order.end());
  // Parents come before their children, in `order` too: a node is final when its children are looked at. With
  // floors and ceilings that add up to less and more than the parent's, one step a child is enough.
  for (size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    const uint32_t parent = std::get<0>(order[begin]);
    double missing_here = whole[parent];
    for (end = begin; end < order.size() && std::get<0>(order[end]) == parent; ++end)
      missing_here -= whole[std::get<2>(order[end])];
    for (size_t i = begin; missing_here >= 1; i = i + 1 < end ? i + 1 : begin, --missing_here)
      ++whole[std::get<2>(order[i])];
    for (size_t i = end; missing_here <= -1; ++missing_here) {
      i = i == begin ? end - 1 : i - 1;
      --whole[std::get<2>(order[i])];
    }
  }
  return whole;
}

EstimatedTable EstimateRollup(const Plan& plan, const PlannedQuestion& planned, const Codebook& codebook,
                              const Release& release, const Display& display) {
  const Domain& domain = planned.domain;
  const uint64_t cells = CellsOfAllLevels(domain.rollup);
  const std::vector<RollupRow> rows = RowsOf(domain);
  EstimatedTable table;
  for (const RollupRow& row : rows) table.rows.push_back({KeyOf(domain, row), {}});
  for (uint32_t m = 0; m < planned.question.measures.size(); ++m) {
    const AskedMeasure asked(codebook, planned.question.measures[m]);
    const std::vector<NoisyBlock> blocks = BlocksOf(plan, planned, m, release.noisy);
    const double unit = UnitOf(blocks[0], asked);
    const bool counts = blocks[0].block.counting.kind != Counting::Kind::kAmounts;
    const double least = counts || asked.column->lo >= 0 ? 0.0 : -1e300;
    const LevelTree tree(domain, blocks);
    std::vector<double> estimates = tree.Estimates();
    for (double& estimate : estimates) estimate *= unit;
    const std::vector<double> rounded = RoundedTogether(tree.parents(), estimates);
    const std::vector<double> widths = tree.HalfWidths();
    std::vector<double> thresholds;
    thresholds.reserve(blocks.size());
    for (const NoisyBlock& block : blocks) {
      thresholds.push_back(unit *
                           static_cast<double>(PhantomThreshold(block.block.noise, cells, display.phantoms)));
    }
    for (size_t r = 0; r < rows.size(); ++r) {
      const size_t v = tree.Node(rows[r].level, rows[r].cell);
      Value value = ValueOf(estimates[v], rounded[v], widths[v] * unit, counts, least);
      Hide(display, thresholds[rows[r].level], rounded[v], value);
      table.rows[r].values.push_back(value);
    }
  }
  for (const EstimatedRow& row : table.rows) {
    table.hidden += std::none_of(row.values.begin(), row.values.end(),
                                 [](const Value& v) { return v.shown == Value::Shown::kYes; });
  }
  return table;
}

std::vector<double> HalfWidthsOfLevels(const Domain& domain, const std::vector<NoisyBlock>& blocks) {
  const LevelTree tree(domain, blocks);
  const std::vector<double> widths = tree.HalfWidths();
  std::vector<double> widest;
  for (uint32_t l = 0; l < domain.rollup.levels.size(); ++l) {
    const auto first = widths.begin() + static_cast<std::ptrdiff_t>(tree.Node(l, 0));
    widest.push_back(
        *std::max_element(first, first + static_cast<std::ptrdiff_t>(domain.rollup.levels[l].cells)));
  }
  return widest;
}

std::vector<double> MarginsOfLevels(const Plan& plan, const PlannedQuestion& planned, uint32_t m,
                                    const Codebook& codebook) {
  const std::vector<NoisyBlock> blocks = BlocksOf(plan, planned, m, {});
  const double unit = UnitOf(blocks[0], AskedMeasure(codebook, planned.question.measures[m]));
  std::vector<double> margins = HalfWidthsOfLevels(planned.domain, blocks);
  for (double& margin : margins) margin *= unit;
  return margins;
}

}  // namespace penc
