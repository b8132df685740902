#include "office/region/recipient_part.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/status.h"
#include "codebook/read.h"
#include "federation/recipient.h"
#include "federation/record_file.h"
#include "office/applied.h"
#include "office/keys.h"
#include "office/membership.h"
#include "office/office.h"
#include "office/region/region.h"

namespace penc {
namespace {

// As it was when the round was asked: a later one may be in force by the time that it opens.
absl::StatusOr<std::string> CodebookOf(const Database& db, const Round& round) {
  ASSIGN_OR_RETURN(const std::vector<storage::v1::AppliedText> all, AllApplied(db, AppliedKind::kCodebook));
  for (const storage::v1::AppliedText& applied : all) {
    const absl::StatusOr<Codebook> read = ReadCodebook("codebook", applied.text());
    if (read.ok() && read->hash == round.descriptor.codebook_sha256()) return applied.text();
  }
  return Fail(absl::StatusCode::kNotFound,
              {absl::StrCat("la ronde parle d'un lexique qui n'a jamais été en vigueur ici: ",
                            round.descriptor.codebook()),
               absl::StrCat("the round speaks of a codebook that was never in force here: ",
                            round.descriptor.codebook())});
}

}  // namespace

absl::Status KeepAnswer(Office& office, const MemberRound& round, HubLink& hub) {
  const std::string& folder = office.layout().answers();
  if (FileExists(RecordPath(folder, round.round.qid))) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::string codebook, CodebookOf(office.database(), round.round));
  ASSIGN_OR_RETURN(const Received received,
                   FetchRecord(hub, round.round, *round.roster, office.keys().mail(), codebook));
  return SaveRecord(folder, received.record);
}

}  // namespace penc
