// Periods: one arithmetic for months, quarters, editions and cohorts. Units as in codebook.h (counted from
// 1970).
#pragma once
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "codebook/codebook.h"

namespace penc {

// "2026-03-31", "2026-W13", "2026-03", "2026-Q1", "2026" in the native unit of `type`. Proleptic Gregorian,
// ISO weeks.
absl::StatusOr<int64_t> ParsePeriod(ColumnType type, absl::string_view text);
std::string FormatPeriod(ColumnType type, int64_t value);

// The period of type `coarse` that holds the first day of `value`; `coarse` is not finer than `fine`.
int64_t Coarsen(ColumnType fine, int64_t value, ColumnType coarse);

// First day of a period, in days since 1970.
int64_t FirstDay(ColumnType type, int64_t value);
// The period of type `type` that holds `day` (days since 1970).
int64_t PeriodOfDay(ColumnType type, int64_t day);

// An edition (and a cohort) is a period of the network's calendar: its number in the closing's unit.
using Edition = int64_t;
absl::StatusOr<Edition> ParseEdition(Closing closing, absl::string_view label);  // "2026-Q3"
std::string EditionLabel(Closing closing, Edition edition);
Edition EditionAt(Closing closing, absl::Time now);  // the calendar period that holds `now`, UTC

}  // namespace penc
