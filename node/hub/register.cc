#include "hub/register.h"

#include <rocksdb/write_batch.h>

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "crypto/hash.h"
#include "federation/member.h"

namespace penc {
namespace {

using storage::v1::HubInvitation;
using storage::v1::HubWaiting;

constexpr char kLetters[] = "0123456789abcdefghjkmnpqrstvwxyz";  // no i, l, o, u
constexpr size_t kCodeLetters = 16;
constexpr size_t kRosterBytes = 1 << 20;  // at once
constexpr absl::Duration kLongestEpoch = absl::Hours(24 * 31);

std::string BigEndian(uint64_t value) {
  std::string out;
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift & 0xff));
  return out;
}
std::string RosterKey(uint64_t version) { return absl::StrCat("r", BigEndian(version)); }
std::string PartnerKey(absl::string_view key) { return absl::StrCat("p", key); }
std::string InvitationKey(absl::string_view code_sha256) { return absl::StrCat("i", code_sha256); }
std::string WaitingKey(absl::string_view key) { return absl::StrCat("j", key); }

// As people type it.
std::string CodeHash(absl::string_view typed) {
  std::string code;
  for (char c : typed) {
    c = absl::ascii_tolower(c);
    if (c == 'o') c = '0';
    if (c == 'i' || c == 'l') c = '1';
    if (absl::ascii_isalnum(c)) code.push_back(c);
  }
  return Sha256({"penc invitation v1\n", code});
}

absl::Status Damaged() {
  return Fail(absl::StatusCode::kDataLoss, {"relais abîmé: db; remettez une copie du dossier",
                                            "damaged hub: db; put a copy of the folder back"});
}
absl::Status Refused(const char* fr, const char* en) {
  return Fail(absl::StatusCode::kPermissionDenied, {fr, en});
}

template <typename Message>
bool Parse(absl::string_view bytes, Message* message) {
  return message->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

std::string Fingerprint(absl::string_view key) {
  const absl::StatusOr<VerifyKey> read = VerifyKey::FromBytes(key);
  return read.ok() ? read->Fingerprint() : "";
}

// Who has left waits for nothing.
bool HasLeft(const CheckedRoster& roster, absl::string_view key) {
  const auto& members = roster.roster.members();
  return !roster.MemberOf(key).has_value() &&
         std::any_of(members.begin(), members.end(), [&](const v1::Member& m) { return m.key() == key; });
}

// Does the roster say of this member what it says of itself?
bool Says(const CheckedRoster& roster, const v1::Member& member) {
  const absl::optional<uint32_t> place = roster.MemberOf(member.key());
  return place.has_value() &&
         roster.roster.members(static_cast<int>(*place)).SerializeAsString() == member.SerializeAsString();
}

}  // namespace

std::string MakeInvitationCode(RandomSource& random) {
  std::array<uint8_t, kCodeLetters> bytes;
  random.Fill(absl::MakeSpan(bytes));
  std::string code;
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i > 0 && i % 4 == 0) code.push_back('-');
    code.push_back(kLetters[bytes[i] % 32]);
  }
  return code;
}

absl::StatusOr<std::unique_ptr<Register>> Register::Open(Database& db, const VerifyKey& hub_key,
                                                         const Clock& clock) {
  std::unique_ptr<Register> opened(new Register(db, hub_key, clock));
  RETURN_IF_ERROR(opened->Load());
  return opened;
}

absl::Status Register::Load() {
  absl::Status status;
  RETURN_IF_ERROR(db_.Scan(Space::kOffice, "r", [&](absl::string_view, absl::string_view value) {
    v1::SignedRoster roster;
    absl::StatusOr<CheckedRoster> checked = !Parse(value, &roster) ? Damaged()
                                            : latest_ == nullptr   ? ReadFirstRoster(roster)
                                                                   : ReadNextRoster(*latest_, roster);
    status = checked.status();
    if (status.ok()) latest_ = std::make_shared<const CheckedRoster>(*std::move(checked));
    return status.ok();
  }));
  RETURN_IF_ERROR(status);
  RETURN_IF_ERROR(db_.Scan(Space::kOffice, "p", [&](absl::string_view key, absl::string_view name) {
    partners_[std::string(key.substr(1))] = std::string(name);
    return true;
  }));
  RETURN_IF_ERROR(db_.Scan(Space::kOffice, "j", [&](absl::string_view key, absl::string_view value) {
    if (!Parse(value, &waiting_[std::string(key.substr(1))])) status = Damaged();
    return status.ok();
  }));
  LearnFingerprints();
  return status;
}

void Register::LearnFingerprints() {
  fingerprints_.clear();
  for (const auto& [key, name] : partners_) fingerprints_.insert(Fingerprint(key));
  for (const auto& [key, waiting] : waiting_) fingerprints_.insert(Fingerprint(key));
  if (latest_ == nullptr) return;
  for (const v1::Member& member : latest_->roster.members()) {
    if (latest_->MemberOf(member.key()).has_value()) fingerprints_.insert(Fingerprint(member.key()));
  }
}

// ---- rosters

absl::StatusOr<absl::optional<v1::SignedRoster>> Register::Stored(uint64_t version) const {
  ASSIGN_OR_RETURN(const absl::optional<std::string> found, db_.Get(Space::kOffice, RosterKey(version)));
  if (!found.has_value()) return absl::optional<v1::SignedRoster>();
  v1::SignedRoster roster;
  if (!Parse(*found, &roster)) return Damaged();
  return absl::make_optional(std::move(roster));
}

absl::Status Register::AddRoster(const v1::SignedRoster& roster) {
  std::lock_guard<std::mutex> lock(mutex_);
  v1::Roster parsed;
  if (parsed.ParseFromString(roster.roster())) {
    ASSIGN_OR_RETURN(const absl::optional<v1::SignedRoster> known, Stored(parsed.version()));
    if (known.has_value() && known->roster() == roster.roster()) return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(CheckedRoster checked,
                   latest_ == nullptr ? ReadFirstRoster(roster) : ReadNextRoster(*latest_, roster));
  if (checked.roster.hub_key() != hub_key_.bytes()) {
    return Fail(absl::StatusCode::kInvalidArgument,
                {"cette liste des membres nomme un autre relais", "this roster names another hub"});
  }
  rocksdb::WriteBatch batch;
  db_.Put(batch, Space::kOffice, RosterKey(checked.roster.version()), roster.SerializeAsString());
  std::map<std::string, HubWaiting> still;
  for (const auto& [key, waiting] : waiting_) {
    v1::Member member;
    if (HasLeft(checked, key) || (member.ParseFromString(waiting.member()) && Says(checked, member))) {
      db_.Delete(batch, Space::kOffice, WaitingKey(key));
    } else {
      still[key] = waiting;
    }
  }
  RETURN_IF_ERROR(db_.Write(batch, /*sync=*/true));
  waiting_ = std::move(still);
  latest_ = std::make_shared<const CheckedRoster>(std::move(checked));
  LearnFingerprints();
  return absl::OkStatus();
}

std::shared_ptr<const CheckedRoster> Register::latest() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return latest_;
}

uint64_t Register::version() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return latest_ == nullptr ? 0 : latest_->roster.version();
}

absl::StatusOr<CheckedRoster> Register::OfVersion(uint64_t version) const {
  ASSIGN_OR_RETURN(absl::optional<v1::SignedRoster> stored, Stored(version));
  CheckedRoster roster;
  if (!stored.has_value() || !roster.roster.ParseFromString(stored->roster())) return Damaged();
  roster.signed_roster = *std::move(stored);
  return roster;
}

absl::StatusOr<std::vector<v1::SignedRoster>> Register::After(uint64_t version) const {
  std::vector<v1::SignedRoster> rosters;
  size_t bytes = 0;
  for (const uint64_t last = this->version(); version < last && bytes < kRosterBytes;) {
    ASSIGN_OR_RETURN(absl::optional<v1::SignedRoster> stored, Stored(++version));
    if (!stored.has_value()) return Damaged();
    bytes += stored->ByteSizeLong();
    rosters.push_back(*std::move(stored));
  }
  return rosters;
}

// ---- callers

absl::Status Register::AddPartner(absl::string_view key, absl::string_view name) {
  RETURN_IF_ERROR(VerifyKey::FromBytes(key).status());
  std::lock_guard<std::mutex> lock(mutex_);
  rocksdb::WriteBatch batch;
  db_.Put(batch, Space::kOffice, PartnerKey(key), name);
  RETURN_IF_ERROR(db_.Write(batch, /*sync=*/true));
  partners_[std::string(key)] = std::string(name);
  fingerprints_.insert(Fingerprint(key));
  return absl::OkStatus();
}

std::map<std::string, std::string> Register::Partners() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return partners_;
}

absl::StatusOr<HubCaller> Register::Identify(const VerifyKey& key) const {
  std::lock_guard<std::mutex> lock(mutex_);
  HubCaller caller;
  caller.key = key.bytes();
  if (latest_ != nullptr) {
    if (const auto member = latest_->MemberOf(caller.key); member.has_value()) {
      caller.member = *member;
      return caller;
    }
  }
  caller.kind = HubCaller::Kind::kPartner;
  if (partners_.contains(caller.key)) return caller;
  caller.kind = HubCaller::Kind::kWaiting;
  if (waiting_.contains(caller.key)) return caller;
  return Refused("le réseau ne connaît pas cette clé: demandez une invitation à son secrétariat",
                 "the network does not know this key: ask its secretariat for an invitation");
}

bool Register::Knows(absl::string_view fingerprint) const {
  std::lock_guard<std::mutex> lock(mutex_);
  return fingerprints_.contains(fingerprint);
}

// ---- members to be

absl::Status Register::Invite(absl::string_view name, absl::string_view code, absl::Time until) {
  HubInvitation invitation;
  invitation.set_format(1);
  invitation.set_code_sha256(CodeHash(code));
  invitation.set_name(std::string(name));
  invitation.set_until_unix_micros(absl::ToUnixMicros(until));
  rocksdb::WriteBatch batch;
  db_.Put(batch, Space::kOffice, InvitationKey(invitation.code_sha256()), invitation.SerializeAsString());
  return db_.Write(batch, /*sync=*/true);
}

std::vector<HubInvitation> Register::Invitations() const {
  std::vector<HubInvitation> invitations;
  // What cannot be read admits nobody.
  db_.Scan(Space::kOffice, "i",
           [&](absl::string_view, absl::string_view value) {
             HubInvitation invitation;
             if (Parse(value, &invitation)) invitations.push_back(std::move(invitation));
             return true;
           })
      .IgnoreError();
  std::sort(invitations.begin(), invitations.end(), [](const HubInvitation& a, const HubInvitation& b) {
    return a.until_unix_micros() < b.until_unix_micros();
  });
  return invitations;
}

absl::Status Register::Join(const VerifyKey& key, absl::string_view code,
                            const v1::PutMemberRequest& signed_member) {
  ASSIGN_OR_RETURN(const v1::Member member, ReadMember(signed_member));
  if (member.key() != key.bytes())
    return Refused("ces clés sont celles d'une autre organisation que celle qui appelle",
                   "these keys are those of another organisation than the caller");
  const std::string hash = CodeHash(code);
  std::lock_guard<std::mutex> lock(mutex_);
  ASSIGN_OR_RETURN(const absl::optional<std::string> found, db_.Get(Space::kOffice, InvitationKey(hash)));
  HubInvitation invitation;
  if (!found.has_value())
    return Refused("code d'invitation inconnu: vérifiez chaque lettre, ou demandez une nouvelle invitation",
                   "unknown invitation code: check every letter, or ask for a new invitation");
  if (!Parse(*found, &invitation)) return Damaged();
  const bool again = invitation.used_by() == member.key();
  if (!invitation.used_by().empty() && !again)
    return Refused(
        "ce code d'invitation a déjà servi à une autre clé: prévenez le secrétariat du réseau et demandez-en "
        "un "
        "nouveau",
        "this invitation code was used by another key before: tell the network's secretariat and ask for a "
        "new "
        "one");
  if (!again && clock_.Now() > absl::FromUnixMicros(invitation.until_unix_micros()))
    return Refused("ce code d'invitation a expiré: demandez-en un nouveau au secrétariat du réseau",
                   "this invitation code has expired: ask the network's secretariat for a new one");
  RETURN_IF_ERROR(CheckMember(member));
  HubWaiting waiting;
  waiting.set_member(signed_member.member());
  waiting.set_signature(signed_member.signature());
  waiting.set_invited(invitation.name());
  invitation.set_used_by(member.key());
  return StartWaiting(member, std::move(waiting), &invitation);
}

absl::Status Register::Renew(const HubCaller& caller, const v1::PutMemberRequest& signed_member) {
  ASSIGN_OR_RETURN(const v1::Member member, ReadMember(signed_member));
  if (member.key() != caller.key || caller.kind == HubCaller::Kind::kPartner)
    return Refused("ce message n'est pas de celui qui l'envoie", "this message is not its sender's");
  std::lock_guard<std::mutex> lock(mutex_);
  RETURN_IF_ERROR(CheckMember(member));
  HubWaiting waiting;
  waiting.set_member(signed_member.member());
  waiting.set_signature(signed_member.signature());
  if (const auto before = waiting_.find(member.key()); before != waiting_.end())
    waiting.set_invited(before->second.invited());
  return StartWaiting(member, std::move(waiting), nullptr);
}

// What the next roster could not say, said now to whom it concerns.
absl::Status Register::CheckMember(const v1::Member& member) const {
  const auto taken = [&](absl::string_view name, absl::string_view key) {
    return name == member.name() && key != member.key();
  };
  bool twice = false;
  for (const auto& [key, waiting] : waiting_) {
    v1::Member other;
    twice |= other.ParseFromString(waiting.member()) && taken(other.name(), key);
  }
  const v1::Member* now = nullptr;
  if (latest_ != nullptr) {
    for (const v1::Member& other : latest_->roster.members()) {
      twice |= taken(other.name(), other.key());
      if (other.key() == member.key()) now = &other;
    }
  }
  if (twice) {
    return Fail(
        absl::StatusCode::kAlreadyExists,
        {absl::StrCat("le réseau a déjà une organisation «", member.name(),
                      "»: demandez au secrétariat quel nom prendre (office.yaml, ligne office)"),
         absl::StrCat("the network has an organisation \"", member.name(),
                      "\" already: ask the secretariat which name to take (office.yaml, line office)")});
  }
  if (now != nullptr && HasLeft(*latest_, member.key()))
    return Refused(
        "cette clé a quitté le réseau et ne revient pas; créez une nouvelle organisation (penc init)",
        "this key has left the network and does not return; make a new office (penc init)");
  if (!member.has_epoch()) return absl::OkStatus();
  const v1::EpochKeys& epoch = member.epoch();
  const absl::Time until = absl::FromUnixMicros(epoch.until_unix_micros());
  if (until > clock_.Now() + kLongestEpoch) {
    return Fail(absl::StatusCode::kInvalidArgument,
                {"des clés d'époque vivent au plus 30 jours: vérifiez l'heure de votre ordinateur, puis penc "
                 "network epoch",
                 "epoch keys live 30 days at most: check your computer's time, then penc network epoch"});
  }
  if (now == nullptr || !now->has_epoch()) return absl::OkStatus();
  const v1::EpochKeys& before = now->epoch();
  const bool same = before.mask_key() == epoch.mask_key() && before.vote_key() == epoch.vote_key();
  if (epoch.epoch() > before.epoch() ||
      (epoch.epoch() == before.epoch() && same && epoch.until_unix_micros() <= before.until_unix_micros()))
    return absl::OkStatus();
  return Fail(absl::StatusCode::kFailedPrecondition,
              {"ces clés d'époque sont plus anciennes que celles de la liste des membres: penc network epoch",
               "these epoch keys are older than those of the roster: penc network epoch"});
}

absl::Status Register::StartWaiting(const v1::Member& member, HubWaiting waiting, const HubInvitation* used) {
  waiting.set_format(1);
  const auto before = waiting_.find(member.key());
  waiting.set_since_unix_micros(before != waiting_.end() ? before->second.since_unix_micros()
                                                         : absl::ToUnixMicros(clock_.Now()));
  const bool said = latest_ != nullptr && Says(*latest_, member);  // nothing to wait for
  rocksdb::WriteBatch batch;
  if (said) {
    db_.Delete(batch, Space::kOffice, WaitingKey(member.key()));
  } else {
    db_.Put(batch, Space::kOffice, WaitingKey(member.key()), waiting.SerializeAsString());
  }
  if (used != nullptr)
    db_.Put(batch, Space::kOffice, InvitationKey(used->code_sha256()), used->SerializeAsString());
  RETURN_IF_ERROR(db_.Write(batch, /*sync=*/true));
  if (said) {
    waiting_.erase(member.key());
  } else {
    waiting_[member.key()] = std::move(waiting);
  }
  LearnFingerprints();
  return absl::OkStatus();
}

absl::Status Register::Dismiss(absl::string_view key) {
  std::lock_guard<std::mutex> lock(mutex_);
  rocksdb::WriteBatch batch;
  db_.Delete(batch, Space::kOffice, WaitingKey(key));
  RETURN_IF_ERROR(db_.Write(batch, /*sync=*/true));
  waiting_.erase(std::string(key));
  LearnFingerprints();
  return absl::OkStatus();
}

std::vector<HubWaiting> Register::Waiting() const {
  std::vector<HubWaiting> all;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    for (const auto& [key, waiting] : waiting_) all.push_back(waiting);
  }
  std::sort(all.begin(), all.end(), [](const HubWaiting& a, const HubWaiting& b) {
    return a.since_unix_micros() < b.since_unix_micros();
  });
  return all;
}

}  // namespace penc
