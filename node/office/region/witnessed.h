// What stewards say of an office's own charge log, counted. Pure. Internal to the region.
#pragma once
#include <string>
#include <vector>

#include "absl/types/optional.h"
#include "federation/roster.h"
#include "penc/v1/round.pb.h"

namespace penc {

// The head that at least one honest steward has seen: of those stated, highest first, the one at place
// min(t_s + 1, T - t_s). A later place would let t_s liars that say too little hide what was spent (at least
// T - t_s honest stewards voted for whatever opened last), an earlier one would let t_s liars that say too
// much burn the budget. With five offices both cannot be had: then the budget is burned rather than spent
// twice. Nothing where too few speak.
absl::optional<v1::WitnessStatement> BelievedHead(const CheckedRoster& roster, const std::string& own_key,
                                                  const std::vector<v1::SignedWitness>& statements);

}  // namespace penc
