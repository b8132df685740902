#include "privacy/promise.h"

#include <cctype>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "privacy/real.h"

namespace penc {
namespace {

constexpr mpfr_prec_t kBits = 127;  // far more than the 2^-40 that counts; the largest that MPFR does fast
constexpr uint32_t kLargestTwiceAlpha = 512;

constexpr int kDeltaDigits = 18;

// 10^18, exact.
Real DeltaUnit() {
  Real unit(64);
  mpfr_ui_pow_ui(unit.get(), 10, kDeltaDigits, MPFR_RNDN);
  return unit;
}

// B(alpha) = epsilon + ln(alpha / (alpha - 1)) + ln(delta alpha) / (alpha - 1), every step rounded down.
Real BudgetAt(const Promise& promise, uint32_t twice_alpha) {
  Real alpha(kBits), delta(kBits), sum(kBits), term(kBits), minus(kBits);
  mpfr_set_ui_2exp(alpha.get(), twice_alpha, -1, MPFR_RNDN);
  mpfr_set_uj(delta.get(), DeltaOf(promise) - promise.keys_delta, MPFR_RNDD);  // exact
  mpfr_div(delta.get(), delta.get(), DeltaUnit().get(), MPFR_RNDD);
  mpfr_set_ui_2exp(sum.get(), promise.epsilon_1024, -10, MPFR_RNDD);
  mpfr_sub_ui(minus.get(), alpha.get(), 1, MPFR_RNDN);
  mpfr_div(term.get(), alpha.get(), minus.get(), MPFR_RNDD);
  mpfr_log(term.get(), term.get(), MPFR_RNDD);
  mpfr_add(sum.get(), sum.get(), term.get(), MPFR_RNDD);
  mpfr_mul(term.get(), delta.get(), alpha.get(), MPFR_RNDD);
  mpfr_log(term.get(), term.get(), MPFR_RNDD);
  mpfr_div(term.get(), term.get(), minus.get(), MPFR_RNDD);
  mpfr_add(sum.get(), sum.get(), term.get(), MPFR_RNDD);
  return sum;
}

// No order from alpha on has B / alpha above `best`: ln(delta beta) < 1 for every delta below 10^-2 and beta
// up to 256, so B(beta) <= epsilon + 2 / (beta - 1), and that over beta falls.
bool NoneBetterFrom(const Promise& promise, uint32_t twice_alpha, const Real& best) {
  Real bound(kBits), t(kBits);
  mpfr_set_ui(t.get(), 4, MPFR_RNDN);
  mpfr_div_ui(t.get(), t.get(), twice_alpha - 2, MPFR_RNDU);
  mpfr_set_ui_2exp(bound.get(), promise.epsilon_1024, -10, MPFR_RNDU);
  mpfr_add(bound.get(), bound.get(), t.get(), MPFR_RNDU);
  mpfr_div_ui(bound.get(), bound.get(), twice_alpha, MPFR_RNDU);
  return mpfr_cmp(bound.get(), best.get()) < 0;
}

absl::Status Bad(absl::string_view what, absl::string_view text, absl::string_view example) {
  return Fail(absl::StatusCode::kInvalidArgument,
              {absl::StrCat(what, " «", text, "» est illisible: écrivez par exemple ", example),
               absl::StrCat(what, " \"", text, "\" cannot be read: write for example ", example)});
}

// "1e-6" or "0.000001": one digit of 10^-3 to 10^-15.
absl::Status ReadDelta(absl::string_view what, absl::string_view delta, absl::string_view example,
                       int& mantissa, int& exponent) {
  if (delta.size() >= 4 && delta[1] == 'e' && delta[2] == '-' && delta[0] >= '1' && delta[0] <= '9') {
    int digits = 0;
    for (char c : delta.substr(3)) {
      if (!std::isdigit(static_cast<unsigned char>(c)) || digits > 10) return Bad(what, delta, example);
      digits = digits * 10 + (c - '0');
    }
    mantissa = delta[0] - '0';
    exponent = digits;
  } else if (delta.size() > 2 && delta.substr(0, 2) == "0.") {
    const absl::string_view fraction = delta.substr(2);
    const size_t first = fraction.find_first_not_of('0');
    if (first == absl::string_view::npos || first + 1 != fraction.size() || fraction[first] < '1' ||
        fraction[first] > '9') {
      return Bad(what, delta, example);
    }
    mantissa = fraction[first] - '0';
    exponent = static_cast<int>(fraction.size());
  } else {
    return Bad(what, delta, example);
  }
  if (exponent < 3 || exponent > 15) return Bad(what, delta, example);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Promise> ParsePromise(absl::string_view epsilon, absl::string_view delta) {
  Promise promise;
  // epsilon = digits[.digits], a multiple of 1/1024, at most 64.
  uint64_t scaled = 0, unit = 1;
  bool point = false, digits = false;
  for (char c : epsilon) {
    if (c == '.' && !point) {
      point = true;
    } else if (std::isdigit(static_cast<unsigned char>(c)) && unit < 10'000'000'000) {
      scaled = scaled * 10 + (c - '0');
      if (point) unit *= 10;
      digits = true;
      if (scaled > 1'000'000'000'000) return Bad("epsilon", epsilon, "8");
    } else {
      return Bad("epsilon", epsilon, "8");
    }
  }
  if (!digits || scaled == 0 || scaled > 64 * unit || scaled * 1024 % unit != 0)
    return Bad("epsilon", epsilon, "8 (0.25 …)");
  promise.epsilon_1024 = scaled * 1024 / unit;

  if (delta == "0") {
    promise.delta_mantissa = 0;
    promise.delta_exponent = 0;
    return promise;
  }
  RETURN_IF_ERROR(ReadDelta("delta", delta, "1e-6", promise.delta_mantissa, promise.delta_exponent));
  return promise;
}

absl::StatusOr<uint64_t> ParseKeysDelta(absl::string_view text, const Promise& promise) {
  Promise part;
  RETURN_IF_ERROR(ReadDelta("keys_delta", text, "1e-7", part.delta_mantissa, part.delta_exponent));
  if (DeltaOf(part) < DeltaOf(promise)) return DeltaOf(part);
  return Fail(absl::StatusCode::kInvalidArgument,
              {"keys_delta est une partie de delta: donnez moins que lui, par exemple un dixième",
               "keys_delta is a part of delta: give less than it, for example a tenth"});
}

uint64_t DeltaOf(const Promise& promise) {
  uint64_t delta = promise.delta_mantissa;
  for (int digit = promise.delta_exponent; digit < kDeltaDigits && delta != 0; ++digit) delta *= 10;
  return delta;
}

Order OrderOf(const Promise& promise) {
  Order best{4};
  if (promise.pure()) return best;
  Real best_ratio(kBits);
  mpfr_set_inf(best_ratio.get(), -1);
  // Half-integers up to 10, integers above: finer steps would gain less than a part in a thousand.
  for (uint32_t twice_alpha = 3; twice_alpha <= kLargestTwiceAlpha; twice_alpha += twice_alpha < 20 ? 1 : 2) {
    if (NoneBetterFrom(promise, twice_alpha, best_ratio)) break;
    Real ratio = BudgetAt(promise, twice_alpha);
    mpfr_div_ui(ratio.get(), ratio.get(), twice_alpha, MPFR_RNDD);
    if (mpfr_cmp(ratio.get(), best_ratio.get()) > 0) {
      best_ratio = ratio;
      best.twice_alpha = twice_alpha;
    }
  }
  return best;
}

uint64_t RenyiBudgetAt(const Promise& promise, Order order) {
  PENC_CHECK(order.twice_alpha >= 3);
  if (promise.pure()) return 0;
  Real budget = BudgetAt(promise, order.twice_alpha);
  if (mpfr_sgn(budget.get()) <= 0) return 0;
  mpfr_mul_2ui(budget.get(), budget.get(), 40, MPFR_RNDD);
  return mpfr_get_uj(budget.get(), MPFR_RNDD);
}

uint64_t RenyiBudget(const Promise& promise) { return RenyiBudgetAt(promise, OrderOf(promise)); }

uint64_t PureBudget(const Promise& promise) { return promise.epsilon_1024 << 30; }

Allowance AllowanceOf(const Promise& promise) {
  const Order order = OrderOf(promise);
  return {order, PureBudget(promise), RenyiBudgetAt(promise, order), promise.keys_delta};
}

}  // namespace penc
