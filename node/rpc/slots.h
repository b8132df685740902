// Reply slots: an answer leaves at the smallest of 0.1, 0.4, 1.6, 6.4 s after acceptance that the *plan's*
// worst case at the office's declared capacity fits, so that the moment of leaving says nothing about records
// (privacy.md, "What may leave"). Work that overruns its slot leaves at the next one and is alarmed. Pure
// functions of plan, declared capacity and elapsed time; no record and no measured load enters.
#pragma once
#include <cstdint>

#include "absl/time/time.h"
#include "office/work.h"

namespace penc::rpc {

// What the office declared that it may hold (office.yaml), whatever it holds today.
struct DeclaredCapacity {
  uint64_t rows = 1000000;
};

// Upper estimate on the office's slowest supported machine (2 cores): 20 ms for two synced writes, then for
// each question 30 ms of planning and 10 ns a row, and 400 ns a cell. Planning takes at most 17 ms of
// processor time on a server of today (tests/bench/plan_bench.cc: eight sums and means over 16 KiB of
// conditions), 1.3 ms for a question of the yearly bulletin and 2 ms for a plan of 700,000 cells: it grows
// with the text and the measures, not with the cells, so one figure that holds the longest text will do.
absl::Duration WorstCase(const PlannedWork& work, const DeclaredCapacity& capacity);

// The smallest slot that holds `estimated`; the largest where none does.
absl::Duration SlotFor(absl::Duration estimated);

// When a reply leaves, counted from acceptance: at `slot`, or at the first later slot that is not before
// `elapsed`. After the last slot: the next whole multiple of it.
absl::Duration LeavesAt(absl::Duration slot, absl::Duration elapsed);

}  // namespace penc::rpc
