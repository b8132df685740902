// The order of harm: validate, plan, decide, reserve durably, extract, noise, commit, reply. Everybody who
// wants to know what happens to a question reads release.cc.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/steps.h"
#include "codebook/codebook.h"
#include "ledger/ledger.h"
#include "penc/v1/answer.pb.h"
#include "penc/v1/node_service.pb.h"
#include "penc/v1/question.pb.h"
#include "policy/decide.h"
#include "policy/policy.h"
#include "question/plan.h"
#include "store/record_store.h"

namespace penc {

class Approvals;
class Committer;
class Finisher;

// What an office is at the moment of a question. Everything outlives the call.
struct Responder {
  const Codebook& codebook;
  const Policy& policy;
  const Grant* grant;  // null: the asker's key has none
  Standing standing = Standing::kAnswering;
  std::string organisation;
  bool practice = false;
  RecordStore& store;
  Ledger& ledger;
  Approvals& approvals;
  Committer& committer;
  const Clock& clock;
  RandomSource& random;
  Steps& steps;
};

struct AskFor {
  v1::Bulletin bulletin;
  v1::Price price;
  std::string purpose;
  std::string asker;  // fingerprint of a key that has been verified
  // A question of a round: its qid, and the end of its collecting. Empty: asked of this office alone.
  std::string round;
  absl::Time collect_until;
};

// A question that was understood, or the typed refusal of one that names what is not there.
struct Planned {
  Plan plan;
  v1::RefusalDetail refusal;  // set where `refused`
  bool refused = false;
};

// Validate and plan. INVALID_ARGUMENT for questions that cannot be understood.
absl::StatusOr<Planned> PlanQuestions(const v1::Bulletin& bulletin, const v1::Price& price,
                                      const Codebook& codebook);

// The cohorts that a plan touches, of those that are closed.
std::vector<Edition> TouchedCohorts(const Plan& plan, const std::vector<Edition>& editions);

// What came of a question.
struct Reply {
  absl::optional<v1::RefusalDetail> refusal;  // set: declined, and nothing was spent by it
  std::string bytes;                          // what the finisher made, now or when it was asked first
  bool resent = false;                        // `bytes` were committed before
};

// `planned` is told the plan as soon as it is known, for the reply slot; may be empty. Errors:
// INVALID_ARGUMENT (the question), RESOURCE_EXHAUSTED (the disk), INTERNAL (damage; its cause is in the local
// log only).
absl::StatusOr<Reply> Answer(const AskFor& ask, Finisher& finish, Responder& office,
                             const std::function<void(const Plan&)>& planned);

// By this office alone: all the noise is its own. Bytes of a v1::Answer, refusals too.
absl::StatusOr<std::string> AnswerAlone(const AskFor& ask, Responder& office,
                                        const std::function<void(const Plan&)>& planned);

// Would it be answered, at what price and margin. Touches no record, spends nothing.
absl::StatusOr<v1::ExplainResponse> ExplainQuestion(const AskFor& ask, const Responder& office);

}  // namespace penc
