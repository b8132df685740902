// Randomness of a test that can be repeated: the seed is printed, PENC_SEED repeats a run.
#pragma once
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "crypto/hash.h"
#include "crypto/secure_random.h"

namespace penc {

inline uint64_t PrintedSeed() {
  uint64_t seed = std::random_device()();
  if (const char* given = std::getenv("PENC_SEED")) {
    PENC_CHECK(absl::SimpleAtoi(given, &seed));
  }
  std::printf("PENC_SEED=%lu\n", static_cast<unsigned long>(seed));
  return seed;
}

// A source of random bytes, and numbers below a bound for shaping cases (not uniform to the last bit).
class PrintedRandom : public SeededExpander {
 public:
  PrintedRandom() : PrintedRandom(PrintedSeed()) {}
  explicit PrintedRandom(uint64_t seed) : PrintedRandom(Sha256(absl::StrCat(seed))) {}

  uint32_t Below(uint32_t bound) {
    uint32_t word = 0;
    Fill(absl::MakeSpan(reinterpret_cast<uint8_t*>(&word), sizeof(word)));
    return word % bound;
  }

 private:
  explicit PrintedRandom(const std::string& seed)
      : SeededExpander(absl::MakeConstSpan(reinterpret_cast<const uint8_t*>(seed.data()), seed.size())) {}
};

}  // namespace penc
