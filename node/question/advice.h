// What could be asked in place of a question, and what that would give: each alternative is planned, at the
// same part of the price. Sizes of cells are not known here: no record is looked at. Pure.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "codebook/codebook.h"
#include "question/plan.h"

namespace penc {

struct Alternative {
  enum class Kind { kGrain, kWindow };
  Kind kind = Kind::kGrain;
  std::string change;  // "fold(nationality)"; kWindow: its first period, "2024-Q4"
  uint64_t cells = 0;
  std::vector<double> margins;  // per measure, as the plan gives them; 0: depends on the answer
  // Per measure: the margin is that of the question as it stands.
  std::vector<bool> same;
  double longer = 1;  // kWindow: how many times as long
};

// Of `plan`, which is priced by share. Coarser keys (fold, main_of, country, quarter, year) where they make
// fewer cells or a smaller margin; the range of a date in WHERE, twice as long, where the table is not
// divided by that date: counts grow with it and their margins do not.
std::vector<Alternative> AlternativesTo(const Plan& plan, uint32_t question, const Codebook& codebook);

}  // namespace penc
