// An office's part in one attempt of a round, as what comes next: from what it remembers
// (storage.v1.OfficeRoundRow) and what the hub says. Pure; whoever acts on it makes the row durable first.
//
//   SEEN -> BUILT -> ACKED -> SPENT | REFUNDED          ABSTAINED -> ABSTAINED, settled
//     \-> SEEN, waiting -> SEEN | ABSTAINED
//
// SEEN is written before the charge, BUILT after COMMIT. While a person decides it is SEEN and waiting, and
// surely not charged. Where a crash came between the charge and the contribution, the question may be
// declined afterwards: ABSTAINED and charged. Nothing is given back but on a certificate: that of another
// set, or that of VOID.
#pragma once
#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "federation/round.h"
#include "penc/storage/v1/region.pb.h"
#include "penc/v1/hub_service.pb.h"

namespace penc {

enum class OfficeStep {
  kNothing,
  kContribute,  // decide, charge, build (again, where a crash came between)
  kSend,        // what is missing at the hub: header, chunks, the abstention, or that it waits
  kTooLate,     // nobody decided while the round collected: it abstains
  kSettle,      // a certificate is there
  kLost,        // the hub has a contribution that this folder knows nothing of: it was restored
};

// `row`: null where the office has not seen this attempt. `undecided`: a person is still to decide of it.
OfficeStep NextStep(const Round& round, uint32_t office, const storage::v1::OfficeRoundRow* row,
                    bool undecided, const v1::Work& work, absl::Time now);

// How an attempt ended for an office that took it up: SPENT or REFUNDED, with what ended it. Nothing while
// nothing is certain: neither certificate nor VOID verifies, and the round has not expired. An expired round
// with no certificate stays spent.
struct Settlement {
  storage::v1::OfficeRoundRow::State state = storage::v1::OfficeRoundRow::STATE_UNSPECIFIED;
  std::string ended_by;
};
absl::optional<Settlement> Settle(const Round& round, uint32_t office, const v1::Work& work, absl::Time now);

}  // namespace penc
