// One curator who has everybody's records: what privacy costs at the least. Header only.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "absl/types/optional.h"
#include "base/status.h"
#include "codebook/codebook.h"
#include "privacy/law.h"
#include "privacy/pld.h"
#include "question/measures/measure.h"
#include "question/plan.h"

namespace penc::bench {

inline constexpr double kDelta = 1e-6;

using Said = absl::optional<double>;  // nothing: too few to say

// What one curator needs: the smallest noise of either family that is (epsilon, 1e-6) by the exact law of its
// privacy loss; all blocks cost the same here.
inline Plan CuratorsPlan(Plan plan, double epsilon) {
  const Contribution person = plan.blocks[0].per_person;
  const uint64_t times = plan.blocks.size();
  for (const Block& block : plan.blocks) PENC_CHECK(block.per_person.l1 == person.l1);
  // The first of ever wider ones that is private enough.
  const auto narrowest = [&](Family family, auto parameter, int last) {
    int low = 0, high = last;
    while (low < high) {
      const int middle = (low + high) / 2;
      if (LossOf({{{family, parameter(middle)}, person, times}}).Epsilon(kDelta) <= epsilon) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return Mechanism{family, parameter(low)};
  };
  const Mechanism laplace = narrowest(
      Family::kDiscreteLaplace,
      [&](int i) {
        const auto a = static_cast<uint64_t>(std::floor(1e6 * 2 * epsilon * std::pow(1.0005, -i)));
        return Ratio{std::max<uint64_t>(1, a), 1000000};
      },
      22000);
  const Mechanism skellam = narrowest(
      Family::kSkellam,
      [](int i) {
        return Ratio{static_cast<uint64_t>(std::ceil(100 * std::pow(1.0005, i))), 1000};
      },
      30000);
  const Mechanism best = HalfWidth(skellam, 0.95) < HalfWidth(laplace, 0.95) ? skellam : laplace;
  for (Block& block : plan.blocks) block.noise = best;
  return plan;
}

// Rows of each cell, from the leaves of its tree.
inline std::vector<double> RowsOf(const Plan& plan, const std::vector<int64_t>& exact) {
  const Block& leaves = plan.blocks[0];
  std::vector<double> rows(leaves.cells / leaves.counting.fan, 0);
  for (uint64_t i = 0; i < leaves.cells; ++i)
    rows[i / leaves.counting.fan] += static_cast<double>(exact[leaves.first + i]);
  return rows;
}

// A curator's best for medians: a leaf with probability proportional to exp(-epsilon d), d the distance of
// its rows' ranks from the middle, which one person with one row moves by half (McSherry and Talwar 2007).
// The middle of that leaf.
inline std::vector<Said> ByExponentialMechanism(const Plan& plan, const Codebook& codebook,
                                                const std::vector<int64_t>& exact, double epsilon,
                                                std::mt19937_64& dice) {
  const Block& leaves = plan.blocks[0];
  const Column& column = *AskedMeasure(codebook, plan.questions[0].question.measures[0]).column;
  const std::vector<double> rows = RowsOf(plan, exact);
  std::vector<Said> values;
  for (size_t cell = 0; cell < rows.size(); ++cell) {
    const uint32_t fan = leaves.counting.fan;
    std::vector<double> weights;
    double below = 0;
    for (uint32_t leaf = 0; leaf < fan; ++leaf) {
      const auto here = static_cast<double>(exact[leaves.first + cell * fan + leaf]);
      const double away = std::max({0.0, below - rows[cell] / 2, rows[cell] / 2 - below - here});
      weights.push_back(std::exp(-epsilon * away));
      below += here;
    }
    std::discrete_distribution<int> choose(weights.begin(), weights.end());
    const double leaf = choose(dice) + 0.5;
    values.push_back((static_cast<double>(column.lo) + leaf * leaves.counting.part_width) * StepOf(column));
  }
  return values;
}

}  // namespace penc::bench
