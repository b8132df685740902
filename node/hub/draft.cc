#include "hub/draft.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "base/names.h"
#include "base/status.h"

namespace penc {
namespace {

constexpr absl::string_view kMagic = "penc roster 1\n";
constexpr uint32_t kMostDays = 3 * 365;

absl::Status Bad(Text text) { return Fail(absl::StatusCode::kInvalidArgument, std::move(text)); }

absl::StatusOr<v1::Roster> FirstRoster(const DraftGround& ground) {
  const storage::v1::HubConfig& config = ground.config;
  v1::Roster roster;
  roster.set_network(config.network());
  roster.set_version(1);
  for (const std::string& key : config.root_keys()) {
    std::string bytes;
    if (!absl::Base64Unescape(key, &bytes)) return Bad({"hub.yaml: root_keys", "hub.yaml: root_keys"});
    roster.add_root_keys(bytes);
  }
  roster.set_root_threshold(config.root_threshold());
  roster.set_hub_key(ground.hub_key.bytes());
  roster.set_closing(config.closing());
  roster.set_presumed_dishonest(config.presumed_dishonest());
  roster.set_practice(config.practice());
  return roster;
}

bool HasLeft(const v1::Roster& roster, int index) {
  return std::find(roster.left().begin(), roster.left().end(), static_cast<uint32_t>(index)) !=
         roster.left().end();
}

// Index of the member with this name who has not left, or -1.
int IndexOf(const v1::Roster& roster, absl::string_view name) {
  for (int i = 0; i < roster.members_size(); ++i) {
    if (roster.members(i).name() == name && !HasLeft(roster, i)) return i;
  }
  return -1;
}

absl::Status NoSuchMember(const v1::Roster& roster, absl::string_view name) {
  std::vector<std::string> names;
  for (int i = 0; i < roster.members_size(); ++i) {
    if (!HasLeft(roster, i)) names.push_back(roster.members(i).name());
  }
  const std::string known = absl::StrJoin(names, ", ");
  return Bad({absl::StrCat("le réseau n'a pas de membre «", name, "»; ses membres: ", known),
              absl::StrCat("the network has no member \"", name, "\"; its members: ", known)});
}

void TakeIn(const v1::Member& member, v1::Roster& roster) {
  for (v1::Member& known : *roster.mutable_members()) {
    if (known.key() != member.key()) continue;
    known = member;
    return;
  }
  *roster.add_members() = member;
}

absl::Status SetRegion(const v1::HubRegion& wish, v1::Roster& roster) {
  v1::Region region;
  region.set_name(wish.name());
  for (const std::string& name : wish.members()) {
    const int index = IndexOf(roster, name);
    if (index < 0) return NoSuchMember(roster, name);
    region.add_members(static_cast<uint32_t>(index));
  }
  std::sort(region.mutable_members()->begin(), region.mutable_members()->end());
  v1::Roster next = roster;
  next.clear_regions();
  for (const v1::Region& known : roster.regions()) {
    if (known.name() != wish.name()) *next.add_regions() = known;
  }
  if (region.members_size() > 0) {
    if (region.members_size() < 5) {
      return Bad({absl::StrCat("la région «", wish.name(),
                               "» a moins de cinq membres: un total y montrerait "
                               "trop de chacun"),
                  absl::StrCat("the region \"", wish.name(),
                               "\" has fewer than five members: a total would show too much of each")});
    }
    *next.add_regions() = std::move(region);
  }
  roster = std::move(next);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<CheckedRoster> Compose(const DraftGround& ground, const v1::HubComposeCommand& wish,
                                      absl::Time now, RandomSource& random) {
  v1::Roster roster;
  if (ground.latest != nullptr) {
    roster = NextDraft(*ground.latest);
  } else {
    ASSIGN_OR_RETURN(roster, FirstRoster(ground));
  }
  if (wish.expires_days() < 1 || wish.expires_days() > kMostDays)
    return Bad({absl::StrCat("--expires-days: de 1 à ", kMostDays),
                absl::StrCat("--expires-days: from 1 to ", kMostDays)});
  roster.set_expires_unix_micros(absl::ToUnixMicros(now + absl::Hours(24) * wish.expires_days()));
  if (!wish.address().empty()) {
    if (const absl::Status address = CheckAddress(wish.address()); !address.ok())
      return At("--address", address);
  }
  roster.set_hub_address(!wish.address().empty()    ? wish.address()
                         : ground.latest != nullptr ? ground.latest->roster.hub_address()
                                                    : ground.config.address());
  std::map<std::string, bool> removed;  // name -> somebody had it
  for (const std::string& name : wish.remove()) removed[name] = false;
  for (const storage::v1::HubWaiting& waiting : ground.waiting) {
    v1::Member member;
    if (!member.ParseFromString(waiting.member())) continue;
    const auto out = removed.find(member.name());
    if (out == removed.end()) {
      TakeIn(member, roster);
    } else if (IndexOf(roster, member.name()) < 0) {
      out->second = true;  // not taken in
    }
  }
  for (auto& [name, found] : removed) {
    const int index = IndexOf(roster, name);
    if (index >= 0) roster.add_left(static_cast<uint32_t>(index));
    if (index < 0 && !found) return NoSuchMember(roster, name);
  }
  std::sort(roster.mutable_left()->begin(), roster.mutable_left()->end());
  for (const v1::HubRegion& region : wish.regions()) RETURN_IF_ERROR(SetRegion(region, roster));
  if (roster.members_size() == roster.left_size()) {
    return Bad({"personne n'attend et la liste serait vide: invitez d'abord (penc network invite)",
                "nobody waits and the roster would be empty: invite first (penc network invite)"});
  }
  return ComposeRoster(std::move(roster), random);
}

std::string WriteRosterFile(const v1::SignedRoster& roster) {
  return absl::StrCat(kMagic, roster.SerializeAsString());
}

absl::StatusOr<CheckedRoster> ReadRosterFile(absl::string_view file, absl::string_view bytes) {
  v1::SignedRoster roster;
  if (!absl::ConsumePrefix(&bytes, kMagic) ||
      !roster.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return Bad({absl::StrCat(file,
                             " n'est pas une liste des membres: donnez le fichier de penc network roster "
                             "DIR --compose"),
                absl::StrCat(file, " is not a roster: give the file of penc network roster DIR --compose")});
  }
  return ReadRosterShape(roster);
}

}  // namespace penc
