// What the filter charges beside what was lost, for fixed mixes of releases that spend the whole budget
// (`penc privacy table`). Display only: decides nothing (pld.md). Pure functions, seconds each at most.
#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "privacy/pld.h"
#include "privacy/promise.h"

namespace penc {

enum class Mix {
  kLaplace,  // one cell by one
  kSkellam,  // one cell by one
  kBoth,     // each release: a block of either, at equal Rényi charge, one cell by one
  kWide,     // the same, where a person adds 3 to each of 4 cells
};
inline constexpr std::array<Mix, 4> kMixes = {Mix::kLaplace, Mix::kSkellam, Mix::kBoth, Mix::kWide};

// The loudest N equal releases that the filter lets pass: one step (2^-30 of a, 2^-20 of mu) less noise, and
// the last would be refused.
struct Spending {
  std::vector<Releases> blocks;  // one or two, N times each
  bool by_pure = false;          // the sum of pure epsilon decided, else that of Rényi
};
Spending SpendAll(const Promise& promise, Mix mix, uint32_t releases);

struct Truth {
  double exact = 0;     // epsilon at the promise's delta, never below the truth
  double promised = 0;  // epsilon for which the filter lets them pass
  // 0.07: the filter charges 7 % more than was lost.
  double Overcharge() const { return promised / exact - 1; }
};
Truth TruthOf(const Promise& promise, const Spending& spending);

}  // namespace penc
