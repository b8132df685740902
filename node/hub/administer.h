// Every command of a network's secretariat, on an open hub folder: the command line calls it directly, or the
// running hub calls it for the command line (rpc/hub_admin_service.h). One function, so that both do the
// same.
#pragma once
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/random.h"
#include "hub/folder.h"
#include "penc/v1/hub_admin.pb.h"

namespace penc {

// Thread-safe where `random` is. INVALID_ARGUMENT (usage), FAILED_PRECONDITION, RESOURCE_EXHAUSTED (disk
// full), DATA_LOSS. An error changed nothing.
absl::StatusOr<v1::HubResult> Administer(HubFolder& folder, const v1::HubCommand& command, const Clock& clock,
                                         RandomSource& random);

}  // namespace penc
