#include "office/region/contributing.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "crypto/signature.h"
#include "federation/share_finisher.h"
#include "ledger/ledger.h"
#include "office/grants.h"
#include "office/keys.h"
#include "office/office.h"
#include "release/release.h"

namespace penc {

std::string ContributionPath(const Layout& layout, absl::string_view qid, uint32_t attempt) {
  return absl::StrCat(layout.contributions(), "/", absl::BytesToHexString(qid), "-", attempt);
}

absl::StatusOr<Contributed> Contribute(Office& office, const Round& round, const CheckedRoster& roster,
                                       uint32_t member) {
  const v1::Descriptor& terms = round.descriptor;
  ASSIGN_OR_RETURN(const VerifyKey partner, VerifyKey::FromBytes(terms.partner_key()));
  // Rules and grant are held for the whole question, whatever is applied meanwhile.
  const Rules now = office.rules();
  const AskFor ask{terms.bulletin(), terms.price(),
                   terms.purpose(),  partner.Fingerprint(),
                   round.qid,        absl::FromUnixMicros(terms.collect_until_unix_micros())};
  const std::shared_ptr<const Grant> grant = office.grants().Find(ask.asker, *now.codebook);
  Responder responder = office.ResponderFor(now, grant.get());
  ShareFinisher finish({round, roster, *now.codebook, now.policy->floors, member, office.identity().key,
                        office.environment().random, [&] { return office.ledger().LogHead(); },
                        [&](const std::string& file) -> absl::Status {
                          RETURN_IF_ERROR(office.keys().files().Write(
                              ContributionPath(office.layout(), round.qid, round.attempt()), file));
                          office.environment().steps.Reached("round.after_file");
                          return absl::OkStatus();
                        }});
  Contributed contributed;
  ASSIGN_OR_RETURN(Reply reply, Answer(ask, finish, responder,
                                       [&](const Plan& plan) { contributed.work = WorkOf(plan); }));
  contributed.refusal = std::move(reply.refusal);
  contributed.file_sha256 = std::move(reply.bytes);
  return contributed;
}

}  // namespace penc
