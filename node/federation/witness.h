// What a steward has seen of an office's charge log, and whether a new head goes on from there. A log that
// was cut back (an old backup, a copied disk) cannot: its budget would be full again. Pure.
#pragma once
#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "crypto/signature.h"
#include "penc/storage/v1/region.pb.h"
#include "penc/v1/roster.pb.h"
#include "penc/v1/round.pb.h"

namespace penc {

// The row after `head` was seen. FAILED_PRECONDITION where the head is on another chain than what was seen,
// is behind it without being part of it, spends less than before, or takes over less than was witnessed: the
// office is left out, and both heads are the evidence. A lower size on the same chain is fine: rounds
// overlap.
absl::StatusOr<storage::v1::WitnessRow> Witness(const storage::v1::WitnessRow& seen,
                                                const v1::ChargeLogHead& head);

// A steward's statement of what it has seen, for the office that it is about; `steward` is its index, `key`
// its member key, which outlives the epoch.
v1::SignedWitness SignWitness(const v1::WitnessStatement& statement, uint32_t steward, const SigningKey& key);
// The statement where the signature is that of the roster's member `signed_witness.steward`; nothing
// otherwise.
absl::optional<v1::WitnessStatement> ReadWitness(const v1::Roster& roster,
                                                 const v1::SignedWitness& signed_witness);

}  // namespace penc
