// The command that moves the node key or changes it. Internal to Administer.
#pragma once
#include "absl/status/statusor.h"
#include "office/office.h"
#include "penc/v1/admin_keys.pb.h"

namespace penc {

absl::StatusOr<v1::KeyWrapResult> WrapKeys(Office& office, const v1::KeyWrapCommand& command);

}  // namespace penc
