#include "federation/steward_duties.h"

#include <algorithm>

#include "crypto/hash.h"

namespace penc {
namespace {

bool Has(const google::protobuf::RepeatedField<uint32_t>& members, uint32_t member) {
  return std::find(members.begin(), members.end(), member) != members.end();
}

}  // namespace

std::vector<StewardDuty> DutiesOf(const Round& round, uint32_t steward, const storage::v1::StewardRow& row,
                                  const v1::Work& work) {
  using Kind = StewardDuty::Kind;
  std::vector<StewardDuty> duties;
  if (!round.PlaceOf(steward).has_value()) return duties;
  const v1::RoundSummary& hub = work.round();
  // It said things that it does not remember: a disk image of before. It must not say others.
  if ((Has(hub.voted(), steward) && row.voted().empty()) ||
      (Has(hub.promised(), steward) && !row.promised()) ||
      (Has(hub.released(), steward) && row.released().empty()))
    return duties;
  if (work.promise_wanted() && row.released().empty() && !Has(hub.promised(), steward))
    return {{Kind::kPromise}};  // and no vote any more
  if (row.promised()) return duties;
  if (hub.state() == v1::ROUND_STATE_PROPOSED && work.has_proposal() && !Has(hub.voted(), steward) &&
      (row.voted().empty() || row.voted() == Sha256(work.proposal().proposal())))
    duties.push_back({Kind::kVote});
  if (!work.has_certificate()) return duties;
  if (!Has(hub.released(), steward)) duties.push_back({Kind::kRelease});
  if (hub.state() != v1::ROUND_STATE_CERTIFIED) return duties;
  for (uint32_t absent : work.reveal()) {
    if (absent != steward) duties.push_back({Kind::kReveal, absent});
  }
  return duties;
}

}  // namespace penc
