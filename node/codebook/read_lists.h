// The part of a codebook file that is about code lists: codes, folds, mains. Used by read.cc only.
#pragma once
#include <vector>

#include "absl/status/statusor.h"
#include "base/status.h"
#include "base/yaml.h"
#include "codebook/codebook.h"
#include "penc/storage/v1/codebook.pb.h"

namespace penc {

absl::StatusOr<std::vector<CodeList>> ReadCodeLists(const storage::v1::Codebook& file,
                                                    const YamlLines& lines);

// The two labels as written; one absent: the other; both: `name`.
Text LabelOr(const std::string& fr, const std::string& en, const std::string& name);

// "did you mean" for a name that is not among `known`, ready to append; empty where nothing is near.
Text NearestHint(absl::string_view name, const std::vector<std::string>& known);

}  // namespace penc
