// What one office sends to a round, built in one visit: its bounded vector plus its share of the noise plus a
// mask for every steward, boxes with shares of the mask and level seeds, and a signed header from which all
// of it hangs. Built once, kept byte for byte, sent as often as it takes.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "base/random.h"
#include "crypto/signature.h"
#include "federation/round.h"
#include "privacy/mechanism.h"
#include "privacy/noise_share.h"
#include "question/exact_vector.h"
#include "question/plan.h"

namespace penc {

// The noise of one block of a round, as its offices share it.
Mechanism MechanismOf(const v1::RoundBlock& block);
ShareSchedule ScheduleOf(const Round& round);

struct OfficeContribution {
  v1::SignedHeader header;
  std::vector<std::string> boxes;  // by place of the steward
  std::string vector;              // masked words, little-endian
};

struct ContributionTerms {
  const Round& round;
  uint32_t office = 0;           // index into the roster's members
  const SigningKey& key;         // the member's
  uint32_t minimum = 0;          // the smallest number of organisations that the office accepts
  v1::ChargeLogHead charge_log;  // this charge included
};

// Consumes the exact vector. INVALID_ARGUMENT where a steward's key is not one: seen before anything is
// charged by CheckStewardKeys. Does not branch on the vector.
class ContributionMaker {
 public:
  static absl::Status CheckStewardKeys(const Round& round, RandomSource& random);
  static absl::StatusOr<OfficeContribution> Make(const ContributionTerms& terms, ExactVector&& exact,
                                                 RandomSource& random);
};

// The vector's words and bytes of them; `word_bits` 32 or 64.
std::string WordsToBytes(absl::Span<const uint64_t> words, uint32_t word_bits);
// Adds (sign 1) or subtracts (sign -1) a vector's bytes, modulo 2^word_bits. False: not as long as `words`.
bool AddBytes(absl::string_view bytes, uint32_t word_bits, int sign, absl::Span<uint64_t> words);
// A mask over words of the given width, held in 64 bits each.
void AddMask(const Secret& seed, uint32_t word_bits, int sign, absl::Span<uint64_t> words);
// A word as the signed number that it stands for.
int64_t SignedWord(uint64_t word, uint32_t word_bits);

}  // namespace penc
