// The codebook that a command without an office speaks of.
#pragma once
#include <string>

#include "absl/status/statusor.h"
#include "codebook/codebook.h"

namespace penc::cli {

// Empty: the migration codebook, which the program carries.
absl::StatusOr<Codebook> CodebookAt(const std::string& path);

}  // namespace penc::cli
