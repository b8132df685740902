// `penc rounds DIR`: what this office did in regional rounds.
#pragma once
#include "absl/status/statusor.h"
#include "penc/v1/admin.pb.h"

namespace penc {

class Office;

absl::StatusOr<v1::RoundsResult> ListRounds(Office& office);

}  // namespace penc
