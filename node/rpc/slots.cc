#include "rpc/slots.h"

#include <array>

namespace penc::rpc {
namespace {

const std::array<absl::Duration, 4>& Slots() {
  static const auto* const slots = new std::array<absl::Duration, 4>{
      absl::Milliseconds(100), absl::Milliseconds(400), absl::Milliseconds(1600), absl::Milliseconds(6400)};
  return *slots;
}

}  // namespace

absl::Duration WorstCase(const PlannedWork& work, const DeclaredCapacity& capacity) {
  // Duration arithmetic saturates at infinity: an absurd plan lands in the last slot, never in a small one.
  const double questions = static_cast<double>(work.questions);
  return absl::Milliseconds(20) + absl::Milliseconds(30) * questions +
         absl::Nanoseconds(10) * questions * static_cast<double>(capacity.rows) +
         absl::Nanoseconds(400) * static_cast<double>(work.cells);
}

absl::Duration SlotFor(absl::Duration estimated) {
  for (absl::Duration slot : Slots()) {
    if (estimated <= slot) return slot;
  }
  return Slots().back();
}

absl::Duration LeavesAt(absl::Duration slot, absl::Duration elapsed) {
  if (elapsed <= slot) return slot;
  for (absl::Duration later : Slots()) {
    if (later > slot && elapsed <= later) return later;
  }
  return absl::Ceil(elapsed, Slots().back());
}

}  // namespace penc::rpc
