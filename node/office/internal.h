// Exact tables of an office's own records, for its own people and nobody else: an office gains from feeding
// its node.
//
// No caps, no noise, no budget, no policy: whoever may run a command on the office's folder may read its
// records anyhow. Every column may be asked but those that are `never` askable. The emergency stop does not
// stop it: nothing leaves. Persons who do not consent are not counted here either.
//
// An exact number beside the published one of the same question shows the noise, and with it what the noise
// protects: the marking that goes with every result says so. Only office/admin*.cc includes this (a test
// looks): what it returns leaves through AdminResult, on the office's own socket, and through nothing else.
#pragma once
#include "absl/status/statusor.h"
#include "office/office.h"
#include "penc/v1/admin_view.pb.h"

namespace penc {

// Journaled before it is counted. INVALID_ARGUMENT and NOT_FOUND for questions that cannot be bound;
// FAILED_PRECONDITION where nothing is closed (and `staged` is not set), or a sum or a table is too large.
absl::StatusOr<v1::InternalResult> CountExactly(Office& office, const v1::InternalCommand& command);

}  // namespace penc
