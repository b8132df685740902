// Decide: may this plan be answered? Pure and total: no clock, no disk, no record; the same inputs give the
// same decision for ever, so that past questions can be replayed under a new policy.
#pragma once
#include <string>
#include <vector>

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

// What a person of the organisation decided of one question (release/approvals.h), and of which exactly: of
// any other plan, asker or purpose, or under another policy, it says nothing. Which edition or round it was
// for, the caller knows.
struct Verdict {
  std::string plan_id;
  std::string asker;  // fingerprint of the key
  std::string purpose;
  std::string policy_hash;
  bool approved = false;
  std::string because;  // where refused: what the asker reads
};

// `grant` is null where the asker's key has none, `verdict` where nobody decided. Reasons in the order of the
// enum: the smallest that applies. A verdict changes NEEDS_APPROVAL and nothing else, and that comes last: a
// person is asked only about what nothing else stands against.
Decision Decide(const Plan& plan, const Codebook& codebook, absl::string_view purpose, const Policy& policy,
                const Grant* grant, Standing standing, Reach reach, const Verdict* verdict, absl::Time now);

// The columns of a plan of which the policy says `ask`, each once, in the order in which its questions read
// them.
struct AskedColumn {
  std::string name;  // "person.sex"
  ColumnRef column;
  std::vector<uint32_t> questions;  // of the plan, that read it
};
std::vector<AskedColumn> AskedColumns(const Plan& plan, const Codebook& codebook, const Policy& policy);

}  // namespace penc
