// A member as a recipient: it reads the rounds that it took part in, and sees what is said of it. Internal to
// the region.
#pragma once
#include "absl/status/status.h"
#include "federation/hub_link.h"

namespace penc {

class Office;
struct MemberRound;

// Fetches an opened round, checks it, and keeps its record in DIR/answers; OK where it is there already.
absl::Status KeepAnswer(Office& office, const MemberRound& round, HubLink& hub);

}  // namespace penc
