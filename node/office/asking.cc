// Questions to an open office: who asks is checked here, what is asked and what it costs in
// release/release.h.
#include <utility>

#include "base/database.h"
#include "base/status.h"
#include "journal/committer.h"
#include "journal/journal.h"
#include "ledger/ledger.h"
#include "office/grants.h"
#include "office/office.h"
#include "office/signing.h"
#include "release/approvals.h"
#include "release/release.h"
#include "store/record_store.h"

namespace penc {
Office::Asked Office::Ask(const VerifyKey& asker, absl::string_view body, absl::string_view signature) {
  Asked asked{std::string(), {}};
  v1::AskBody parsed;
  absl::Status checked =
      CheckAsk(asker, body, signature, identity_->fingerprint, environment_.clock.Now(), &parsed);
  if (!checked.ok()) {
    asked.answer = checked;
    return asked;
  }
  // Rules and grant are held for the whole question, whatever is applied meanwhile.
  const Rules now = rules();
  const AskFor ask{parsed.bulletin(), parsed.price(), parsed.purpose(), asker.Fingerprint(), "", {}};
  const std::shared_ptr<const Grant> grant = grants_->Find(ask.asker, *now.codebook);
  Responder responder = ResponderFor(now, grant.get());
  asked.answer = AnswerAlone(ask, responder, [&](const Plan& plan) { asked.work = WorkOf(plan); });
  return asked;
}

absl::StatusOr<v1::ExplainResponse> Office::ExplainFor(const Grant* grant,
                                                       const v1::ExplainRequest& request) {
  const Rules now = rules();
  const AskFor ask{
      request.bulletin(), request.price(), request.purpose(), grant == nullptr ? "" : grant->key, "", {}};
  return ExplainQuestion(ask, ResponderFor(now, grant));
}

Responder Office::ResponderFor(const Rules& rules, const Grant* grant) {
  return Responder{*rules.codebook,   *rules.policy,      grant,
                   rules.standing(),  config_.office(),   config_.practice(),
                   *store_,           *ledger_,           *approvals_,
                   *committer_,       environment_.clock, environment_.random,
                   environment_.steps};
}

InForce Office::in_force() const {
  const Rules now = rules();
  return {now.policy->hash, now.codebook->hash, store_->Status().edition, environment_.clock.Now()};
}

}  // namespace penc
