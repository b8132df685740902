// The journal's past questions, looked at again: under another policy, and as sentences that anybody may
// read.
#pragma once
#include "absl/status/statusor.h"
#include "office/office.h"
#include "penc/v1/admin.pb.h"

namespace penc {

// Decided as at their own time, under a policy at hand and the codebook and grants of today. Budgets are not
// looked at, no record is touched, nothing is spent or journaled.
absl::StatusOr<v1::PolicySimulateResult> SimulatePolicy(Office& office,
                                                        const v1::PolicySimulateCommand& command);

// What is older than the policy's publication delay. Holds no number of an answer.
absl::StatusOr<v1::SentencesResult> PastSentences(Office& office);

}  // namespace penc
