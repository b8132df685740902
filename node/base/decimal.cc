#include "base/decimal.h"

#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace penc {
namespace {

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
constexpr int kMaxExponent = 18;

absl::Status Malformed(absl::string_view text) {
  const absl::string_view shown = text.substr(0, 40);
  return Fail(
      absl::StatusCode::kInvalidArgument,
      {absl::StrCat("«", shown,
                    "» n'est pas un nombre décimal (au plus 18 chiffres); écrivez par exemple 0.25"),
       absl::StrCat("\"", shown, "\" is not a decimal number (18 digits at most); write for example 0.25")});
}

bool AllDigits(absl::string_view text) {
  for (const char c : text) {
    if (!absl::ascii_isdigit(c)) return false;
  }
  return !text.empty();
}

// |num| <= 2^63 - 1, so that negation is always possible.
absl::optional<Decimal> Reduced(__int128 num, __int128 den) {
  __int128 a = num < 0 ? -num : num;
  __int128 b = den;
  while (b != 0) {
    const __int128 rest = a % b;
    a = b;
    b = rest;
  }
  num /= a;
  den /= a;
  if (num > kMax || num < -kMax || den > kMax) return absl::nullopt;
  return Decimal{static_cast<int64_t>(num), static_cast<int64_t>(den)};
}

}  // namespace

absl::StatusOr<Decimal> ParseDecimal(absl::string_view text) {
  absl::string_view rest = text;
  if (rest.size() > 64) return Malformed(text);
  const bool negative = !rest.empty() && rest[0] == '-';
  if (negative) rest.remove_prefix(1);
  int exponent = 0;
  const size_t e = rest.find('e');
  if (e != absl::string_view::npos) {
    absl::string_view power = rest.substr(e + 1);
    const bool minus = !power.empty() && power[0] == '-';
    if (!AllDigits(minus ? power.substr(1) : power) || power.size() > 3 ||
        !absl::SimpleAtoi(power, &exponent)) {
      return Malformed(text);
    }
    rest = rest.substr(0, e);
  }
  const size_t point = rest.find('.');
  const absl::string_view whole = rest.substr(0, point);
  const absl::string_view part = point == absl::string_view::npos ? "" : rest.substr(point + 1);
  if (!AllDigits(whole) || (whole.size() > 1 && whole[0] == '0')) return Malformed(text);
  if (point != absl::string_view::npos && !AllDigits(part)) return Malformed(text);
  int64_t digits = 0;
  const bool fits = part.size() + (whole == "0" ? 0 : whole.size()) <= 18;
  if (!fits || !absl::SimpleAtoi(absl::StrCat(whole, part), &digits)) return Malformed(text);
  exponent -= static_cast<int>(part.size());
  if (exponent < -kMaxExponent || exponent > kMaxExponent) return Malformed(text);
  __int128 num = negative ? -digits : digits;
  __int128 den = 1;
  for (; exponent > 0; --exponent) num *= 10;
  for (; exponent < 0; ++exponent) den *= 10;
  const absl::optional<Decimal> value = Reduced(num, den);
  if (!value.has_value()) return Malformed(text);
  return *value;
}

std::string FormatDecimal(const Decimal& value) {
  PENC_CHECK(value.den > 0);
  const bool negative = value.num < 0;
  const unsigned __int128 num =
      negative ? -static_cast<__int128>(value.num) : static_cast<__int128>(value.num);
  std::string text = absl::StrCat(negative ? "-" : "", static_cast<uint64_t>(num / value.den));
  unsigned __int128 rest = num % value.den;
  if (rest != 0) text += '.';
  while (rest != 0) {
    rest *= 10;
    text += static_cast<char>('0' + static_cast<int>(rest / value.den));
    rest %= value.den;
    PENC_CHECK(text.size() < 128);  // den divides a power of ten, so this ends
  }
  return text;
}

absl::optional<int64_t> InSteps(const Decimal& value, const Decimal& step) {
  const __int128 num = static_cast<__int128>(value.num) * step.den;
  const __int128 den = static_cast<__int128>(value.den) * step.num;
  if (den <= 0 || num % den != 0) return absl::nullopt;
  const __int128 steps = num / den;
  if (steps > kMax || steps < -kMax) return absl::nullopt;
  return static_cast<int64_t>(steps);
}

absl::optional<Decimal> OfSteps(int64_t steps, const Decimal& step) {
  return Reduced(static_cast<__int128>(steps) * step.num, step.den);
}

}  // namespace penc
