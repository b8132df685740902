// The (epsilon, delta) of a release by the exact law of its noise, for the vector that it is charged for.
#pragma once
#include "question/plan.h"

namespace penc::audit {

// The least epsilon that holds at `delta` for the most concentrated vectors that the plans permit, of all of
// them together; too large by at most 0.01 a cell that one person touches. 10^-6 <= delta.
double EpsilonAt(double delta, const std::vector<Plan>& plans);

}  // namespace penc::audit
