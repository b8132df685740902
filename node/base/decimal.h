// Exact decimals as people write them in YAML and SQL ("0.25", "-12.5", "1e-6"): a fraction of two integers,
// never a float. (Decimal commas are the importer's: see ingest.)
#pragma once
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace penc {

// num / den in lowest terms; den > 0 and divides a power of ten.
struct Decimal {
  int64_t num = 0;
  int64_t den = 1;
  friend bool operator==(const Decimal& a, const Decimal& b) { return a.num == b.num && a.den == b.den; }
};

// -?(0|[1-9][0-9]*)(\.[0-9]+)?(e-?[0-9]+)? ; INVALID_ARGUMENT otherwise, or where num or den does not fit (18
// digits always do).
absl::StatusOr<Decimal> ParseDecimal(absl::string_view text);

// "0.25"; whole numbers without a point.
std::string FormatDecimal(const Decimal& value);

// How many steps of `step` (> 0) make `value`; nothing where it is not a whole number of them or does not
// fit.
absl::optional<int64_t> InSteps(const Decimal& value, const Decimal& step);
// steps * step; nothing where it does not fit.
absl::optional<Decimal> OfSteps(int64_t steps, const Decimal& step);

}  // namespace penc
