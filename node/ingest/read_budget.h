// How long one upload may be read: a bound over all of its parts and passes together, and an end as soon as
// nobody waits for it any more. A small file may hold hours of work.
#pragma once
#include <cstdint>
#include <functional>

#include "absl/status/status.h"

namespace penc {

// True once whoever asked has left. May be empty: somebody always waits. From any thread, often.
using Cancelled = std::function<bool()>;

// CANCELLED where nobody waits any more.
absl::Status StillWanted(const Cancelled& cancelled);

// Not thread-safe.
class ReadBudget {
 public:
  // Four passes over a sheet as large as a part may be (ZipParts::kLargest).
  static constexpr uint64_t kMostBytes = uint64_t{16} << 30;
  explicit ReadBudget(Cancelled cancelled = nullptr, uint64_t bytes = kMostBytes)
      : cancelled_(std::move(cancelled)), left_(bytes) {}

  // Before or after so many bytes were unpacked. CANCELLED; RESOURCE_EXHAUSTED: more than there were.
  absl::Status Spend(uint64_t bytes);

 private:
  Cancelled cancelled_;
  uint64_t left_;
};

}  // namespace penc
