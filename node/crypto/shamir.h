// Shamir's secret sharing (1979) over GF(2^8) with the polynomial x^8 + x^4 + x^3 + x + 1, byte by byte: any
// `threshold` of `count` shares give the secret, fewer say nothing of it. Share i (from 0) belongs to the
// point i + 1. Pure; work and memory do not depend on the secret.
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/random.h"
#include "crypto/secret.h"

namespace penc {

// 1 <= threshold <= count <= 255.
std::vector<Secret> SplitSecret(const Secret& secret, uint32_t threshold, uint32_t count,
                                RandomSource& random);

// `shares`: (index from 0, bytes), at least `threshold` different ones; the first `threshold` are used.
// INVALID_ARGUMENT where there are too few, two for one index, or of different lengths.
absl::StatusOr<Secret> JoinShares(uint32_t threshold,
                                  const std::vector<std::pair<uint32_t, absl::string_view>>& shares);

}  // namespace penc
