// The files under policy/ that the program carries with it: codebooks, policy profiles, question templates.
#pragma once
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace penc::embedded {

// "codebook/migration.yaml", "profiles/standard.yaml", "questions/bulletin.yaml"; nothing for an unknown
// name. The view is valid for ever.
absl::optional<absl::string_view> File(absl::string_view name);

// All names, sorted.
std::vector<absl::string_view> Names();

}  // namespace penc::embedded
