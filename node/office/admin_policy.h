// Commands on the disclosure policy: compare, apply, look back, decide the past again.
#pragma once
#include "absl/status/statusor.h"
#include "office/office.h"
#include "penc/v1/admin.pb.h"

namespace penc {

absl::StatusOr<v1::PolicyApplyResult> ApplyPolicy(Office& office, const v1::PolicyApplyCommand& command);
absl::StatusOr<v1::PolicyDiffResult> DiffPolicy(Office& office, const v1::PolicyDiffCommand& command);
absl::StatusOr<v1::PolicyVersionsResult> ListPolicies(Office& office);
// NOT_FOUND names the versions that there are.
absl::StatusOr<v1::PolicyTextResult> ShowPolicy(Office& office, const v1::PolicyTextCommand& command);

}  // namespace penc
