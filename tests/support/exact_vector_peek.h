// Looks into an exact vector, or makes one; tests only.
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
  static ExactVector Of(const std::vector<int64_t>& cells) {
    ExactVector exact(ExactVector::Key(), cells.size());
    for (size_t i = 0; i < cells.size(); ++i) exact.cells(ExactVector::Key())[i] = cells[i];
    return exact;
  }
};

}  // namespace penc
