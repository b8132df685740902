// The rules of a codebook file that good rows keep (penc/storage/v1/codebook.proto, Check), once its tables
// are read.
#pragma once
#include "absl/status/status.h"
#include "base/yaml.h"
#include "codebook/codebook.h"
#include "penc/storage/v1/codebook.pb.h"

namespace penc {

// Fills Table::checks. INVALID_ARGUMENT with file and line for the first that means nothing.
absl::Status ReadChecks(const storage::v1::Codebook& file, const YamlLines& lines, Codebook& book);

}  // namespace penc
