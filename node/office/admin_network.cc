#include "office/admin_network.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/names.h"
#include "base/status.h"
#include "office/membership.h"

namespace penc {
namespace {

constexpr uint32_t kFewestDays = 7, kMostDays = 30;

absl::Status NoNetwork() {
  return Fail(absl::StatusCode::kFailedPrecondition,
              {"cette organisation n'est membre d'aucun réseau: penc network join DIR INVITATION",
               "this office is in no network: penc network join DIR INVITATION"});
}

absl::Status OtherNetwork(absl::string_view name) {
  return Fail(
      absl::StatusCode::kFailedPrecondition,
      {absl::StrCat("cette organisation est déjà membre du réseau «", name, "»; rien n'a été modifié"),
       absl::StrCat("this office is a member of the network \"", name, "\" already; nothing was changed")});
}

}  // namespace

absl::StatusOr<v1::NetworkMemberResult> SpeakForItself(Office& office,
                                                       const v1::NetworkMemberCommand& command) {
  OfficeNetwork& network = office.network();
  RandomSource& random = office.environment().random;
  ASSIGN_OR_RETURN(const absl::optional<storage::v1::Membership> membership, network.Load());
  const bool joining = !command.network().empty();
  if (!membership.has_value() && !joining) return NoNetwork();
  if (membership.has_value() && joining &&
      (membership->network() != command.network() || membership->roots() != command.roots()))
    return OtherNetwork(membership->network());
  if (joining && command.practice() != office.config().practice()) {
    return Fail(
        absl::StatusCode::kFailedPrecondition,
        office.config().practice()
            ? Text{"cette organisation est un exercice: ses dossiers inventés ne vont pas dans un vrai "
                   "réseau",
                   "this office is an exercise: its invented records do not go into a real network"}
            : Text{"ce réseau est un exercice: de vrais dossiers n'y ont pas leur place (penc init "
                   "--practice fait une organisation d'exercice)",
                   "this network is an exercise: real records have no place in it (penc init --practice "
                   "makes an office for exercises)"});
  }
  const uint32_t days = command.days() == 0 ? kEpochDays : command.days();
  if (days < kFewestDays || days > kMostDays)
    return Fail(absl::StatusCode::kInvalidArgument, {"--days: de 7 à 30", "--days: from 7 to 30"});
  const absl::Time now = office.environment().clock.Now();
  const SigningKey& key = office.identity().key;
  if (command.epoch()) {
    // Joining again after a broken connection: keys that nobody has used are good.
    bool fresh = false;
    if (const std::vector<uint64_t> epochs = network.Epochs(); joining && !epochs.empty()) {
      const absl::StatusOr<v1::EpochKeys> newest = network.PublicEpoch(epochs.back());
      fresh = newest.ok() &&
              absl::FromUnixMicros(newest->until_unix_micros()) > now + absl::Hours(24) * kFewestDays;
    }
    if (!fresh) {
      RETURN_IF_ERROR(network.CreateEpoch(key.verify_key(), now + absl::Hours(24) * days, random).status());
    }
  }
  ASSIGN_OR_RETURN(const v1::PutMemberRequest member,
                   network.OwnMember(key, office.config().office(), office.rules().policy->floors));
  if (!joining) RETURN_IF_ERROR(network.KeepUnsent(member));
  v1::NetworkMemberResult result;
  result.set_member(member.member());
  result.set_signature(member.signature());
  result.set_office(office.config().office());
  ASSIGN_OR_RETURN(const absl::optional<OfficeNetwork::Hub> hub, network.FindHub());
  if (hub.has_value()) {
    result.set_network(hub->network);
    result.set_hub_address(hub->address);
    result.set_hub_key(hub->key);
  }
  return result;
}

absl::StatusOr<v1::NetworkRosterResult> JoinNetwork(Office& office, const v1::NetworkJoinedCommand& command) {
  storage::v1::Membership membership;
  membership.set_network(command.network());
  membership.set_hub_address(command.hub_address());
  membership.set_hub_key(command.hub_key());
  membership.set_roots(command.roots());
  membership.set_steward(command.steward());
  RETURN_IF_ERROR(CheckDisplayName(membership.network()));
  RETURN_IF_ERROR(CheckAddress(membership.hub_address()));
  RETURN_IF_ERROR(CheckFingerprint(membership.hub_key()));
  RETURN_IF_ERROR(CheckFingerprint(membership.roots()));
  // A network whose rosters others sign is not the one of the invitation: nothing is kept of it.
  const bool none = std::none_of(
      command.rosters().begin(), command.rosters().end(),
      [&](const v1::SignedRoster& roster) { return ReadPinnedRoster(roster, membership.roots()).ok(); });
  if (command.rosters_size() > 0 && none) {
    return Fail(absl::StatusCode::kPermissionDenied,
                {"aucune liste des membres n'est signée par les clés racines de l'invitation: rien n'est "
                 "accepté; demandez au secrétariat du réseau une invitation récente, de vive voix",
                 "no roster is signed by the root keys of the invitation: nothing is accepted; ask the "
                 "network's secretariat by voice for a recent invitation"});
  }
  RETURN_IF_ERROR(office.network().Save(membership));
  RETURN_IF_ERROR(office.network().PinRosters({command.rosters().begin(), command.rosters().end()}));
  return ShowNetwork(office);
}

absl::StatusOr<v1::NetworkSentResult> MarkSent(Office& office, const v1::NetworkSentCommand& command) {
  v1::PutMemberRequest member;
  member.set_member(command.member());
  RETURN_IF_ERROR(office.network().MarkSent(member));
  return v1::NetworkSentResult();
}

absl::StatusOr<v1::NetworkRosterResult> ShowNetwork(Office& office) {
  ASSIGN_OR_RETURN(const absl::optional<OfficeNetwork::Hub> hub, office.network().FindHub());
  if (!hub.has_value()) return NoNetwork();
  v1::NetworkRosterResult result;
  result.set_network(hub->network);
  result.set_hub_address(hub->address);
  result.set_hub_key(hub->key);
  if (const auto roster = office.network().LatestRoster(); roster != nullptr) {
    *result.mutable_roster() = roster->signed_roster;
    result.set_roster_version(roster->roster.version());
    result.set_member(roster->MemberOf(office.identity().key.verify_key().bytes()).has_value());
  }
  ASSIGN_OR_RETURN(const absl::optional<v1::PutMemberRequest> unsent, office.network().Unsent());
  result.set_unsent(unsent.has_value());
  return result;
}

}  // namespace penc
