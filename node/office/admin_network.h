// Commands about the network that an office belongs to. See admin.h; membership.h does the work.
#pragma once
#include "absl/status/statusor.h"
#include "office/office.h"
#include "penc/v1/admin.pb.h"

namespace penc {

absl::StatusOr<v1::NetworkMemberResult> SpeakForItself(Office& office,
                                                       const v1::NetworkMemberCommand& command);
absl::StatusOr<v1::NetworkRosterResult> JoinNetwork(Office& office, const v1::NetworkJoinedCommand& command);
absl::StatusOr<v1::NetworkSentResult> MarkSent(Office& office, const v1::NetworkSentCommand& command);
absl::StatusOr<v1::NetworkRosterResult> ShowNetwork(Office& office);

}  // namespace penc
