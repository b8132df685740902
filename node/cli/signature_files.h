// Signature files that a command is given (--signed), and commands of people who sign.
#pragma once
#include <google/protobuf/repeated_field.h>

#include <string>
#include <vector>

#include "absl/status/status.h"

namespace penc::cli {

// Their texts, read here: the office is not told the files' names. INVALID_ARGUMENT for what is no signature.
absl::Status ReadSignatures(const std::vector<std::string>& paths,
                            google::protobuf::RepeatedPtrField<std::string>* texts);

}  // namespace penc::cli
