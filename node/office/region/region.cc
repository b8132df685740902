#include "office/region/region.h"

#include <cstdio>
#include <mutex>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "crypto/hash.h"
#include "ledger/ledger.h"
#include "office/membership.h"
#include "office/office.h"
#include "office/region/contributing.h"
#include "office/region/office_part.h"
#include "office/region/recipient_part.h"
#include "office/region/steward_part.h"
#include "office/region/witnessed.h"

namespace penc {
namespace {

constexpr uint32_t kTries = 3;
constexpr size_t kRoundsKept = 256;
// What a member fetches of a round without being asked to: a line may be slow, and paid by the megabyte. A
// bulletin of a thousand cells has a hundredth of it.
constexpr uint64_t kMostFetched = 16 << 20;

// Nobody's fault but the way there: to be tried again, whatever was done stays done.
bool OfTheLine(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) || absl::IsCancelled(status);
}

void KeepFirst(absl::Status& first, const absl::Status& status) {
  if (first.ok()) first = status;
}

}  // namespace

Region::Region(Office& office, Tell tell)
    : office_(office),
      tell_(std::move(tell)),
      rows_(office.database(), office.committer()),
      unlocks_(office) {}

v1::WaitForWorkRequest Region::Request(uint64_t mark, absl::Duration wait) const {
  v1::WaitForWorkRequest request;
  request.set_roster_version(office_.network().roster_version());
  request.set_after(mark);
  request.set_wait_milliseconds(static_cast<uint32_t>(absl::ToInt64Milliseconds(wait)));
  return request;
}

absl::Status Region::Act(HubLink& hub, const v1::WaitForWorkResponse& found, ReplySlots& slots) {
  absl::Status first = TakeRosters(hub, found.roster_version());
  if (OfTheLine(first)) return first;
  // Nodes that wait for their key answer nobody until then.
  KeepFirst(first, AnswerLockedNodes(hub, found));
  KeepFirst(first, ShareKeys());
  KeepFirst(first, SendRenewal(hub));
  KeepFirst(first, TakeWitnesses(found));
  std::vector<std::pair<const MemberRound*, const v1::Work*>> rounds;
  for (const v1::Work& work : found.work()) {
    const absl::StatusOr<const MemberRound*> round = Find(work.round().terms());
    // Not one of ours, or not one that anybody should take part in: nothing was signed, nothing is owed.
    if (round.ok()) rounds.emplace_back(*round, &work);
  }
  // Others wait for stewards.
  for (const auto& [round, work] : rounds) KeepFirst(first, AsSteward(hub, *round, *work));
  for (const auto& [round, work] : rounds) KeepFirst(first, AsOffice(hub, *round, *work, slots));
  for (const auto& [round, work] : rounds) KeepFirst(first, AsRecipient(hub, *round, *work));
  KeepFirst(first, Sweep());
  return first;
}

absl::StatusOr<const MemberRound*> Region::Find(const v1::SignedDescriptor& terms) {
  v1::Descriptor read;
  if (!read.ParseFromString(terms.body())) return absl::InvalidArgumentError("unreadable");
  const std::string qid = Sha256(terms.body());
  const uint64_t newest = office_.network().roster_version();
  if (const auto known = rounds_.find(qid); known != rounds_.end()) {
    known->second.newest = read.roster_version() == newest;
    return &known->second;
  }
  ASSIGN_OR_RETURN(CheckedRoster roster, office_.network().RosterOfVersion(read.roster_version()));
  const absl::optional<uint32_t> member = roster.MemberOf(office_.identity().key.verify_key().bytes());
  if (!member.has_value()) return absl::NotFoundError("not a member");
  ASSIGN_OR_RETURN(Round round, ReadRound(terms, roster.bytes(), office_.environment().clock.Now()));
  if (rounds_.size() >= kRoundsKept) rounds_.erase(rounds_.begin());
  MemberRound one{std::move(round), std::make_shared<const CheckedRoster>(std::move(roster)), *member,
                  read.roster_version() == newest};
  return &rounds_.insert_or_assign(qid, std::move(one)).first->second;
}

absl::Status Region::TakeRosters(HubLink& hub, uint64_t version) {
  if (version <= office_.network().roster_version()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::vector<v1::SignedRoster> newer,
                   hub.RostersAfter(office_.network().roster_version()));
  return After("roster", office_.network().PinRosters(newer));
}

absl::Status Region::SendRenewal(HubLink& hub) {
  ASSIGN_OR_RETURN(const absl::optional<v1::PutMemberRequest> unsent, office_.network().Unsent());
  if (!unsent.has_value()) return absl::OkStatus();
  RETURN_IF_ERROR(hub.PutMember(*unsent));
  return office_.network().MarkSent(*unsent);
}

absl::Status Region::TakeWitnesses(const v1::WaitForWorkResponse& found) {
  const std::shared_ptr<const CheckedRoster> roster = office_.network().LatestRoster();
  if (roster == nullptr) return absl::OkStatus();
  const absl::optional<v1::WitnessStatement> believed =
      BelievedHead(*roster, office_.identity().key.verify_key().bytes(),
                   {found.witnesses().begin(), found.witnesses().end()});
  if (!believed.has_value()) return absl::OkStatus();
  const absl::Time now = office_.environment().clock.Now();
  const absl::optional<absl::Time> restored = office_.rules().restored;
  if (!restored.has_value()) {
    ASSIGN_OR_RETURN(const bool ours, office_.ledger().SetWitnessed(believed->generation(), believed->size(),
                                                                    believed->root()));
    if (ours) return absl::OkStatus();
    tell_(
        {"ce dossier est plus ancien que ce que les témoins ont vu de ses dépenses (une sauvegarde, une "
         "copie ?): il ne répond plus, pendant quatorze jours, puis il reprend leur compte",
         "this folder is older than what stewards have seen of its spending (a backup, a copy?): it answers "
         "nothing for fourteen days, then takes over their count"});
    return office_.SetRestored(now);
  }
  // Whatever it had sent to a round is by then witnessed, or can never open.
  if (now < *restored + kLongestRound + kClocksDiffer) return absl::OkStatus();
  v1::AdoptedHead head;
  head.set_generation(believed->generation());
  head.set_size(believed->size());
  head.set_root(believed->root());
  head.set_pure(believed->pure());
  head.set_renyi(believed->renyi());
  RETURN_IF_ERROR(office_.ledger().Adopt(head));
  tell_({"le compte des témoins est repris, plus 5 % du crédit: ce nœud répond de nouveau",
         "the stewards' count is taken over, plus 5 % of the budget: this node answers again"});
  return office_.SetRestored(absl::nullopt);
}

// Under the roster that was just taken up: who left it gets nothing.
absl::Status Region::AnswerLockedNodes(HubLink& hub, const v1::WaitForWorkResponse& found) {
  absl::Status first;
  if (found.roster_version() > office_.network().roster_version()) return first;  // it may say who left
  for (const v1::SignedUnlockRequest& request : found.unlocks()) {
    const absl::Status status = unlocks_.Answer(request, hub);
    KeepFirst(first, OfTheLine(status) ? status : After("unlock", status));
  }
  return first;
}

absl::Status Region::ShareKeys() {
  // A backup or a command that changes keys holds this: the next visit does it.
  std::unique_lock<Writing> writing(office_.writing(), std::try_to_lock);
  if (!writing.owns_lock() || !WorthTrying("share")) return absl::OkStatus();
  const absl::StatusOr<bool> shared = office_.ShareKeysAnew();
  if (!shared.ok()) return After("share", shared.status());
  if (*shared) {
    tell_({"les témoins du réseau ont changé: la clé de ce nœud est partagée de nouveau entre eux",
           "the network's stewards have changed: this node's key is shared among them anew"});
  }
  return absl::OkStatus();
}

bool Region::WorthTrying(const std::string& what) const {
  const auto at = failed_.find(what);
  return at == failed_.end() || at->second < kTries;
}

absl::Status Region::After(const std::string& what, const absl::Status& status) {
  if (status.ok() || OfTheLine(status)) return status;
  tell_(Explain(status));
  ++failed_[what];
  return absl::OkStatus();
}

absl::Status Region::AsSteward(HubLink& hub, const MemberRound& round, const v1::Work& work) {
  if (office_.rules().restored.has_value())
    return absl::OkStatus();  // it may have said things that it forgot
  StewardPart part(office_, rows_, round);
  ASSIGN_OR_RETURN(const std::vector<StewardDuty> duties, part.Duties(work));
  for (const StewardDuty& duty : duties) {
    const std::string what =
        absl::StrCat(round.round.qid, "s", static_cast<int>(duty.kind), "/", duty.absent);
    if (done_.contains(what) || !WorthTrying(what)) continue;
    const absl::Status status = part.Do(duty, work, hub);
    if (status.ok() && duty.kind == StewardDuty::Kind::kReveal) done_.insert(what);
    RETURN_IF_ERROR(After(what, status));
  }
  return absl::OkStatus();
}

absl::Status Region::AsOffice(HubLink& hub, const MemberRound& round, const v1::Work& work,
                              ReplySlots& slots) {
  OfficePart part(office_, rows_, round);
  ASSIGN_OR_RETURN(const OfficeStep step, part.Next(work));
  const std::string what = absl::StrCat(round.round.qid, "o", static_cast<int>(step));
  if (step == OfficeStep::kNothing || !WorthTrying(what)) return absl::OkStatus();
  switch (step) {
    case OfficeStep::kContribute: {
      slots.Begin();
      PlannedWork planned;
      const absl::Status made = part.Contribute(planned);
      slots.Wait(planned);
      if (!made.ok()) return After(what, made);
      return After(what, part.Send(hub));
    }
    case OfficeStep::kSend:
      return After(what, part.Send(hub));
    case OfficeStep::kTooLate:
      return After(what, part.TooLate());
    case OfficeStep::kSettle:
      return After(what, part.Settle(work));
    case OfficeStep::kLost:
      return After(what,
                   Fail(absl::StatusCode::kDataLoss,
                        {"le relais a de ce dossier une contribution que le dossier ne connaît pas: il a "
                         "été rétabli d'une sauvegarde ou copié. Arrêtez l'autre copie, s'il y en a une",
                         "the hub has a contribution of this folder that the folder does not know: it "
                         "was restored from a backup, or copied. Stop the other copy, if there is one"}));
    case OfficeStep::kNothing:
      break;
  }
  return absl::OkStatus();
}

absl::Status Region::AsRecipient(HubLink& hub, const MemberRound& round, const v1::Work& work) {
  if (work.round().state() != v1::ROUND_STATE_OPENED || !round.round.Asks(round.member))
    return absl::OkStatus();
  const uint64_t vectors = round.round.asked.size() + round.round.stewards();
  if (VectorBytes(round.round) * vectors > kMostFetched) return absl::OkStatus();
  const std::string what = absl::StrCat(round.round.qid, "r");
  if (done_.contains(what) || !WorthTrying(what)) return absl::OkStatus();
  const absl::Status kept = KeepAnswer(office_, round, hub);
  if (kept.ok()) done_.insert(what);
  return After(what, kept);
}

absl::Status Region::Sweep() {
  using storage::v1::OfficeRoundRow;
  const absl::Time now = office_.environment().clock.Now();
  ASSIGN_OR_RETURN(const std::vector<OfficeRoundRow> rows, rows_.AllOffice());
  for (OfficeRoundRow row : rows) {
    v1::Descriptor terms;
    if (row.state() == OfficeRoundRow::STATE_ABSTAINED || row.state() >= OfficeRoundRow::STATE_SPENT ||
        !terms.ParseFromString(row.terms().body()) || absl::ToUnixMicros(now) < terms.expires_unix_micros())
      continue;
    // Expired, and nobody showed a certificate: nobody knows, so it stays spent. What waited for a person was
    // never charged.
    row.set_state(row.waiting() ? OfficeRoundRow::STATE_ABSTAINED : OfficeRoundRow::STATE_SPENT);
    if (row.waiting()) row.set_reason(v1::REFUSAL_NEEDS_APPROVAL);
    row.set_waiting(false);
    const std::string qid = Sha256(row.terms().body());
    RETURN_IF_ERROR(rows_.Save(qid, terms.attempt(), row));
    std::remove(ContributionPath(office_.layout(), qid, terms.attempt()).c_str());
  }
  // Rounds end before the keys of their stewards do (ReadRound).
  for (uint64_t epoch : office_.network().Epochs()) {
    ASSIGN_OR_RETURN(const v1::EpochKeys keys, office_.network().PublicEpoch(epoch));
    if (absl::ToUnixMicros(now) >= keys.until_unix_micros())
      RETURN_IF_ERROR(office_.network().DeleteEpoch(epoch));
  }
  return absl::OkStatus();
}

}  // namespace penc
