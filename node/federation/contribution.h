// What one office sends to a round, built in one visit: its bounded vector plus its share of the noise plus a
// mask for every steward, boxes with shares of the mask and level seeds, and a signed header from which all
// of it hangs. Built once, kept byte for byte, sent as often as it takes.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
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

// Consumes the exact vector. Fails only where a steward's key is not one, which a checked roster rules out
// before anything is charged. Does not branch on the vector.
class ContributionMaker {
 public:
  static absl::StatusOr<OfficeContribution> Make(const ContributionTerms& terms, ExactVector&& exact,
                                                 RandomSource& random);
};

}  // namespace penc
