#include "office/region/unlock_part.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "crypto/hash.h"
#include "federation/unlock.h"
#include "journal/committer.h"
#include "office/keys.h"
#include "office/membership.h"
#include "office/office.h"

namespace penc {
namespace {

constexpr size_t kAnswersKept = 256;

// As the roster has or had it.
std::string NameOf(const v1::Roster& roster, absl::string_view key) {
  for (const v1::Member& member : roster.members())
    if (member.key() == key) return member.name();
  return "";
}

}  // namespace

absl::Status UnlockPart::Answer(const v1::SignedUnlockRequest& signed_request, HubLink& hub) {
  const absl::StatusOr<v1::UnlockRequest> request = ReadKnock(signed_request);
  if (!request.ok()) return absl::OkStatus();  // nobody's: the hub should not have passed it on
  const std::string hash = Sha256(signed_request.request());
  if (const auto known = answers_.find(hash); known != answers_.end())
    return hub.PutUnlockAnswer(known->second);
  const absl::Time now = office_.environment().clock.Now();
  std::vector<absl::Time>& lately = returned_[request->member()];
  lately.erase(std::remove_if(lately.begin(), lately.end(),
                              [&](absl::Time at) { return at + absl::Hours(1) <= now || at > now; }),
               lately.end());
  const std::string own = office_.identity().key.verify_key().bytes();
  const std::shared_ptr<const CheckedRoster> roster = office_.network().LatestRoster();
  v1::UnlockAnswer answer = AnswerKnock(signed_request, *request, roster.get(), now, own,
                                        office_.keys().mail(), office_.environment().random);
  if (answer.has_sealed() && lately.size() >= kPerHour) {
    answer.clear_sealed();
    answer.set_refusal(v1::UNLOCK_REFUSAL_TOO_OFTEN);
  }
  RETURN_IF_ERROR(Say(*request, answer));
  if (answer.has_sealed()) lately.push_back(now);
  office_.environment().steps.Reached("unlock.after_leaf");
  const v1::SignedUnlockAnswer signed_answer = SignAnswer(answer, office_.identity().key);
  // What a roster or an hour may change is looked at again.
  if (answer.has_sealed()) {
    if (answers_.size() >= kAnswersKept) answers_.clear();
    answers_[hash] = signed_answer;
  }
  return hub.PutUnlockAnswer(signed_answer);
}

absl::Status UnlockPart::Say(const v1::UnlockRequest& request, const v1::UnlockAnswer& answer) {
  const std::string refusal = absl::StrCat(request.member(), answer.refusal());
  // A thief may ask for ever: once a run is enough to know.
  if (!answer.has_sealed() && said_.contains(refusal)) return absl::OkStatus();
  const std::shared_ptr<const CheckedRoster> roster = office_.network().LatestRoster();
  const std::string name = roster == nullptr ? "" : NameOf(roster->roster, request.member());
  RETURN_IF_ERROR(office_.committer().Commit([&](Staging& staging) {
    storage::v1::JournalLeaf leaf;
    if (answer.has_sealed()) {
      leaf.mutable_share_returned()->set_member(request.member());
      leaf.mutable_share_returned()->set_name(name);
      leaf.mutable_share_returned()->set_roster_version(answer.roster_version());
    } else {
      leaf.mutable_share_refused()->set_member(request.member());
      leaf.mutable_share_refused()->set_name(name);
      leaf.mutable_share_refused()->set_roster_version(answer.roster_version());
      leaf.mutable_share_refused()->set_reason(static_cast<uint32_t>(answer.refusal()));
    }
    staging.Leaf(std::move(leaf));
    return absl::OkStatus();
  }));
  if (!answer.has_sealed()) said_.insert(refusal);
  return absl::OkStatus();
}

}  // namespace penc
