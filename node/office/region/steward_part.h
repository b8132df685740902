// A member as a steward in one attempt of a round: what federation/steward.h allows, written down, then sent.
// Internal to the region.
#pragma once
#include <vector>

#include "absl/status/status.h"
#include "federation/hub_link.h"
#include "federation/steward.h"
#include "federation/steward_duties.h"
#include "office/region/round_rows.h"
#include "penc/v1/hub_service.pb.h"

namespace penc {

class Office;
struct MemberRound;

class StewardPart {
 public:
  // References outlive it.
  StewardPart(Office& office, RoundRows& rows, const MemberRound& round)
      : office_(office), rows_(rows), round_(round) {}

  absl::StatusOr<std::vector<StewardDuty>> Duties(const v1::Work& work) const;
  // FAILED_PRECONDITION where it may not, with whom or what is in the way; UNAVAILABLE and the like of the
  // line.
  absl::Status Do(const StewardDuty& duty, const v1::Work& work, HubLink& hub);

 private:
  absl::Status Vote(const Steward& steward, const v1::Work& work, HubLink& hub);
  absl::Status Promise(const Steward& steward, HubLink& hub);
  absl::Status Open(const Steward& steward, const StewardDuty& duty, const v1::Work& work, HubLink& hub);
  absl::StatusOr<std::vector<Delivered>> Boxes(HubLink& hub) const;

  Office& office_;
  RoundRows& rows_;
  const MemberRound& round_;
};

}  // namespace penc
