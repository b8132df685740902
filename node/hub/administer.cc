#include "hub/administer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "base/names.h"
#include "base/status.h"
#include "federation/network_card.h"
#include "hub/draft.h"

namespace penc {
namespace {

constexpr uint32_t kMostHours = 365 * 24;

absl::Status Bad(const char* fr, const char* en) {
  return Fail(absl::StatusCode::kInvalidArgument, {fr, en});
}

// Root keys of the roster in force, else of hub.yaml.
std::string Roots(HubFolder& folder) {
  if (const auto latest = folder.hub().people().latest(); latest != nullptr)
    return RootsFingerprint(latest->roster);
  v1::Roster roster;
  for (const std::string& key : folder.config().root_keys()) {
    std::string bytes;
    PENC_CHECK(absl::Base64Unescape(key, &bytes));  // checked when it was read
    roster.add_root_keys(bytes);
  }
  roster.set_root_threshold(folder.config().root_threshold());
  return RootsFingerprint(roster);
}

storage::v1::NetworkCard CardOf(HubFolder& folder) {
  storage::v1::NetworkCard card;
  const auto latest = folder.hub().people().latest();
  card.set_network(folder.config().network());
  card.set_address(latest != nullptr ? latest->roster.hub_address() : folder.config().address());
  card.set_key(folder.key().verify_key().Fingerprint());
  card.set_roots(Roots(folder));
  card.set_practice(folder.config().practice());
  return card;
}

v1::HubResult Written(const storage::v1::NetworkCard& card) {
  v1::HubResult result;
  result.mutable_card()->set_text(WriteNetworkCard(card));
  return result;
}

absl::StatusOr<v1::HubResult> Invite(HubFolder& folder, const v1::HubInviteCommand& command, absl::Time now,
                                     RandomSource& random) {
  if (const absl::Status name = CheckDisplayName(command.name()); !name.ok()) return At("--name", name);
  if (command.hours() < 1 || command.hours() > kMostHours)
    return Bad("--hours: de 1 heure à un an (8760)", "--hours: from 1 hour to a year (8760)");
  const std::string code = MakeInvitationCode(random);
  // Whole seconds, as the card says it.
  const absl::Time until = absl::FromUnixSeconds(absl::ToUnixSeconds(now + absl::Hours(1) * command.hours()));
  RETURN_IF_ERROR(folder.hub().people().Invite(command.name(), code, until));
  storage::v1::NetworkCard card = CardOf(folder);
  card.set_invited(command.name());
  card.set_code(code);
  card.set_until(absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", until, absl::UTCTimeZone()));
  return Written(card);
}

v1::HubResult Show(HubFolder& folder, absl::Time now) {
  v1::HubResult result;
  v1::HubShowResult& show = *result.mutable_show();
  Register& people = folder.hub().people();
  show.set_network(folder.config().network());
  if (const auto latest = people.latest(); latest != nullptr) {
    *show.mutable_roster() = latest->signed_roster;
    show.set_roster_version(latest->roster.version());
  }
  for (const storage::v1::HubWaiting& waiting : people.Waiting()) {
    v1::HubShowResult::Waiting& one = *show.add_waiting();
    if (!one.mutable_member()->ParseFromString(waiting.member())) one.clear_member();
    one.set_invited(waiting.invited());
    one.set_since_unix_micros(waiting.since_unix_micros());
  }
  for (const storage::v1::HubInvitation& invitation : people.Invitations()) {
    if (!invitation.used_by().empty() || absl::FromUnixMicros(invitation.until_unix_micros()) < now) continue;
    v1::HubShowResult::Invitation& one = *show.add_invitations();
    one.set_name(invitation.name());
    one.set_until_unix_micros(invitation.until_unix_micros());
  }
  for (const auto& [key, name] : people.Partners()) show.add_partners(name);
  std::sort(show.mutable_partners()->begin(), show.mutable_partners()->end());
  return result;
}

absl::StatusOr<v1::HubResult> ComposeHere(HubFolder& folder, const v1::HubComposeCommand& command,
                                          absl::Time now, RandomSource& random) {
  Register& people = folder.hub().people();
  const std::shared_ptr<const CheckedRoster> latest = people.latest();
  const DraftGround ground{folder.config(), folder.key().verify_key(), latest.get(), people.Waiting()};
  ASSIGN_OR_RETURN(const CheckedRoster draft, Compose(ground, command, now, random));
  // Whoever is not taken in waits no longer.
  for (const storage::v1::HubWaiting& waiting : ground.waiting) {
    v1::Member member;
    if (member.ParseFromString(waiting.member()) &&
        std::find(command.remove().begin(), command.remove().end(), member.name()) != command.remove().end())
      RETURN_IF_ERROR(people.Dismiss(member.key()));
  }
  v1::HubResult result;
  *result.mutable_compose()->mutable_draft() = draft.signed_roster;
  return result;
}

}  // namespace

absl::StatusOr<v1::HubResult> Administer(HubFolder& folder, const v1::HubCommand& command, const Clock& clock,
                                         RandomSource& random) {
  const absl::Time now = clock.Now();
  switch (command.kind_case()) {
    case v1::HubCommand::kInvite:
      return Invite(folder, command.invite(), now, random);
    case v1::HubCommand::kAddPartner:
      RETURN_IF_ERROR(CheckDisplayName(command.add_partner().name()));
      RETURN_IF_ERROR(folder.hub().AddPartner(command.add_partner().key(), command.add_partner().name()));
      return Written(CardOf(folder));
    case v1::HubCommand::kCard:
      return Written(CardOf(folder));
    case v1::HubCommand::kShow:
      return Show(folder, now);
    case v1::HubCommand::kCompose:
      return ComposeHere(folder, command.compose(), now, random);
    case v1::HubCommand::kPutRoster: {
      RETURN_IF_ERROR(folder.hub().AddRoster(command.put_roster().roster()));
      v1::HubResult result;
      result.mutable_put_roster()->set_version(folder.hub().roster_version());
      return result;
    }
    default:
      return Bad("commande inconnue: les deux programmes penc sont-ils de la même version ?",
                 "unknown command: are both penc programs of the same version?");
  }
}

}  // namespace penc
