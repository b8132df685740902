#include "privacy/key_selection.h"

#include <algorithm>

#include "base/status.h"
#include "privacy/real.h"

namespace penc {
namespace {

using Wide = unsigned __int128;

constexpr uint64_t kDeltaUnit = 1'000'000'000'000'000'000;  // delta is in 10^-18
constexpr uint64_t kMostEpsilon1024 = 64 * 1024;
constexpr uint64_t kMostEpsilonOfKey = 40;
constexpr mpfr_prec_t kBits = 256;

// A rational number not above e^(epsilon / keys): `number` / 2^shift, 2^61 <= number < 2^62.
struct Growth {
  uint64_t number = 0;
  int shift = 0;
};

Growth GrowthOf(const KeySelection& selection) {
  Real power(kBits, Ratio{selection.epsilon_1024, uint64_t{1024} * selection.keys}, MPFR_RNDD);
  mpfr_exp(power.get(), power.get(), MPFR_RNDD);
  Growth growth;
  growth.shift = 62 - static_cast<int>(mpfr_get_exp(power.get()));  // power = m 2^exp, 1/2 <= m < 1
  mpfr_mul_2si(power.get(), power.get(), growth.shift, MPFR_RNDD);
  growth.number = mpfr_get_uj(power.get(), MPFR_RNDD);
  return growth;
}

// Delta of one key in 2^-62, rounded down.
uint64_t DeltaOfKey(const KeySelection& selection) {
  return static_cast<uint64_t>((Wide{selection.delta} << 62) / (Wide{kDeltaUnit} * selection.keys));
}

absl::Status BuysNothing() {
  return Fail(absl::StatusCode::kInvalidArgument,
              {"ce prix n'achète aucun choix de catégories d'une liste ouverte: demandez plus de budget, ou "
               "baissez «cells» de la table dans le lexique",
               "this price buys no selection of an open list's categories: ask for more budget, or lower "
               "\"cells\" of the table in the codebook"});
}

absl::Status CheckLaw(const KeySelection& selection) {
  const bool usable = selection.keys > 0 && selection.epsilon_1024 >= selection.keys &&
                      selection.epsilon_1024 <= kMostEpsilon1024 &&
                      selection.epsilon_1024 <= kMostEpsilonOfKey * 1024 * selection.keys &&
                      selection.delta < kDeltaUnit && DeltaOfKey(selection) > 0;
  return usable ? absl::OkStatus() : BuysNothing();
}

// Times `keys`, in 2^-40, rounded up: D_alpha of an answer that is flipped with odds e^-(epsilon / keys).
uint64_t Renyi(const KeySelection& selection, Order order) {
  const Ratio of_key{selection.epsilon_1024, uint64_t{1024} * selection.keys};
  const Real low(kBits, of_key, MPFR_RNDD), high(kBits, of_key, MPFR_RNDU);
  Real up(kBits), down(kBits), one_plus(kBits);
  mpfr_mul_ui(up.get(), high.get(), order.twice_alpha, MPFR_RNDU);  // e^(alpha a)
  mpfr_div_2ui(up.get(), up.get(), 1, MPFR_RNDU);
  mpfr_exp(up.get(), up.get(), MPFR_RNDU);
  mpfr_mul_ui(down.get(), low.get(), order.twice_alpha - 2, MPFR_RNDD);  // e^(-(alpha - 1) a)
  mpfr_div_2ui(down.get(), down.get(), 1, MPFR_RNDD);
  mpfr_neg(down.get(), down.get(), MPFR_RNDU);
  mpfr_exp(down.get(), down.get(), MPFR_RNDU);
  mpfr_exp(one_plus.get(), low.get(), MPFR_RNDD);
  mpfr_add_ui(one_plus.get(), one_plus.get(), 1, MPFR_RNDD);
  Real sum(kBits);
  mpfr_add(sum.get(), up.get(), down.get(), MPFR_RNDU);
  mpfr_div(sum.get(), sum.get(), one_plus.get(), MPFR_RNDU);
  mpfr_log(sum.get(), sum.get(), MPFR_RNDU);
  mpfr_mul_ui(sum.get(), sum.get(), 2 * uint64_t{selection.keys}, MPFR_RNDU);  // keys / (alpha - 1)
  mpfr_div_ui(sum.get(), sum.get(), order.twice_alpha - 2, MPFR_RNDU);
  mpfr_mul_2ui(sum.get(), sum.get(), 40, MPFR_RNDU);
  return mpfr_get_uj(sum.get(), MPFR_RNDU);
}

}  // namespace

Cost CostOf(const KeySelection& selection, Order order) {
  PENC_CHECK(CheckLaw(selection).ok() && order.twice_alpha >= 3);
  return {selection.epsilon_1024 << 30, Renyi(selection, order), selection.delta};
}

absl::StatusOr<KeySelection> SelectionAtPrice(uint32_t keys, uint64_t price, uint64_t delta,
                                              const Promise& reference) {
  PENC_CHECK(keys > 0);
  const Order order = OrderOf(reference);
  const auto within = [&](uint64_t epsilon_1024) {
    const KeySelection selection{epsilon_1024, delta, keys};
    return Renyi(selection, order) <= price;
  };
  uint64_t low = 0, high = std::min(kMostEpsilon1024, kMostEpsilonOfKey * 1024 * keys);  // Rényi grows
  while (low < high) {
    const uint64_t middle = (low + high + 1) / 2;
    if (within(middle)) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  const KeySelection selection{low, delta, keys};
  RETURN_IF_ERROR(CheckLaw(selection));
  return selection;
}

absl::StatusOr<KeySelector> KeySelector::Make(const KeySelection& selection) {
  RETURN_IF_ERROR(CheckLaw(selection));
  const Growth growth = GrowthOf(selection);
  const uint64_t delta = DeltaOfKey(selection);
  std::vector<uint64_t> pi = {0};
  while (pi.back() < kOne) {
    const uint64_t last = pi.back(), left = kOne - last;
    uint64_t next = kOne;
    if (left > delta) {
      const Wide grown = (Wide{last} * growth.number >> growth.shift) + delta;
      const Wide rest = ((Wide{left - delta} << growth.shift) + growth.number - 1) / growth.number;
      next = std::min<uint64_t>(grown < kOne ? static_cast<uint64_t>(grown) : kOne,
                                kOne - static_cast<uint64_t>(rest));
    }
    PENC_CHECK(next > last);
    pi.push_back(next);
  }
  return KeySelector(std::move(pi));
}

uint64_t KeySelector::PersonsFor(uint64_t ppm) const {
  PENC_CHECK(ppm <= 1'000'000);
  const auto wanted = static_cast<uint64_t>((Wide{kOne} * ppm + 999'999) / 1'000'000);
  return std::lower_bound(pi_.begin(), pi_.end(), wanted) - pi_.begin();
}

}  // namespace penc
