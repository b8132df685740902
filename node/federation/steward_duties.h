// What a steward has to do in one attempt of a round, from what it remembers and what the hub says. Pure;
// federation/steward.h decides whether it may.
#pragma once
#include <cstdint>
#include <vector>

#include "federation/round.h"
#include "penc/storage/v1/region.pb.h"
#include "penc/v1/hub_service.pb.h"

namespace penc {

struct StewardDuty {
  enum class Kind { kVote, kRelease, kReveal, kPromise };
  Kind kind = Kind::kVote;
  uint32_t absent = 0;  // kReveal: for whom

  friend bool operator==(const StewardDuty&, const StewardDuty&) = default;
};

// In the order in which they are to be done; nothing for members that are no stewards of the round, and
// nothing where the hub has messages that the steward does not remember. What the hub says it has is not done
// again, apart from reveals: of them it does not say.
std::vector<StewardDuty> DutiesOf(const Round& round, uint32_t steward, const storage::v1::StewardRow& row,
                                  const v1::Work& work);

}  // namespace penc
