#include "office/balance.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "privacy/cost.h"

namespace penc {
namespace {

uint32_t Ppm(uint64_t part, uint64_t whole) {
  if (part == 0) return 0;
  if (part >= whole) return kWholePpm;
  return static_cast<uint32_t>((static_cast<unsigned __int128>(part) * kWholePpm + whole - 1) / whole);
}

}  // namespace

uint32_t SpentPpm(const Promise& promise, const Spent& spent) {
  uint32_t pure = spent.pure == kInfinitePure ? kWholePpm : Ppm(spent.pure, PureBudget(promise));
  if (promise.pure()) return pure;
  return std::min(pure, Ppm(spent.renyi, RenyiBudget(promise)));
}

uint32_t WordsSpentPpm(const Promise& promise, const Spent& spent) {
  return Ppm(spent.delta, promise.keys_delta);
}

PromiseText WrittenPromise(const Promise& promise) {
  std::string epsilon = absl::StrCat(promise.epsilon_1024 / 1024);
  if (uint64_t rest = promise.epsilon_1024 % 1024; rest != 0) {
    // 1/1024 has ten decimals.
    std::string decimals = absl::StrCat(absl::Dec(rest * 9765625, absl::kZeroPad10));
    epsilon += "." + decimals.substr(0, decimals.find_last_not_of('0') + 1);
  }
  if (promise.pure()) return {epsilon, "0"};
  return {epsilon, absl::StrCat(promise.delta_mantissa, "e-", promise.delta_exponent)};
}

}  // namespace penc
