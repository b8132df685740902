// What `penc plan` says of a bulletin. Pure.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "cli/output.h"
#include "codebook/codebook.h"
#include "penc/v1/answer.pb.h"
#include "question/allocate.h"
#include "question/plan.h"

namespace penc::cli {

// One row a table: cells, margin, the margin that its author wants, from where on a cell is shown, how many
// would be shown by noise alone, and what an average cell would hold for each of `sizes`.
std::string PlanTable(const Plan& plan, absl::Span<const absl::optional<uint64_t>> wanted,
                      const std::vector<uint64_t>& sizes, const Codebook& codebook, Lang lang);

// What choosing the words of open lists costs, and how many people a word needs. Empty where there are none.
std::string SelectionsOf(const Plan& plan, const Codebook& codebook, Lang lang);

// What coarser keys or a longer period would give. Empty where there is nothing to say.
std::string PlanAdvice(const Plan& plan, const Codebook& codebook, Lang lang);

// "37.25%", exactly, as options read it in both languages.
std::string ExactShare(uint64_t ppm);

// How the stated margins were divided over the price.
std::string AllocationWords(const Allocation& allocation, Lang lang);
// No budget pays the stated margins; what the whole of it would.
v1::RefusalDetail BeyondTheBudget(const Allocation& allocation);

}  // namespace penc::cli
