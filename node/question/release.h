// What leaves: noisy integers with the law of their noise. Public once it exists. And what people read: a
// table of estimates, computed by the same pure function at the node, the recipient and a verifier.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "question/plan.h"

namespace penc {

struct Release {
  std::string plan_id;
  std::vector<int64_t> noisy;  // as long as the plan's vector
  uint32_t organisations = 1;  // that it is the sum of
};

// One number with its margin. The interval covers the exact (capped) value with probability >= 95 %.
struct Value {
  enum class Shown { kYes, kTooFew, kMarginTooWide };
  Shown shown = Shown::kYes;
  double value = 0, low = 0, high = 0;  // low and high clipped to what is possible (a count is not negative)
};

struct EstimatedRow {
  std::vector<uint32_t> key;  // category index per axis
  std::vector<Value> values;  // per measure
};

struct EstimatedTable {  // one table per question
  std::vector<EstimatedRow> rows;
  uint32_t hidden = 0;  // rows with nothing to show
};

// Presentation, not protection (policy.md): which numbers are worth showing.
struct Display {
  double hide_margin_above = 0.5;  // of the value
  double phantoms = 1;  // at most this many empty cells of a table would be expected to look like a shown one
};

// Pure. One table per question of the plan.
std::vector<EstimatedTable> Estimate(const Plan& plan, const Codebook& codebook, const Release& release,
                                     const Display& display);

// The smallest t such that at most `phantoms` of so many empty cells would be expected to reach it by noise
// alone.
uint64_t PhantomThreshold(const Mechanism& noise, uint64_t cells, double phantoms);

// From which value on a cell of a question's first column is shown, in units of the answer, and how many
// cells would be shown by noise alone if all were empty. Zeros where nothing is hidden for being small. Of
// ROLLUP: a cell of the finest level, and cells of all levels. Pure.
struct Phantoms {
  double shown_from = 0, expected = 0;
};
Phantoms ExpectedPhantoms(const Plan& plan, uint32_t question, const Codebook& codebook,
                          const Display& display);

}  // namespace penc
