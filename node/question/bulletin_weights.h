// The weights of a bulletin file, once its margins have become a division of the price (allocate.h). Pure.
#pragma once
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace penc {

// The same file with these weights, one per question; comments and everything else stay as they are.
// FAILED_PRECONDITION, naming the weights, where the file is written in a way that this does not know.
absl::StatusOr<std::string> WithWeights(absl::string_view file, absl::string_view text,
                                        absl::Span<const uint32_t> weights);

// INVALID_ARGUMENT where a question states a margin and no weight: asked as it is, the wish would be lost.
absl::Status CheckMarginsAreWeights(absl::string_view file, absl::string_view text);

}  // namespace penc
