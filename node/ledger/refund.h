// What is left where a charge is taken back. Pure.
#pragma once
#include <cstdint>

#include "absl/types/optional.h"
#include "privacy/filter.h"

namespace penc {

// `spent` without `cost`. What is infinite or saturated stays so: a sum that lost count gives nothing back,
// whatever else was in it. Nothing where `cost` is more than is there: it was never part of it.
inline absl::optional<Spent> Without(const Spent& spent, const Cost& cost) {
  constexpr uint64_t kSaturated = UINT64_MAX - 1;
  const auto taken = [](uint64_t from, uint64_t amount) -> absl::optional<uint64_t> {
    if (from >= kSaturated) return from;
    if (amount > from) return absl::nullopt;
    return from - amount;
  };
  const absl::optional<uint64_t> pure = taken(spent.pure, cost.pure), renyi = taken(spent.renyi, cost.renyi);
  if (!pure || !renyi) return absl::nullopt;
  // A share of a round selects no keys.
  return Spent{*pure, *renyi, spent.delta};
}

}  // namespace penc
