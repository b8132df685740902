// The questions that a command was given: as SQL on its line, or in a file.
#pragma once
#include <string>

#include "absl/status/statusor.h"
#include "penc/v1/question.pb.h"

namespace penc::cli {

// Exactly one of `sql` and `file`. `edition`: of a file's relative periods, in place of its own; may be
// empty.
absl::StatusOr<v1::Bulletin> QuestionsOf(const std::string& sql, const std::string& file,
                                         const std::string& edition);

}  // namespace penc::cli
