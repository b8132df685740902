#include "ingest/xlsx/serial_date.h"

#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "absl/time/civil_time.h"

namespace penc {
namespace {

constexpr int64_t kLast = 2958465;  // 9999-12-31 counted from 1900
constexpr int64_t kLeapDay = 60;    // 1900-02-29, which spreadsheets believe in
constexpr int64_t k1970From1900 = 25569, k1904From1900 = 1462;

}  // namespace

absl::optional<int64_t> DayOfSerial(int64_t serial, bool from_1904) {
  if (from_1904) {
    if (serial < 0 || serial > kLast - k1904From1900) return absl::nullopt;
    return serial + k1904From1900 - k1970From1900;
  }
  if (serial < 1 || serial > kLast || serial == kLeapDay) return absl::nullopt;
  return serial - k1970From1900 + (serial < kLeapDay ? 1 : 0);
}

absl::optional<std::string> TextOfSerial(double serial, bool from_1904) {
  if (!(serial >= 0) || serial > static_cast<double>(kLast) + 1) return absl::nullopt;
  int64_t day = static_cast<int64_t>(std::floor(serial));
  int64_t second = std::llround((serial - std::floor(serial)) * 86400);
  if (second == 86400) {
    ++day;
    second = 0;
  }
  const std::string time = absl::StrFormat("%02d:%02d:%02d", second / 3600, second / 60 % 60, second % 60);
  if (day == 0 && (second > 0 || !from_1904)) return time;
  const absl::optional<int64_t> since_1970 = DayOfSerial(day, from_1904);
  if (!since_1970.has_value()) return absl::nullopt;
  const absl::CivilDay civil = absl::CivilDay(1970, 1, 1) + *since_1970;
  const std::string date = absl::StrFormat("%04d-%02d-%02d", civil.year(), civil.month(), civil.day());
  return second == 0 ? date : date + "T" + time;
}

FormatMeans MeaningOfFormat(uint32_t own_number) {
  const bool date = (own_number >= 14 && own_number <= 22) || (own_number >= 27 && own_number <= 36) ||
                    own_number == 45 || own_number == 47 || (own_number >= 50 && own_number <= 58);
  return date ? FormatMeans::kDate : FormatMeans::kNumber;
}

FormatMeans MeaningOfFormat(absl::string_view code) {
  if (absl::EqualsIgnoreCase(code, "general") || absl::EqualsIgnoreCase(code, "standard"))
    return FormatMeans::kNumber;
  bool date = false;
  for (size_t i = 0; i < code.size() && code[i] != ';'; ++i) {  // positive numbers' part
    const char c = absl::ascii_tolower(code[i]);
    if (c == '"') {
      i = code.find('"', i + 1);
    } else if (c == '\\' || c == '_' || c == '*') {
      ++i;
    } else if (c == '[') {
      const size_t end = code.find(']', i);
      if (end == absl::string_view::npos) break;
      const absl::string_view inside = code.substr(i + 1, end - i - 1);
      // Hours that run over a day are a duration, no date.
      if (!inside.empty() && inside.find_first_not_of("hmsHMS") == absl::string_view::npos)
        return FormatMeans::kNumber;
      i = end;
    } else if (c == '0' || c == '#' || c == '?') {
      if (!date) return FormatMeans::kNumber;  // tenths of seconds come after seconds
    } else if (c == 'y' || c == 'd' || c == 'm' || c == 'h' || c == 's') {
      date = true;
    }
    if (i == absl::string_view::npos) break;
  }
  return date ? FormatMeans::kDate : FormatMeans::kNumber;
}

}  // namespace penc
