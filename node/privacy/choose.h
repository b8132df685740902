// The planner's choice of noise for one block. Pure and canonical: equal inputs give equal bytes everywhere,
// so that every office recomputes the same plan.
#pragma once
#include <cstdint>

#include "absl/status/statusor.h"
#include "privacy/mechanism.h"
#include "privacy/promise.h"

namespace penc {

// The least noise that costs at most `price` at the reference promise's order: the smaller 95 % half width of
// the best discrete Laplace (epsilon a multiple of 1/1024) and the best Skellam (variance on the grid m 2^e,
// 1,024 <= m < 2,048). `price` is Rényi divergence in 2^-40; for a pure reference promise it is epsilon in
// 2^-40 and only Laplace is offered. INVALID_ARGUMENT where it buys less than epsilon = 1/1024.
absl::StatusOr<Mechanism> ChooseAtPrice(const Contribution& person, uint64_t price, const Promise& reference);

// The best discrete Laplace alone, whose inverse is stable: for bits that are summed and then counted
// (question/distinct_estimate.md). Errors as above.
absl::StatusOr<Mechanism> LaplaceAtPrice(const Contribution& person, uint64_t price,
                                         const Promise& reference);

// Discrete Laplace at epsilon = epsilon_1024 / 1024.
Mechanism LaplaceAt(const Contribution& person, uint64_t epsilon_1024);

// The cheapest noise whose 95 % half width is at most `half_width`. INVALID_ARGUMENT where none of epsilon <=
// 64 is.
absl::StatusOr<Mechanism> ChooseForMargin(const Contribution& person, uint64_t half_width,
                                          const Promise& reference);

}  // namespace penc
