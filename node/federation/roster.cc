#include "federation/roster.h"

#include <algorithm>
#include <functional>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status.h"
#include "crypto/agreement.h"
#include "crypto/hash.h"

namespace penc {
namespace {

constexpr int kMostMembers = 4096;
constexpr size_t kLongestName = 100;
constexpr size_t kSalt = 16;

absl::Status Bad(const char* fr, const char* en) {
  return Fail(absl::StatusCode::kInvalidArgument,
              {absl::StrCat("liste des membres refusée: ", fr), absl::StrCat("roster refused: ", en)});
}

std::string Signable(const v1::SignedRoster& roster) {
  return absl::StrCat("penc roster v1\n", roster.roster());
}

uint32_t Signers(const v1::Roster& keys, const v1::SignedRoster& roster) {
  return static_cast<uint32_t>(SignersOf(keys, roster).size());
}

// Names stand in tables and on screens: nothing in them may move a cursor or break a line.
bool Shown(const std::string& name) {
  return std::none_of(name.begin(), name.end(), [](char c) { return absl::ascii_iscntrl(c); });
}

bool AllDifferent(const std::vector<std::string>& texts) {
  return std::set<std::string>(texts.begin(), texts.end()).size() == texts.size();
}

absl::Status CheckKeys(const v1::Roster& roster) {
  const auto& keys = roster.root_keys();
  const bool sizes =
      std::all_of(keys.begin(), keys.end(), [](const std::string& key) { return key.size() == 32; });
  if (keys.empty() || !sizes || !AllDifferent({keys.begin(), keys.end()}) || roster.root_threshold() == 0 ||
      roster.root_threshold() > static_cast<uint32_t>(keys.size()))
    return Bad("clés racines ou seuil impossibles", "impossible root keys or threshold");
  if (roster.hub_key().size() != 32) return Bad("clé du relais absente", "no hub key");
  return absl::OkStatus();
}

absl::Status CheckMembers(const v1::Roster& roster) {
  std::vector<std::string> keys, names;
  if (roster.members_size() > kMostMembers) return Bad("trop de membres", "too many members");
  for (const v1::Member& member : roster.members()) {
    const bool named = !member.name().empty() && member.name().size() <= kLongestName && Shown(member.name());
    if (!named || member.key().size() != 32 || !UsableAgreementKey(member.mail_key()))
      return Bad("un membre sans nom ou sans clés", "a member without name or keys");
    keys.push_back(member.key());
    keys.push_back(member.mail_key());
    names.push_back(member.name());
    if (!member.has_epoch()) continue;
    const v1::EpochKeys& epoch = member.epoch();
    if (epoch.epoch() == 0 || !UsableAgreementKey(epoch.mask_key()) || epoch.vote_key().size() != 32)
      return Bad("clés d'époque mal formées", "malformed epoch keys");
    keys.push_back(epoch.mask_key());
    keys.push_back(epoch.vote_key());
  }
  if (!AllDifferent(keys)) return Bad("une clé y est deux fois", "a key stands there twice");
  if (!AllDifferent(names)) return Bad("un nom y est deux fois", "a name stands there twice");
  const auto outside = [&](uint32_t i) { return i >= static_cast<uint32_t>(roster.members_size()); };
  if (std::any_of(roster.left().begin(), roster.left().end(), outside) ||
      std::set<uint32_t>(roster.left().begin(), roster.left().end()).size() !=
          static_cast<size_t>(roster.left_size()))
    return Bad("un départ de personne", "somebody left who is not there");
  return absl::OkStatus();
}

absl::Status NobodyHonest() {
  return Bad("tous les membres présumés malhonnêtes", "all members presumed dishonest");
}

absl::Status CheckRegions(const v1::Roster& roster) {
  std::vector<std::string> names;
  if (roster.presumed_dishonest() > 0 &&
      roster.presumed_dishonest() >= static_cast<uint32_t>(roster.members_size()))
    return NobodyHonest();
  for (const v1::Region& region : roster.regions()) {
    const auto& members = region.members();
    const bool ascending =
        std::adjacent_find(members.begin(), members.end(), std::greater_equal<uint32_t>()) == members.end();
    if (region.name().empty() || region.name().size() > kLongestName || !Shown(region.name()) ||
        members.size() < 5 || !ascending ||
        members[members.size() - 1] >= static_cast<uint32_t>(roster.members_size()))
      return Bad("région mal formée (au moins cinq membres)", "malformed region (at least five members)");
    if (region.presumed_dishonest() >= static_cast<uint32_t>(members.size())) return NobodyHonest();
    names.push_back(region.name());
  }
  return AllDifferent(names) ? absl::OkStatus()
                             : Bad("une région y est deux fois", "a region stands there twice");
}

// Everything that can be said without signatures and without another version.
absl::StatusOr<CheckedRoster> ReadShape(const v1::SignedRoster& given) {
  CheckedRoster read{given, {}};
  if (!read.roster.ParseFromString(given.roster()) || read.roster.format() != 1 ||
      read.roster.version() == 0 || read.roster.network().empty() || !Shown(read.roster.network()) ||
      read.roster.salt().size() != kSalt)
    return Bad("message illisible ou d'un autre format", "unreadable, or of another format");
  RETURN_IF_ERROR(CheckKeys(read.roster));
  RETURN_IF_ERROR(CheckMembers(read.roster));
  RETURN_IF_ERROR(CheckRegions(read.roster));
  return read;
}

absl::StatusOr<CheckedRoster> ReadRoster(const v1::SignedRoster& given) {
  ASSIGN_OR_RETURN(CheckedRoster read, ReadShape(given));
  if (Signers(read.roster, given) < read.roster.root_threshold())
    return Bad("il manque des signatures", "signatures are missing");
  return read;
}

absl::Status CheckGoesOn(const v1::Roster& before, const v1::Roster& next) {
  if (next.practice() != before.practice())
    return Bad("un exercice reste un exercice", "an exercise stays an exercise");
  if (next.members_size() < before.members_size())
    return Bad("des membres ont disparu; un départ se marque", "members are gone; leaving is marked");
  for (int i = 0; i < before.members_size(); ++i) {
    const v1::Member &old = before.members(i), &now = next.members(i);
    if (old.key() != now.key())
      return Bad("un rang de membre a changé de clé", "a member's place has another key");
    if (old.has_epoch() && now.has_epoch() &&
        (now.epoch().epoch() < old.epoch().epoch() ||
         (now.epoch().epoch() == old.epoch().epoch() && (now.epoch().mask_key() != old.epoch().mask_key() ||
                                                         now.epoch().vote_key() != old.epoch().vote_key()))))
      return Bad("une époque est revenue en arrière", "an epoch went back");
    // Keys whose end can be put off are never destroyed.
    if (old.has_epoch() && now.has_epoch() && now.epoch().epoch() == old.epoch().epoch() &&
        now.epoch().until_unix_micros() > old.epoch().until_unix_micros())
      return Bad("la fin d'une époque a été repoussée", "an epoch's end was put off");
  }
  for (uint32_t gone : before.left()) {
    if (std::find(next.left().begin(), next.left().end(), gone) == next.left().end())
      return Bad("un membre parti ne revient que sous un nouveau rang",
                 "who has left returns at a new place only");
  }
  return absl::OkStatus();
}

}  // namespace

absl::optional<uint32_t> CheckedRoster::MemberOf(absl::string_view key) const {
  for (int i = 0; i < roster.members_size(); ++i) {
    if (roster.members(i).key() != key) continue;
    const auto index = static_cast<uint32_t>(i);
    if (std::find(roster.left().begin(), roster.left().end(), index) == roster.left().end()) return index;
  }
  return absl::nullopt;
}

absl::StatusOr<CheckedRoster> ReadRosterShape(const v1::SignedRoster& roster) { return ReadShape(roster); }

absl::StatusOr<CheckedRoster> ReadFirstRoster(const v1::SignedRoster& roster) {
  ASSIGN_OR_RETURN(CheckedRoster read, ReadRoster(roster));
  if (read.roster.version() != 1 || !read.roster.previous_sha256().empty())
    return Bad("ce n'est pas la première version", "not the first version");
  return read;
}

absl::StatusOr<CheckedRoster> ReadPinnedRoster(const v1::SignedRoster& roster, absl::string_view roots) {
  ASSIGN_OR_RETURN(CheckedRoster read, ReadRoster(roster));
  if (RootsFingerprint(read.roster) == roots) return read;
  return Fail(absl::StatusCode::kPermissionDenied,
              {"cette liste des membres est signée par d'autres clés racines que celles de l'invitation",
               "this roster is signed by other root keys than those of the invitation"});
}

absl::StatusOr<CheckedRoster> ReadNextRoster(const CheckedRoster& before, const v1::SignedRoster& next) {
  ASSIGN_OR_RETURN(CheckedRoster read, ReadRoster(next));
  const v1::Roster& old = before.roster;
  if (read.roster.version() == old.version() && next.roster() != before.bytes()) {
    return Fail(absl::StatusCode::kAlreadyExists,
                {absl::StrCat("deux listes différentes portent la version ", old.version(),
                              "; gardez les deux: quelqu'un les a signées"),
                 absl::StrCat("two different rosters bear version ", old.version(),
                              "; keep both: somebody signed them")});
  }
  if (read.roster.version() != old.version() + 1 || read.roster.network() != old.network() ||
      read.roster.previous_sha256() != Sha256(before.bytes()))
    return Bad("elle ne suit pas la version précédente", "it does not follow the version before");
  RETURN_IF_ERROR(CheckGoesOn(old, read.roster));
  if (Signers(old, next) < old.root_threshold())
    return Bad("les signataires de la version précédente manquent",
               "signatures of the version before are missing");
  return read;
}

absl::StatusOr<CheckedRoster> ReadRosterAlone(const v1::SignedRoster& roster) { return ReadRoster(roster); }

v1::Roster NextDraft(const CheckedRoster& before) {
  v1::Roster next = before.roster;
  next.set_version(before.roster.version() + 1);
  next.set_previous_sha256(Sha256(before.bytes()));
  next.clear_salt();
  return next;
}

absl::StatusOr<CheckedRoster> ComposeRoster(v1::Roster draft, RandomSource& random) {
  std::string salt(kSalt, '\0');
  random.Fill(absl::MakeSpan(reinterpret_cast<uint8_t*>(salt.data()), salt.size()));
  draft.set_format(1);
  draft.set_salt(salt);
  v1::SignedRoster composed;
  composed.set_roster(draft.SerializeAsString());
  return ReadShape(composed);
}

std::vector<std::string> SignersOf(const v1::Roster& keys, const v1::SignedRoster& roster) {
  std::set<std::string> signers;
  for (const v1::Signature& signature : roster.signatures()) {
    const auto& known = keys.root_keys();
    if (std::find(known.begin(), known.end(), signature.key()) == known.end()) continue;
    const absl::StatusOr<VerifyKey> key = VerifyKey::FromBytes(signature.key());
    if (key.ok() && key->Verify(Signable(roster), signature.signature())) signers.insert(signature.key());
  }
  return {signers.begin(), signers.end()};
}

std::string RootsFingerprint(const v1::Roster& roster) {
  std::vector<std::string> keys(roster.root_keys().begin(), roster.root_keys().end());
  std::sort(keys.begin(), keys.end());
  std::string text = absl::Base64Escape(
      Sha256({"penc roots v1\n", absl::StrCat(roster.root_threshold()), "\n", absl::StrJoin(keys, "")}));
  text.erase(text.find_last_not_of('=') + 1);
  return absl::StrCat("SHA256:", text);
}

void SignRoster(const SigningKey& root, v1::SignedRoster& roster) {
  const std::string key = root.verify_key().bytes();
  v1::Signature* place = nullptr;
  for (v1::Signature& signature : *roster.mutable_signatures()) {
    if (signature.key() == key) place = &signature;
  }
  if (place == nullptr) place = roster.add_signatures();
  place->set_key(key);
  place->set_signature(root.Sign(Signable(roster)));
}

}  // namespace penc
