// The document that opens a round: made by a partner, recomputed by everybody. Pure.
#pragma once
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/random.h"
#include "codebook/codebook.h"
#include "federation/roster.h"
#include "federation/round.h"
#include "penc/v1/refusal.pb.h"
#include "policy/policy.h"
#include "question/plan.h"

namespace penc {

// How long a round may take; "5m" for offices that are all online, days otherwise.
struct RoundTimes {
  absl::Duration collect = absl::Hours(72);
  absl::Duration each_later_step = absl::Hours(24);  // voting, releasing, revealing
  absl::Duration expiry = absl::Hours(24 * 14);
};
// For a round that collects for `within`: later steps a third of it, between 30 seconds and a day.
RoundTimes TimesWithin(absl::Duration within);

// What a partner decides.
struct RoundWish {
  v1::Bulletin bulletin;
  v1::Price price;
  std::string purpose;
  std::string edition;  // "2026-Q3"
  std::string region;   // empty: the whole network
  RoundTimes times;
  uint32_t attempt = 1;
  std::string void_sha256;  // further attempts
  std::string partner_key, partner_mail_key, partner_name;
};

// INVALID_ARGUMENT (the question), FAILED_PRECONDITION (too few organisations or stewards).
absl::StatusOr<v1::Descriptor> MakeDescriptor(const RoundWish& wish, const CheckedRoster& roster,
                                              const Codebook& codebook, absl::Time now, RandomSource& random);
v1::SignedDescriptor SignDescriptor(const v1::Descriptor& descriptor, const SigningKey& partner);

// Until when rounds of this roster and region may last: then the keys of their stewards end.
// FAILED_PRECONDITION where there are too few organisations or stewards, NOT_FOUND for an unknown region.
absl::StatusOr<absl::Time> RoundsMayLastUntil(const CheckedRoster& roster, const std::string& region);

// The plan of a round whose descriptor ReadRound took, recomputed with every parameter from the questions,
// the codebook and the roster. INVALID_ARGUMENT where the descriptor says anything else.
absl::StatusOr<Plan> CheckDescriptor(const Round& round, const CheckedRoster& roster,
                                     const Codebook& codebook);

// Why an office with these floors stays away; UNSPECIFIED: it does not.
v1::Refusal BelowFloors(const Round& round, const RegionalFloors& floors);

}  // namespace penc
