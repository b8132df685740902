#include "ledger/unwitnessed.h"

#include <algorithm>

namespace penc {
namespace {

constexpr uint64_t kWhole = 1000000;

uint64_t Part(uint64_t amount, uint64_t ppm, uint64_t add) {
  return static_cast<uint64_t>((static_cast<unsigned __int128>(amount) * ppm + add) / kWhole);
}

bool RenyiDecides(const Allowance& allowance) { return allowance.renyi > 0; }

}  // namespace

Allowance ShareOf(const Allowance& whole, uint64_t ppm) {
  return {whole.order, Part(whole.pure, ppm, 0), Part(whole.renyi, ppm, 0), Part(whole.keys_delta, ppm, 0)};
}

bool FitsUnwitnessed(const Allowance& allowance, const Spent& unwitnessed, const Cost& cost) {
  const Allowance most = ShareOf(allowance, kUnwitnessedPpm);
  const Spent after = Add(unwitnessed, cost);
  return RenyiDecides(allowance) ? after.renyi <= most.renyi : after.pure <= most.pure;
}

Spent UsedUp(const Allowance& allowance, const Spent& unwitnessed) {
  const Allowance most = ShareOf(allowance, kUnwitnessedPpm);
  return {std::max(unwitnessed.pure, most.pure), std::max(unwitnessed.renyi, most.renyi), unwitnessed.delta};
}

Spent TakenOver(const Allowance& allowance, const Spent& witnessed, const Spent& unwitnessed) {
  const Cost most{Part(allowance.pure, kUnwitnessedPpm, kWhole - 1),
                  Part(allowance.renyi, kUnwitnessedPpm, kWhole - 1)};
  Spent spent = Add(Add(witnessed, most), {unwitnessed.pure, unwitnessed.renyi});
  if (RenyiDecides(allowance)) spent.pure = kInfinitePure;
  spent.delta = std::max(unwitnessed.delta, allowance.keys_delta);
  return spent;
}

}  // namespace penc
