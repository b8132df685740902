#include "office/region/recipient_part.h"

#include <string>

#include "base/file.h"
#include "base/status.h"
#include "federation/recipient.h"
#include "federation/record_file.h"
#include "office/applied.h"
#include "office/membership.h"
#include "office/office.h"
#include "office/region/region.h"

namespace penc {

absl::Status KeepAnswer(Office& office, const MemberRound& round, HubLink& hub) {
  const std::string& folder = office.layout().answers();
  if (FileExists(RecordPath(folder, round.round.qid))) return absl::OkStatus();
  ASSIGN_OR_RETURN(const AgreementKey mail_key, office.network().LoadMailKey());
  ASSIGN_OR_RETURN(const absl::optional<storage::v1::AppliedText> codebook,
                   LatestApplied(office.database(), AppliedKind::kCodebook));
  if (!codebook.has_value()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const Received received,
                   FetchRecord(hub, round.round, *round.roster, mail_key, codebook->text()));
  return SaveRecord(folder, received.record);
}

}  // namespace penc
