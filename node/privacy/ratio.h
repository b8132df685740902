// An exact non-negative fraction. Parameters of noise are ratios, so that what is stated is what was sampled.
#pragma once
#include <cstdint>
#include <numeric>
#include <string>

namespace penc {

struct Ratio {
  uint64_t num = 0;
  uint64_t den = 1;  // > 0

  friend bool operator==(const Ratio& a, const Ratio& b) {
    return static_cast<unsigned __int128>(a.num) * b.den == static_cast<unsigned __int128>(b.num) * a.den;
  }
  friend bool operator<(const Ratio& a, const Ratio& b) {
    return static_cast<unsigned __int128>(a.num) * b.den < static_cast<unsigned __int128>(b.num) * a.den;
  }
};

inline Ratio Reduced(Ratio r) {
  const uint64_t divisor = std::gcd(r.num, r.den);
  return divisor == 0 ? Ratio{0, 1} : Ratio{r.num / divisor, r.den / divisor};
}

inline std::string ToString(const Ratio& r) { return std::to_string(r.num) + "/" + std::to_string(r.den); }

}  // namespace penc
