// Dates as spreadsheets store them: days since 1900 (with a 29 February 1900 that never was) or since 1904.
// Pure.
#pragma once
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace penc {

// Days since 1970 of a whole serial; nothing for days that no calendar has.
absl::optional<int64_t> DayOfSerial(int64_t serial, bool from_1904);

// "2024-03-01", or with its time of day "2024-03-01T10:20:30" to the nearest second; a time without a day (a
// serial below 1) is "10:20:30". Nothing where it is no date.
absl::optional<std::string> TextOfSerial(double serial, bool from_1904);

enum class FormatMeans { kNumber, kDate };
// What a number format shows: by its code ("dd/mm/yyyy"), or by its number where it is one of Excel's own.
FormatMeans MeaningOfFormat(absl::string_view code);
FormatMeans MeaningOfFormat(uint32_t own_number);

}  // namespace penc
