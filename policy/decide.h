// Decide: may this plan be answered? Pure and total: no clock, no disk, no record; the same inputs give the
// same decision for ever, so that past questions can be replayed under a new policy.
#pragma once
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "codebook/codebook.h"
#include "penc/v1/refusal.pb.h"
#include "policy/policy.h"
#include "question/plan.h"

namespace penc {

// The emergency stop refuses everything at once; an office that was restored answers nothing until it knows
// what it had spent.
enum class Standing { kAnswering, kStopped, kRestored };
enum class Reach { kLocal, kRegional };  // who adds the noise

struct Decision {
  v1::Refusal refusal = v1::REFUSAL_UNSPECIFIED;
  std::string about;  // the table, column or purpose concerned; never anything from a record
  bool allowed() const { return refusal == v1::REFUSAL_UNSPECIFIED; }
};

// `grant` is null where the asker's key has none. Reasons in the order of the enum: the smallest that
// applies.
Decision Decide(const Plan& plan, const Codebook& codebook, absl::string_view purpose, const Policy& policy,
                const Grant* grant, Standing standing, Reach reach, absl::Time now);

}  // namespace penc
