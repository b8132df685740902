// Commands about rules and papers: policy, codebook, grants, the card, the budget, the emergency stop. See
// admin.h.
#pragma once
#include "absl/status/statusor.h"
#include "office/office.h"
#include "penc/v1/admin.pb.h"

namespace penc {

absl::StatusOr<v1::CodebookApplyResult> ApplyCodebook(Office& office,
                                                      const v1::CodebookApplyCommand& command);
absl::StatusOr<v1::GrantResult> WriteGrantFile(Office& office, const v1::GrantCommand& command);
absl::StatusOr<v1::CardResult> MakeCard(Office& office, const v1::CardCommand& command);
absl::StatusOr<v1::BudgetResult> ShowBudget(Office& office);
absl::StatusOr<v1::ExplainResponse> ExplainHere(Office& office, const v1::ExplainCommand& command);

}  // namespace penc
