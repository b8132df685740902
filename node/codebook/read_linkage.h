// How a codebook file says that persons of several organisations are recognised
// (penc/storage/v1/codebook.proto, Linkage), once its tables are read.
#pragma once
#include "absl/status/status.h"
#include "base/yaml.h"
#include "codebook/codebook.h"
#include "penc/storage/v1/codebook.pb.h"

namespace penc {

// Fills Codebook::linkage where there is one. INVALID_ARGUMENT with file and line.
absl::Status ReadLinkage(const storage::v1::Codebook& file, const YamlLines& lines, Codebook& book);

}  // namespace penc
