// Histories: drawn from a seed, run, made shorter where they break a promise, kept as text.
#pragma once
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/simulation/operation.h"
#include "tests/simulation/stage.h"
#include "tests/simulation/world.h"

namespace penc::simulation {

struct History {
  Cast cast;
  std::vector<Operation> operations;
};
// The cast's line, then one line an operation.
std::string ToText(const History& history);
absl::StatusOr<History> ReadWholeHistory(absl::string_view text);

struct Outcome {
  std::string wrong;  // the promise that was broken; empty: none
  size_t after = 0;   // operations that were done
  Tally tally;
};
// Draws and runs at once: what is drawn next depends on where the network stands. `history` gets what was
// done.
Outcome Draw(Stage& stage, uint64_t seed, Broken broken, History& history);
Outcome RunAgain(Stage& stage, const History& history);
// Leaves out what is not needed for the same promise to break.
History Shrink(Stage& stage, const History& history);

}  // namespace penc::simulation
