// The exact answer: the one secret between the store and the noise. Move-only, wiped, never printed. Made by
// the store, consumed by a finisher; a passkey names both, so that a search for ExactVector::Key lists
// everybody who can see it.
#pragma once
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/types/span.h"

namespace penc {

class ExactVector {
 public:
  // Only these may look inside.
  class Key {
    friend class Extraction;         // store/
    friend class LocalNoise;         // release/
    friend class KeyChoice;          // release/: which words are named
    friend class ContributionMaker;  // federation/
    friend class InternalTables;     // office/internal.cc: for the office's own eyes
    friend class ExactVectorPeek;    // tests/support only
    Key() {}
  };

  ExactVector(Key, size_t cells) : cells_(cells, 0) {}
  ExactVector(ExactVector&& other) noexcept : cells_(std::exchange(other.cells_, {})) {}
  ExactVector& operator=(ExactVector&&) = delete;
  ExactVector(const ExactVector&) = delete;
  ExactVector& operator=(const ExactVector&) = delete;
  ~ExactVector() {
    if (!cells_.empty()) explicit_bzero(cells_.data(), cells_.size() * sizeof(int64_t));
  }

  size_t size() const { return cells_.size(); }
  absl::Span<int64_t> cells(Key) { return absl::MakeSpan(cells_); }

 private:
  std::vector<int64_t> cells_;
};

// Cells stay within this bound, so that noise never overflows: saturation is 1-Lipschitz, sensitivity holds.
inline constexpr int64_t kCellBound = int64_t{1} << 40;

}  // namespace penc
