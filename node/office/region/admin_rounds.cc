#include "office/region/admin_rounds.h"

#include <algorithm>
#include <vector>

#include "base/file.h"
#include "base/status.h"
#include "crypto/hash.h"
#include "federation/record_file.h"
#include "office/office.h"
#include "office/region/round_rows.h"

namespace penc {

absl::StatusOr<v1::RoundsResult> ListRounds(Office& office) {
  const RoundRows rows(office.database(), office.committer());
  ASSIGN_OR_RETURN(const std::vector<storage::v1::OfficeRoundRow> all, rows.AllOffice());
  v1::RoundsResult result;
  for (const storage::v1::OfficeRoundRow& row : all) {
    v1::Descriptor terms;
    if (!terms.ParseFromString(row.terms().body())) continue;  // what was taken up was read
    const std::string qid = Sha256(row.terms().body());
    v1::OfficeRound& round = *result.add_rounds();
    round.set_round_id(RoundId(qid));
    round.set_attempt(terms.attempt());
    round.set_partner(terms.partner_name());
    round.set_purpose(terms.purpose());
    round.set_edition(terms.edition());
    for (const v1::Question& question : terms.bulletin().questions())
      round.add_questions(question.title().empty() ? question.sql() : question.title());
    round.set_state(static_cast<v1::OfficeRound::State>(row.state()));
    round.set_waiting(row.waiting());
    round.set_reason(static_cast<v1::Refusal>(row.reason()));
    round.set_collect_until_unix_micros(terms.collect_until_unix_micros());
    round.set_expires_unix_micros(terms.expires_unix_micros());
    round.set_answered(FileExists(RecordPath(office.layout().answers(), qid)));
  }
  std::sort(result.mutable_rounds()->begin(), result.mutable_rounds()->end(),
            [](const v1::OfficeRound& a, const v1::OfficeRound& b) {
              return a.collect_until_unix_micros() > b.collect_until_unix_micros();
            });
  return result;
}

}  // namespace penc
