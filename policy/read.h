// Policies and grants from YAML, checked against the codebook; every mistake with file, line and path. And
// grants back to YAML.
#pragma once
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "codebook/codebook.h"
#include "policy/policy.h"

namespace penc {

absl::StatusOr<Policy> ReadPolicy(absl::string_view file, absl::string_view text, const Codebook& codebook);
absl::StatusOr<Grant> ReadGrant(absl::string_view file, absl::string_view text, const Codebook& codebook);
std::string WriteGrant(const Grant& grant);

}  // namespace penc
