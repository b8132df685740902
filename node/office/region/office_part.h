// A member as an office in one attempt of a round: decides, charges, builds, sends, settles. Internal to the
// region.
#pragma once
#include "absl/status/status.h"
#include "absl/types/optional.h"
#include "federation/hub_link.h"
#include "federation/office_round.h"
#include "office/region/round_rows.h"
#include "office/work.h"
#include "penc/v1/hub_service.pb.h"
#include "penc/v1/refusal.pb.h"

namespace penc {

class Office;
struct MemberRound;

class OfficePart {
 public:
  // References outlive it.
  OfficePart(Office& office, RoundRows& rows, const MemberRound& round)
      : office_(office), rows_(rows), round_(round) {}

  // What comes next, from what is remembered.
  absl::StatusOr<OfficeStep> Next(const v1::Work& work);
  // Answers the round, or writes down why not (yet): afterwards something can be sent. `work` is what it was
  // planned with, for the reply slot.
  absl::Status Contribute(PlannedWork& work);
  // Nobody decided in time.
  absl::Status TooLate();
  // The contribution's missing parts, or the abstention, for good or for now. FAILED_PRECONDITION where the
  // round no longer collects.
  absl::Status Send(HubLink& hub);
  // Spent for ever, or given back.
  absl::Status Settle(const v1::Work& work);

 private:
  absl::optional<v1::Refusal> StaysAway() const;
  absl::Status Abstain(storage::v1::OfficeRoundRow row, v1::Refusal reason);
  absl::Status SendContribution(HubLink& hub, storage::v1::OfficeRoundRow row);
  absl::Status SendAbstention(HubLink& hub, v1::Refusal reason, bool waiting = false);

  Office& office_;
  RoundRows& rows_;
  const MemberRound& round_;
};

}  // namespace penc
