#include "office/region/steward_part.h"

#include "base/status.h"
#include "federation/sealed_opening.h"
#include "federation/witness.h"
#include "office/membership.h"
#include "office/office.h"
#include "office/region/region.h"

namespace penc {
namespace {

using storage::v1::StewardRow;

// What this steward has seen last of an office's charge log.
v1::WitnessStatement StatementOf(const storage::v1::WitnessRow& row) {
  const storage::v1::WitnessedHead& last = row.heads(row.heads_size() - 1);
  v1::WitnessStatement statement;
  statement.set_office_key(row.office());
  statement.set_generation(last.generation());
  statement.set_size(last.size());
  statement.set_root(last.root());
  statement.set_pure(last.pure());
  statement.set_renyi(last.renyi());
  return statement;
}

}  // namespace

absl::StatusOr<std::vector<StewardDuty>> StewardPart::Duties(const v1::Work& work) const {
  if (!round_.round.PlaceOf(round_.member).has_value()) return std::vector<StewardDuty>();
  ASSIGN_OR_RETURN(const StewardRow row, rows_.Steward(round_.round));
  return DutiesOf(round_.round, round_.member, row, work);
}

absl::Status StewardPart::Do(const StewardDuty& duty, const v1::Work& work, HubLink& hub) {
  const v1::Member& self = round_.round.roster.members(static_cast<int>(round_.member));
  ASSIGN_OR_RETURN(const EpochSecrets secrets, office_.network().LoadEpoch(self.epoch()));
  const Steward steward(round_.round, round_.member, secrets);
  switch (duty.kind) {
    case StewardDuty::Kind::kVote:
      return Vote(steward, work, hub);
    case StewardDuty::Kind::kPromise:
      return Promise(steward, hub);
    default:
      return Open(steward, duty, work, hub);
  }
}

absl::StatusOr<std::vector<Delivered>> StewardPart::Boxes(HubLink& hub) const {
  std::vector<Delivered> delivered;
  RETURN_IF_ERROR(hub.FetchBoxes(round_.round.qid, [&](v1::FetchBoxesResponse&& one) {
    delivered.push_back({std::move(*one.mutable_header()), std::move(*one.mutable_box())});
    return delivered.size() <= round_.round.asked.size();
  }));
  return delivered;
}

absl::Status StewardPart::Vote(const Steward& steward, const v1::Work& work, HubLink& hub) {
  ASSIGN_OR_RETURN(const StewardRow row, rows_.Steward(round_.round));
  ASSIGN_OR_RETURN(WitnessRows witnesses, rows_.Witnesses());
  std::vector<Delivered> delivered;
  if (row.voted().empty()) {
    ASSIGN_OR_RETURN(delivered, Boxes(hub));
  }
  ASSIGN_OR_RETURN(const StewardStep<v1::Vote> step,
                   steward.Vote(row, work.proposal(), delivered, witnesses));
  // The vote and what was witnessed for it: one write, before anybody hears of it.
  RETURN_IF_ERROR(rows_.Save(step.remember, witnesses));
  office_.environment().steps.Reached("round.after_vote");
  v1::PutVoteRequest request;
  *request.mutable_vote() = step.message;
  const absl::optional<v1::Proposal> set = ParseProposal(round_.round, work.proposal());
  for (int i = 0; set.has_value() && i < set->offices_size(); ++i) {
    const auto office = static_cast<int>(set->offices(i).office());
    const auto seen = witnesses.find(round_.round.roster.members(office).key());
    if (seen == witnesses.end() || seen->second.heads().empty()) continue;
    *request.add_witnesses() = SignWitness(StatementOf(seen->second), round_.member, office_.identity().key);
  }
  RETURN_IF_ERROR(hub.PutVote(request));
  office_.environment().steps.Reached("round.after_vote_sent");
  return absl::OkStatus();
}

absl::Status StewardPart::Promise(const Steward& steward, HubLink& hub) {
  ASSIGN_OR_RETURN(const StewardRow row, rows_.Steward(round_.round));
  ASSIGN_OR_RETURN(const StewardStep<v1::Promise> step, steward.Promise(row));
  RETURN_IF_ERROR(rows_.Save(step.remember, {}));
  office_.environment().steps.Reached("round.after_promise");
  return hub.PutPromise(step.message);
}

absl::Status StewardPart::Open(const Steward& steward, const StewardDuty& duty, const v1::Work& work,
                               HubLink& hub) {
  ASSIGN_OR_RETURN(const StewardRow row, rows_.Steward(round_.round));
  ASSIGN_OR_RETURN(const std::vector<Delivered> delivered, Boxes(hub));
  const bool release = duty.kind == StewardDuty::Kind::kRelease;
  absl::StatusOr<StewardStep<OpeningWithSum>> step =
      release ? steward.Release(row, work.certificate(), delivered)
              : steward.Reveal(row, work.certificate(), delivered, duty.absent);
  if (!step.ok()) return step.status();
  RETURN_IF_ERROR(rows_.Save(step->remember, {}));
  office_.environment().steps.Reached(release ? "round.after_release" : "round.after_reveal");
  // Sealed anew where it is sent again: the content is the same.
  ASSIGN_OR_RETURN(const std::string sealed,
                   SealOpening(round_.round, round_.member, step->message, office_.environment().random));
  RETURN_IF_ERROR(hub.PutOpening(round_.round.qid, round_.member, release ? 0 : 1 + duty.absent, sealed));
  office_.environment().steps.Reached("round.after_opening_sent");
  return absl::OkStatus();
}

}  // namespace penc
