#include "privacy/choose.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "privacy/cost.h"
#include "privacy/law.h"

namespace penc {
namespace {

constexpr uint64_t kMostEpsilon1024 = 64 * 1024;
constexpr double kConfidence = 0.95;

// Variance number i of the grid, ascending: (1024 + i mod 1024) 2^(i / 1024 - 20), from about 0.001 to 2^50.
constexpr uint64_t kGrid = 1024 * 60;
Mechanism SkellamOnGrid(uint64_t i) {
  const uint64_t mantissa = 1024 + i % 1024;
  const int exponent = static_cast<int>(i / 1024) - 20;
  const Ratio mu =
      exponent >= 0 ? Ratio{mantissa << exponent, 1} : Reduced({mantissa, uint64_t{1} << -exponent});
  return {Family::kSkellam, mu};
}

// The first i in [0, end) for which `good` holds, good being monotone (false ... false true ... true); `end`
// if none.
template <typename Good>
uint64_t FirstWhere(uint64_t end, Good good) {
  uint64_t low = 0, high = end;
  while (low < high) {
    const uint64_t middle = low + (high - low) / 2;
    if (good(middle)) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

}  // namespace

Mechanism LaplaceAt(const Contribution& person, uint64_t epsilon_1024) {
  const uint64_t l1 = std::min(person.l1, person.l0 * person.linf);
  return {Family::kDiscreteLaplace, Reduced({epsilon_1024, 1024 * l1})};
}

absl::StatusOr<Mechanism> LaplaceAtPrice(const Contribution& person, uint64_t price,
                                         const Promise& reference) {
  const Order order = OrderOf(reference);
  // The largest epsilon that the price pays: costs grow with it.
  const uint64_t over = FirstWhere(kMostEpsilon1024, [&](uint64_t i) {
    const Cost cost = CostOf(LaplaceAt(person, i + 1), person, order);
    return (reference.pure() ? cost.pure : cost.renyi) > price;
  });
  if (over > 0) return LaplaceAt(person, over);
  return Fail(absl::StatusCode::kInvalidArgument,
              {"ce prix est trop petit: il n'achète aucun nombre utile; payez plus (--budget) ou posez "
               "moins de questions à la fois",
               "this price is too small: it buys no useful number; pay more (--budget) or ask fewer "
               "questions at once"});
}

absl::StatusOr<Mechanism> ChooseAtPrice(const Contribution& person, uint64_t price,
                                        const Promise& reference) {
  ASSIGN_OR_RETURN(const Mechanism laplace, LaplaceAtPrice(person, price, reference));
  if (reference.pure()) return laplace;
  const Order order = OrderOf(reference);
  const uint64_t at =
      FirstWhere(kGrid, [&](uint64_t i) { return CostOf(SkellamOnGrid(i), person, order).renyi <= price; });
  if (at == kGrid) return laplace;
  const Mechanism skellam = SkellamOnGrid(at);
  return HalfWidth(skellam, kConfidence) < HalfWidth(laplace, kConfidence) ? skellam : laplace;
}

absl::StatusOr<Mechanism> ChooseForMargin(const Contribution& person, uint64_t half_width,
                                          const Promise& reference) {
  const Order order = OrderOf(reference);
  const uint64_t at = FirstWhere(kMostEpsilon1024, [&](uint64_t i) {
    return HalfWidth(LaplaceAt(person, i + 1), kConfidence) <= half_width;
  });
  if (at == kMostEpsilon1024) {
    return Fail(
        absl::StatusCode::kInvalidArgument,
        {absl::StrCat("aucun bruit permis ne donne une marge de ±", half_width,
                      "; demandez une marge plus large"),
         absl::StrCat("no permitted noise gives a margin of ±", half_width, "; ask for a wider margin")});
  }
  const Mechanism laplace = LaplaceAt(person, at + 1);
  if (reference.pure()) return laplace;
  const uint64_t over =
      FirstWhere(kGrid, [&](uint64_t i) { return HalfWidth(SkellamOnGrid(i), kConfidence) > half_width; });
  if (over == 0) return laplace;
  const Mechanism skellam = SkellamOnGrid(over - 1);
  return CostOf(skellam, person, order).renyi < CostOf(laplace, person, order).renyi ? skellam : laplace;
}

}  // namespace penc
