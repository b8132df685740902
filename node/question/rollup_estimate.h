// What people read of GROUP BY ROLLUP(...): numbers of which every total is exactly the sum of its parts,
// with margins. Least squares over the released levels (consistent.md), rounded to whole numbers down the
// tree.
//
// A number's interval is its estimate by k standard deviations of it, exactly known, where k is the most that
// the reach of one level's own noise takes of its own (measures/measure.h: its 95 % and a whole step, as for
// shares and quantiles). Noise with a deviation below 1 is hardly a bell: there k is Chebyshev's, the root of
// 20, which holds for any.
#pragma once
#include <vector>

#include "codebook/codebook.h"
#include "question/plan.h"
#include "question/release.h"

namespace penc {

struct NoisyBlock;

// Pure. One row per cell of every level, totals after their parts; the last categories of a key are totals
// (rollup.h, KeyOf).
EstimatedTable EstimateRollup(const Plan& plan, const PlannedQuestion& planned, const Codebook& codebook,
                              const Release& release, const Display& display);

// By level the widest 95 % half width of a cell, in released integers. `blocks`: one a level, the finest
// first.
std::vector<double> HalfWidthsOfLevels(const Domain& domain, const std::vector<NoisyBlock>& blocks);

// The same of measure `m`, in units of the answer.
std::vector<double> MarginsOfLevels(const Plan& plan, const PlannedQuestion& planned, uint32_t m,
                                    const Codebook& codebook);

// Whole numbers for the estimates of a tree, each the one below or above its own, so that every node is the
// sum of its children. `parents` as in ConsistentTree.
std::vector<double> RoundedTogether(const std::vector<uint32_t>& parents,
                                    const std::vector<double>& estimates);

}  // namespace penc
