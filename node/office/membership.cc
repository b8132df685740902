#include "office/membership.h"

#include <strings.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/folder.h"
#include "base/status.h"
#include "base/yaml.h"
#include "federation/member.h"
#include "penc/storage/v1/policy.pb.h"

namespace penc {
namespace {

namespace fs = std::filesystem;

constexpr char kMembershipKey[] = "network";
constexpr char kUnsentKey[] = "network/unsent";
constexpr absl::string_view kRosterPrefix = "roster/";

std::string RosterKey(uint64_t version) {
  std::string key(kRosterPrefix);
  for (int shift = 56; shift >= 0; shift -= 8) key.push_back(static_cast<char>(version >> shift & 0xff));
  return key;
}

absl::Status Damaged(absl::string_view what) {
  return Fail(absl::StatusCode::kDataLoss,
              {absl::StrCat("abîmé: ", what, "; restaurez une sauvegarde (penc restore)"),
               absl::StrCat("damaged: ", what, "; restore a backup (penc restore)")});
}

// Bytes that were checked before they were stored.
absl::StatusOr<CheckedRoster> Parsed(absl::string_view bytes) {
  CheckedRoster roster;
  if (!roster.signed_roster.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) ||
      !roster.roster.ParseFromString(roster.signed_roster.roster()))
    return Damaged("db (roster)");
  return roster;
}

absl::StatusOr<v1::EpochKeys> PublicPart(const storage::v1::EpochFile& file) {
  v1::EpochKeys keys;
  ASSIGN_OR_RETURN(const AgreementKey mask, AgreementKey::FromBytes(file.mask_key()));
  ASSIGN_OR_RETURN(const SigningKey vote, SigningKey::FromSeed(file.vote_key()));
  keys.set_epoch(file.epoch());
  keys.set_mask_key(mask.public_key());
  keys.set_vote_key(vote.verify_key().bytes());
  keys.set_until_unix_micros(file.until_unix_micros());
  return keys;
}

// What lies in a message's string does not stay behind in memory.
void Wipe(std::string* text) { explicit_bzero(text->data(), text->size()); }

}  // namespace

absl::StatusOr<std::unique_ptr<OfficeNetwork>> OfficeNetwork::Open(const Layout& layout, const Database& db,
                                                                   Committer& committer,
                                                                   const OfficeKeys& keys) {
  std::unique_ptr<OfficeNetwork> network(new OfficeNetwork(layout, db, committer, keys));
  absl::Status status;
  RETURN_IF_ERROR(db.Scan(Space::kOffice, kRosterPrefix, [&](absl::string_view key, absl::string_view value) {
    absl::StatusOr<CheckedRoster> roster = Parsed(value);
    if (!roster.ok() || key != RosterKey(roster->roster.version())) {
      status = Damaged("db (roster)");
      return false;
    }
    network->latest_ = std::make_shared<const CheckedRoster>(*std::move(roster));
    return true;
  }));
  RETURN_IF_ERROR(status);
  return network;
}

// ---- membership

absl::StatusOr<absl::optional<storage::v1::Membership>> OfficeNetwork::Load() const {
  ASSIGN_OR_RETURN(const absl::optional<std::string> found, db_.Get(Space::kOffice, kMembershipKey));
  if (!found.has_value()) return absl::optional<storage::v1::Membership>();
  storage::v1::Membership membership;
  if (!membership.ParseFromString(*found) || membership.format() != 1) return Damaged("db (network)");
  return absl::make_optional(std::move(membership));
}

absl::Status OfficeNetwork::Save(const storage::v1::Membership& membership) {
  ASSIGN_OR_RETURN(const absl::optional<storage::v1::Membership> before, Load());
  if (before.has_value() &&
      (before->network() != membership.network() || before->roots() != membership.roots())) {
    return Fail(absl::StatusCode::kFailedPrecondition,
                {absl::StrCat("cette organisation est déjà membre du réseau «", before->network(),
                              "»; rien n'a été modifié"),
                 absl::StrCat("this office is a member of the network \"", before->network(),
                              "\" already; nothing was changed")});
  }
  return committer_.Commit([&](Staging& staging) {
    storage::v1::Membership kept = membership;
    kept.set_format(1);
    db_.Put(staging.batch(), Space::kOffice, kMembershipKey, kept.SerializeAsString());
    return absl::OkStatus();
  });
}

// ---- rosters

absl::Status OfficeNetwork::PinRosters(const std::vector<v1::SignedRoster>& rosters) {
  std::lock_guard<std::mutex> pinning(pinning_);
  ASSIGN_OR_RETURN(const absl::optional<storage::v1::Membership> membership, Load());
  if (!membership.has_value()) {
    return Fail(absl::StatusCode::kFailedPrecondition,
                {"cette organisation n'est membre d'aucun réseau: penc network join",
                 "this office is in no network: penc network join"});
  }
  std::shared_ptr<const CheckedRoster> last = LatestRoster();
  std::vector<std::shared_ptr<const CheckedRoster>> fresh;
  const auto check = [&](const v1::SignedRoster& roster) -> absl::Status {
    if (last == nullptr) {
      absl::StatusOr<CheckedRoster> first = ReadPinnedRoster(roster, membership->roots());
      // Root keys may have been others before the invitation.
      if (absl::IsPermissionDenied(first.status())) return absl::OkStatus();
      RETURN_IF_ERROR(first.status());
      if (first->roster.network() != membership->network()) {
        return Fail(absl::StatusCode::kInvalidArgument,
                    {"cette liste des membres est celle d'un autre réseau",
                     "this roster is that of another network"});
      }
      last = std::make_shared<const CheckedRoster>(*std::move(first));
      fresh.push_back(last);
      return absl::OkStatus();
    }
    v1::Roster parsed;
    if (parsed.ParseFromString(roster.roster()) && parsed.version() < last->roster.version()) {
      const absl::StatusOr<CheckedRoster> known = RosterOfVersion(parsed.version());
      if (absl::IsNotFound(known.status())) return absl::OkStatus();  // from before this office joined
      RETURN_IF_ERROR(known.status());
      if (known->bytes() == roster.roster()) return absl::OkStatus();
      return Fail(
          absl::StatusCode::kAlreadyExists,
          {absl::StrCat("deux listes différentes portent la version ", parsed.version(),
                        "; le relais en montre une autre que celle d'avant: demandez aux autres membres"),
           absl::StrCat("two different rosters bear version ", parsed.version(),
                        "; the hub shows another one than before: ask the other members")});
    }
    if (roster.roster() == last->bytes()) return absl::OkStatus();
    ASSIGN_OR_RETURN(CheckedRoster next, ReadNextRoster(*last, roster));
    last = std::make_shared<const CheckedRoster>(std::move(next));
    fresh.push_back(last);
    return absl::OkStatus();
  };
  absl::Status status;
  for (const v1::SignedRoster& roster : rosters) {
    if (status = check(roster); !status.ok()) break;
  }
  if (status.ok() && last == nullptr && !rosters.empty()) {
    status = Fail(absl::StatusCode::kPermissionDenied,
                  {"aucune liste des membres n'est signée par les clés racines de l'invitation: rien n'est "
                   "accepté; demandez au secrétariat du réseau une invitation récente, de vive voix",
                   "no roster is signed by the root keys of the invitation: nothing is accepted; ask the "
                   "network's secretariat by voice for a recent invitation"});
  }
  if (fresh.empty()) return status;
  RETURN_IF_ERROR(committer_.Commit([&](Staging& staging) {
    for (const auto& roster : fresh) {
      db_.Put(staging.batch(), Space::kOffice, RosterKey(roster->roster.version()),
              roster->signed_roster.SerializeAsString());
    }
    return absl::OkStatus();
  }));
  std::lock_guard<std::mutex> lock(mutex_);
  latest_ = std::move(last);
  return status;
}

std::shared_ptr<const CheckedRoster> OfficeNetwork::LatestRoster() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return latest_;
}

uint64_t OfficeNetwork::roster_version() const {
  const auto latest = LatestRoster();
  return latest == nullptr ? 0 : latest->roster.version();
}

absl::StatusOr<CheckedRoster> OfficeNetwork::RosterOfVersion(uint64_t version) const {
  ASSIGN_OR_RETURN(const absl::optional<std::string> found, db_.Get(Space::kOffice, RosterKey(version)));
  if (found.has_value()) return Parsed(*found);
  return Fail(absl::StatusCode::kNotFound,
              {absl::StrCat("la version ", version, " de la liste des membres n'est pas connue ici"),
               absl::StrCat("version ", version, " of the roster is not known here")});
}

absl::StatusOr<absl::optional<OfficeNetwork::Hub>> OfficeNetwork::FindHub() const {
  ASSIGN_OR_RETURN(const absl::optional<storage::v1::Membership> membership, Load());
  if (!membership.has_value()) return absl::optional<Hub>();
  Hub hub{membership->network(), membership->hub_address(), membership->hub_key()};
  if (const auto roster = LatestRoster(); roster != nullptr) {
    ASSIGN_OR_RETURN(const VerifyKey key, VerifyKey::FromBytes(roster->roster.hub_key()));
    hub.address = roster->roster.hub_address();
    hub.key = key.Fingerprint();
  }
  return absl::make_optional(std::move(hub));
}

// ---- keys

std::string OfficeNetwork::EpochPath(uint64_t epoch) const {
  return absl::StrCat(layout_.epochs(), "/", epoch, ".keys");
}

std::vector<uint64_t> OfficeNetwork::Epochs() const {
  std::vector<uint64_t> epochs;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(layout_.epochs(), error)) {
    uint64_t epoch = 0;
    if (entry.path().extension() == ".keys" && absl::SimpleAtoi(entry.path().stem().string(), &epoch))
      epochs.push_back(epoch);
  }
  std::sort(epochs.begin(), epochs.end());
  return epochs;
}

absl::StatusOr<v1::EpochKeys> OfficeNetwork::CreateEpoch(const VerifyKey& key, absl::Time until,
                                                         RandomSource& random) {
  std::lock_guard<std::mutex> renewing(renewing_);
  std::error_code error;
  if (!fs::is_directory(layout_.epochs(), error)) RETURN_IF_ERROR(MakePrivateFolder(layout_.epochs()));
  uint64_t last = 0;
  if (const std::vector<uint64_t> known = Epochs(); !known.empty()) last = known.back();
  if (const auto roster = LatestRoster(); roster != nullptr) {
    for (const v1::Member& member : roster->roster.members()) {
      if (member.key() == key.bytes() && member.has_epoch()) last = std::max(last, member.epoch().epoch());
    }
  }
  const AgreementKey mask = AgreementKey::Generate(random);
  const Secret vote = Secret::Random(random, 32);
  storage::v1::EpochFile file;
  file.set_format(1);
  file.set_epoch(last + 1);
  file.set_mask_key(std::string(mask.bytes().view()));
  file.set_vote_key(std::string(vote.view()));
  file.set_until_unix_micros(absl::ToUnixMicros(until));
  std::string bytes = file.SerializeAsString();
  const absl::Status written = keys_.files().Write(EpochPath(file.epoch()), bytes);
  Wipe(&bytes);
  absl::StatusOr<v1::EpochKeys> keys = PublicPart(file);
  Wipe(file.mutable_mask_key());
  Wipe(file.mutable_vote_key());
  RETURN_IF_ERROR(written);
  return keys;
}

absl::StatusOr<storage::v1::EpochFile> OfficeNetwork::ReadEpoch(uint64_t epoch) const {
  const std::string path = EpochPath(epoch);
  if (!FileExists(path)) {
    return Fail(
        absl::StatusCode::kNotFound,
        {absl::StrCat("les clés de l'époque ", epoch,
                      " ne sont pas ici: effacées, ou d'avant une restauration; penc network epoch en "
                      "fait de nouvelles"),
         absl::StrCat("the keys of epoch ", epoch,
                      " are not here: deleted, or of before a restore; penc network epoch makes new "
                      "ones")});
  }
  const absl::StatusOr<Secret> bytes = keys_.files().Read(path, 4096);
  storage::v1::EpochFile file;
  const bool read = bytes.ok() &&
                    file.ParseFromArray(bytes->view().data(), static_cast<int>(bytes->size())) &&
                    file.format() == 1 && file.epoch() == epoch && file.mask_key().size() == 32 &&
                    file.vote_key().size() == 32;
  if (read) return file;
  return Fail(absl::StatusCode::kDataLoss,
              {absl::StrCat(path, " est abîmé; penc network epoch fait de nouvelles clés"),
               absl::StrCat(path, " is damaged; penc network epoch makes new keys")});
}

absl::StatusOr<v1::EpochKeys> OfficeNetwork::PublicEpoch(uint64_t epoch) const {
  ASSIGN_OR_RETURN(storage::v1::EpochFile file, ReadEpoch(epoch));
  absl::StatusOr<v1::EpochKeys> keys = PublicPart(file);
  Wipe(file.mutable_mask_key());
  Wipe(file.mutable_vote_key());
  return keys;
}

absl::StatusOr<EpochSecrets> OfficeNetwork::LoadEpoch(const v1::EpochKeys& named) const {
  ASSIGN_OR_RETURN(storage::v1::EpochFile file, ReadEpoch(named.epoch()));
  absl::StatusOr<AgreementKey> mask = AgreementKey::FromBytes(file.mask_key());
  absl::StatusOr<SigningKey> vote = SigningKey::FromSeed(file.vote_key());
  Wipe(file.mutable_mask_key());
  Wipe(file.mutable_vote_key());
  RETURN_IF_ERROR(mask.status());
  RETURN_IF_ERROR(vote.status());
  if (mask->public_key() != named.mask_key() || vote->verify_key().bytes() != named.vote_key()) {
    return Fail(
        absl::StatusCode::kFailedPrecondition,
        {absl::StrCat("la liste des membres nomme d'autres clés que celles de l'époque ", named.epoch(),
                      " d'ici: penc network epoch, puis prévenez le secrétariat du réseau"),
         absl::StrCat("the roster names other keys than those of epoch ", named.epoch(),
                      " here: penc network epoch, then tell the network's secretariat")});
  }
  return EpochSecrets{*std::move(mask), *std::move(vote)};
}

absl::Status OfficeNetwork::DeleteEpoch(uint64_t epoch) {
  std::lock_guard<std::mutex> renewing(renewing_);
  const std::string path = EpochPath(epoch);
  if (DestroyFile(path).ok()) return absl::OkStatus();
  return Fail(absl::StatusCode::kPermissionDenied,
              {absl::StrCat(path, ": impossible d'effacer ces clés; vérifiez les droits du dossier"),
               absl::StrCat(path, ": cannot delete these keys; check the folder's permissions")});
}

// ---- what the office says of itself

absl::StatusOr<v1::PutMemberRequest> OfficeNetwork::OwnMember(const SigningKey& key, const std::string& name,
                                                              const RegionalFloors& floors) const {
  v1::Member member;
  member.set_mail_key(keys_.mail().public_key());
  member.set_name(name);
  if (const std::vector<uint64_t> epochs = Epochs(); !epochs.empty()) {
    ASSIGN_OR_RETURN(*member.mutable_epoch(), PublicEpoch(epochs.back()));
  }
  member.set_minimum(floors.members);
  member.set_presumed_dishonest(floors.presumed_dishonest);
  return SignMember(key, std::move(member));
}

absl::Status OfficeNetwork::KeepUnsent(const v1::PutMemberRequest& member) {
  return committer_.Commit([&](Staging& staging) {
    db_.Put(staging.batch(), Space::kOffice, kUnsentKey, member.SerializeAsString());
    return absl::OkStatus();
  });
}

absl::StatusOr<absl::optional<v1::PutMemberRequest>> OfficeNetwork::Unsent() const {
  ASSIGN_OR_RETURN(const absl::optional<std::string> found, db_.Get(Space::kOffice, kUnsentKey));
  if (!found.has_value()) return absl::optional<v1::PutMemberRequest>();
  v1::PutMemberRequest member;
  if (!member.ParseFromString(*found)) return Damaged("db (network/unsent)");
  return absl::make_optional(std::move(member));
}

absl::Status OfficeNetwork::MarkSent(const v1::PutMemberRequest& member) {
  return committer_.Commit([&](Staging& staging) -> absl::Status {
    ASSIGN_OR_RETURN(const absl::optional<v1::PutMemberRequest> kept, Unsent());
    if (kept.has_value() && kept->member() == member.member())
      db_.Delete(staging.batch(), Space::kOffice, kUnsentKey);
    return absl::OkStatus();
  });
}

}  // namespace penc
