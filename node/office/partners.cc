// What an open office tells partners, apart from answers (asking.cc).
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/database.h"
#include "base/status.h"
#include "journal/committer.h"
#include "journal/journal.h"
#include "journal/note.h"
#include "ledger/charge_log.h"
#include "ledger/ledger.h"
#include "office/balance.h"
#include "office/describe.h"
#include "office/grants.h"
#include "office/office.h"
#include "store/record_store.h"

namespace penc {
namespace {

absl::Status NoGrant() {
  return Fail(
      absl::StatusCode::kPermissionDenied,
      {"cette organisation n'a pas d'autorisation pour votre clé: envoyez-lui votre fichier .pub; elle "
       "décide "
       "(penc grant)",
       "this organisation holds no grant for your key: send it your .pub file; it decides (penc grant)"});
}

}  // namespace

absl::Status Office::Knows(absl::string_view fingerprint) {
  return grants_->Find(fingerprint, *rules().codebook) != nullptr ? absl::OkStatus() : NoGrant();
}

absl::StatusOr<v1::DescribeResponse> Office::Describe(absl::string_view fingerprint) {
  Rules now = rules();
  std::shared_ptr<const Grant> grant = grants_->Find(fingerprint, *now.codebook);
  if (grant == nullptr) return NoGrant();
  v1::DescribeResponse response = DescribeFor(*now.codebook, *now.policy, *grant, store_->Status().editions);
  response.set_organisation(config_.office());
  response.set_practice(config_.practice());
  return response;
}

absl::StatusOr<v1::GetBudgetResponse> Office::Budget(absl::string_view fingerprint) {
  Rules now = rules();
  std::shared_ptr<const Grant> grant = grants_->Find(fingerprint, *now.codebook);
  if (grant == nullptr) return NoGrant();
  v1::GetBudgetResponse response;
  for (const CohortBalance& balance : ledger_->Balances()) {
    v1::CohortBudget* cohort = response.add_cohorts();
    cohort->set_cohort(EditionLabel(now.codebook->closing, balance.cohort));
    cohort->set_spent_ppm(SpentPpm(balance.promise, balance.spent));
    cohort->set_your_share_ppm(grant->share_ppm);
    for (const auto& [asker, spent] : balance.by_asker) {
      if (asker == fingerprint) cohort->set_your_spent_ppm(SpentPpm(balance.promise, spent));
    }
  }
  return response;
}

absl::StatusOr<std::string> Office::ChargeCheckpoint() {
  penc::Checkpoint head;
  // On the committer's thread, between two writes: what the log's rows say belongs together.
  RETURN_IF_ERROR(committer_->Commit([&](Staging&) -> absl::Status {
    ChargeLog log(*database_);
    RETURN_IF_ERROR(log.Load());
    head = {absl::StrCat("penc/", config_.office(), "/charges/", log.generation()), log.size(), log.root()};
    return absl::OkStatus();
  }));
  return SignCheckpoint(head, identity_->key);
}

absl::StatusOr<std::string> Office::Checkpoint() {
  return journal_->SignedCheckpoint(absl::StrCat("penc/", config_.office()), identity_->key);
}

absl::StatusOr<v1::ExplainResponse> Office::Explain(absl::string_view fingerprint,
                                                    const v1::ExplainRequest& request) {
  std::shared_ptr<const Grant> grant = grants_->Find(fingerprint, *rules().codebook);
  if (grant == nullptr) return NoGrant();
  return ExplainFor(grant.get(), request);
}

}  // namespace penc
