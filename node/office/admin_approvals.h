// `penc pending`, `penc approve`, `penc refuse`: what a person sees of a question before deciding of it. It
// is planned again each time, so that it says what would be answered now.
#pragma once
#include "absl/status/statusor.h"
#include "penc/v1/admin.pb.h"

namespace penc {

class Office;

absl::StatusOr<v1::PendingResult> ListPending(Office& office, const v1::PendingCommand& command);

// FAILED_PRECONDITION where something has come of it already: a round has the office's contribution, or its
// abstention. Else as Approvals::Decide.
absl::StatusOr<v1::DecideResult> DecideHere(Office& office, const v1::DecideCommand& command);

// How many wait.
uint32_t CountPending(Office& office);

}  // namespace penc
