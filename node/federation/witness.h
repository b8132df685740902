// What a steward has seen of an office's charge log, and whether a new head goes on from there. A log that
// was cut back (an old backup, a copied disk) cannot: its budget would be full again. Pure.
#pragma once
#include "absl/status/statusor.h"
#include "penc/storage/v1/region.pb.h"
#include "penc/v1/round.pb.h"

namespace penc {

// The row after `head` was seen. FAILED_PRECONDITION where the head is on another chain than what was seen,
// is behind it without being part of it, spends less than before, or takes over less than was witnessed: the
// office is left out, and both heads are the evidence. A lower size on the same chain is fine: rounds
// overlap.
absl::StatusOr<storage::v1::WitnessRow> Witness(const storage::v1::WitnessRow& seen,
                                                const v1::ChargeLogHead& head);

}  // namespace penc
