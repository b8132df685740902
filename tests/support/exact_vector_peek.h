// Looks into an exact vector; tests only.
#pragma once
#include <vector>

#include "question/exact_vector.h"

namespace penc {

class ExactVectorPeek {
 public:
  static std::vector<int64_t> At(ExactVector&& exact) {
    const absl::Span<int64_t> cells = exact.cells(ExactVector::Key());
    return {cells.begin(), cells.end()};
  }
};

}  // namespace penc
