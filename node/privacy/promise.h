// What one person's records may ever cost at an office: (epsilon, delta), for life; and the one Rényi order
// at which it is accounted (privacy.md, "Accounting"). Pure functions, safe from any thread.
#pragma once
#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace penc {

struct Promise {
  uint64_t epsilon_1024 = 8 * 1024;  // epsilon in 1/1024
  int delta_mantissa = 1;            // delta = mantissa * 10^-exponent; mantissa 0: pure
  int delta_exponent = 6;
  // The part of delta that key selection alone may spend, in 10^-18; below delta. The rest is the filter's.
  uint64_t keys_delta = 0;

  bool pure() const { return delta_mantissa == 0; }
};

// "8" or "0.5" (exact in 1/1024, else INVALID_ARGUMENT), and "1e-6", "0.000001" or "0".
absl::StatusOr<Promise> ParsePromise(absl::string_view epsilon, absl::string_view delta);

// "1e-7": a part of `promise`'s delta set aside for key selection, smaller than it. INVALID_ARGUMENT else.
absl::StatusOr<uint64_t> ParseKeysDelta(absl::string_view text, const Promise& promise);

// delta in 10^-18, exact.
uint64_t DeltaOf(const Promise& promise);

// alpha* in half-integers.
struct Order {
  uint32_t twice_alpha = 4;
};

// The order with the largest B / alpha among half-integers up to 10 and integers above. delta = 1e-6, epsilon
// 1, 2, 4, 8: 22, 12, 7, 4.5. Pure: order 2, and nothing is decided by it.
Order OrderOf(const Promise& promise);

// B = epsilon - ln(1 - 1/alpha) + ln(delta alpha) / (alpha - 1), in 2^-40, rounded down. Pure: 0. Of the
// filter's delta: what is set aside for key selection is taken off first.
uint64_t RenyiBudget(const Promise& promise);
// The same at any order from 3/2 on.
uint64_t RenyiBudgetAt(const Promise& promise, Order order);
// epsilon in 2^-40, exact.
uint64_t PureBudget(const Promise& promise);

// All of them, computed once: a cohort's allowance for life.
struct Allowance {
  Order order;
  uint64_t pure = 0;
  uint64_t renyi = 0;
  uint64_t keys_delta = 0;
};
Allowance AllowanceOf(const Promise& promise);

}  // namespace penc
