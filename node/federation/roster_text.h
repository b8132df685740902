// A roster for people: what a person reads aloud before it is signed, and compares with others afterwards.
#pragma once
#include "absl/time/time.h"
#include "base/status.h"
#include "federation/roster.h"

namespace penc {

// Several lines: the network, its hash, who signs and who has signed, every member with its fingerprint,
// regions. The same for everybody who has the same bytes, but for "expired". Signatures are shown only where
// they verify, so that a draft may be shown too.
Text RosterText(const CheckedRoster& roster, absl::Time now);

}  // namespace penc
