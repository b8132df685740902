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

// `declared`: what the roster or the region presumes; 0: by the rule max(colluding, 2, ceil(0.15 asked)).
//
// The smallest committee that stands even where all who are presumed dishonest are among its stewards; the
// largest that there are enough organisations for where none does. (A fixed seven of 14 to 99 organisations
// would hold more liars than it stands with a chance of 3 to 10 %.) FAILED_PRECONDITION for fewer than five
// organisations: their total would not hide one of them.
absl::StatusOr<Committee> CommitteeFor(uint32_t asked, uint32_t declared);
uint32_t PresumedDishonest(uint32_t asked, uint32_t colluding, uint32_t declared);
uint32_t FewestFor(uint32_t asked, uint32_t dishonest);
// From the fewest to all: every number up to 128 organisations; beyond that steps between which at most 5.3 %
// more variance stays than is needed, never less. Whole numbers only, so that every machine finds the same.
std::vector<uint32_t> LevelsFor(uint32_t asked, uint32_t dishonest, uint32_t fewest);

// How far one office's exact cell may reach in a ring of so many bits; cells saturate there.
int64_t OfficeBound(uint32_t word_bits);
// 32, or 64 where a block counts amounts or the noise of `asked` organisations could leave 32 bits (chance
// below 2^-40 in all cells together).
uint32_t WordBitsFor(const Plan& plan, uint32_t asked, uint32_t dishonest, uint32_t fewest);

// The stewards of every round of this roster and region, in an order that its hash fixes, and until when
// rounds may last: a third of the declared stewards may have shorter keys, and those are passed over. Neither
// depends on the round: whoever could choose how long a round lasts would choose its stewards with it.
struct StewardsInForce {
  std::vector<uint32_t> stewards;  // ascending
  absl::Time until;
};
// FAILED_PRECONDITION where there are too few.
absl::StatusOr<StewardsInForce> StewardsFor(const CheckedRoster& roster, const std::vector<uint32_t>& asked,
                                            const Committee& committee);

}  // namespace penc
