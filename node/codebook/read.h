// From a codebook file to a Codebook: the one way in. The format is proto/penc/storage/v1/codebook.proto
// written as YAML (base/yaml.h); policy/codebook/migration.yaml is the example that ships.
#pragma once
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "codebook/codebook.h"

namespace penc {

// INVALID_ARGUMENT "FILE line N: PATH: ..." at the first mistake of form or meaning: a list that does not
// exist or has more codes than its column type can hold, an empty range, a code written twice, a parent that
// does not exist, a fold or an order of precedence that leaves a code out, a cap below 1, ...
absl::StatusOr<Codebook> ReadCodebook(absl::string_view file, absl::string_view text);

}  // namespace penc
