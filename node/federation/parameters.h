// The numbers of a round: who is how many, who may be absent or collude, at which counts noise can be taken
// away. A pure function of the roster and the plan: neither the hub nor the partner chooses anything that
// touches privacy. Specification: federation.md of the design, "Parameters".
#pragma once
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "federation/roster.h"
#include "question/plan.h"

namespace penc {

struct Committee {
  uint32_t stewards = 0, colluding = 0, absent = 0;
  uint32_t quorum() const { return stewards - absent; }
};

// FAILED_PRECONDITION for fewer than five organisations: their total would not hide one of them.
absl::StatusOr<Committee> CommitteeFor(uint32_t asked);

// `declared`: what the roster or the region says; 0: by the rule max(colluding, 2, ceil(0.15 asked)).
uint32_t PresumedDishonest(uint32_t asked, uint32_t colluding, uint32_t declared);
uint32_t FewestFor(uint32_t asked, uint32_t dishonest);
// From the fewest to all: every number up to 128 organisations, beyond that 17 steps between which a little
// more noise stays than is needed, never less.
std::vector<uint32_t> LevelsFor(uint32_t asked, uint32_t dishonest, uint32_t fewest);

// How far one office's exact cell may reach in a ring of so many bits; cells saturate there.
int64_t OfficeBound(uint32_t word_bits);
// 32, or 64 where a block counts amounts or the noise of `asked` organisations could leave 32 bits (chance
// below 2^-40 in all cells together).
uint32_t WordBitsFor(const Plan& plan, uint32_t asked, uint32_t dishonest, uint32_t fewest);

// The stewards of a round: members that are asked and whose epoch lasts until `until`, in an order that the
// roster fixes and nobody can steer. FAILED_PRECONDITION where there are too few.
absl::StatusOr<std::vector<uint32_t>> StewardsFor(const CheckedRoster& roster,
                                                  const std::vector<uint32_t>& asked,
                                                  const Committee& committee, absl::Time until);

}  // namespace penc
