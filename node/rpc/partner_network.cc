#include "rpc/partner_network.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "base/file.h"
#include "base/status.h"
#include "codebook/read.h"
#include "crypto/hash.h"
#include "crypto/signature.h"
#include "federation/network_card.h"
#include "federation/record_file.h"
#include "office/card.h"
#include "penc/v1/hub_service.pb.h"

namespace penc::rpc {
namespace {

namespace fs = std::filesystem;

constexpr absl::string_view kRostersMagic = "penc rosters 1\n";
constexpr size_t kLongestFile = 256 << 20;

std::string NetworksFolder(const std::string& dir) { return absl::StrCat(dir, "/networks"); }

absl::Status MakeFolder(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (!error) fs::permissions(path, fs::perms::owner_all, error);
  if (!error) return absl::OkStatus();
  return Fail(absl::StatusCode::kPermissionDenied,
              {absl::StrCat("impossible de créer ", path, ": vérifiez le chemin et les droits"),
               absl::StrCat("cannot make ", path, ": check the path and its permissions")});
}

absl::StatusOr<storage::v1::NetworkCard> ReadKept(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path, 64 << 10));
  return ReadNetworkCard(path, text);
}

absl::Status Damaged(const std::string& path) {
  return Fail(absl::StatusCode::kDataLoss, {absl::StrCat(path, ": fichier abîmé; effacez-le, il se refait"),
                                            absl::StrCat(path, ": damaged; delete it, it is made anew")});
}

}  // namespace

absl::StatusOr<std::string> PartnerNetwork::Trust(const std::string& dir,
                                                  const storage::v1::NetworkCard& card) {
  std::string name = FileNameOf(card.network());
  RETURN_IF_ERROR(CheckFileName(name));
  const std::string path = absl::StrCat(NetworksFolder(dir), "/", name, ".network");
  if (FileExists(path)) {
    ASSIGN_OR_RETURN(const storage::v1::NetworkCard known, ReadKept(path));
    if (known.key() != card.key() || known.roots() != card.roots()) {
      return Fail(
          absl::StatusCode::kFailedPrecondition,
          {absl::StrCat("la carte de ", card.network(),
                        " nomme d'autres clés qu'avant: demandez au secrétariat de vive voix si elles ont "
                        "changé, puis effacez ",
                        path),
           absl::StrCat("the card of ", card.network(),
                        " names other keys than before: ask the secretariat by voice whether they have "
                        "changed, then delete ",
                        path)});
    }
  }
  RETURN_IF_ERROR(MakeFolder(NetworksFolder(dir)));
  // An invitation's code is an office's; a partner has no use for it.
  storage::v1::NetworkCard kept = card;
  kept.clear_invited();
  kept.clear_code();
  kept.clear_until();
  RETURN_IF_ERROR(WriteFileAtomically(path, WriteNetworkCard(kept)));
  return name;
}

std::vector<std::string> PartnerNetwork::Names(const std::string& dir) {
  std::vector<std::string> names;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(NetworksFolder(dir), error)) {
    if (entry.path().extension() == ".network") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

absl::StatusOr<PartnerNetwork> PartnerNetwork::Open(const std::string& dir, const std::string& name) {
  const std::string file = FileNameOf(name);
  const std::string card_path = absl::StrCat(NetworksFolder(dir), "/", file, ".network");
  if (file.empty() || !FileExists(card_path)) {
    const std::string known = absl::StrJoin(Names(dir), ", ");
    return Fail(absl::StatusCode::kNotFound,
                {absl::StrCat("réseau inconnu ici: ", name, "; connus: ", known.empty() ? "aucun" : known,
                              ". Ajoutez sa carte: penc partner trust ", dir, " FICHIER.network"),
                 absl::StrCat("network not known here: ", name, "; known: ", known.empty() ? "none" : known,
                              ". Add its card: penc partner trust ", dir, " FILE.network")});
  }
  ASSIGN_OR_RETURN(storage::v1::NetworkCard card, ReadKept(card_path));
  PartnerNetwork network(dir, file, std::move(card));
  const std::string path = network.Path(".rosters");
  if (!FileExists(path)) return network;
  ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path, kLongestFile));
  absl::string_view rest = bytes;
  v1::GetRostersResponse pinned;
  if (!absl::ConsumePrefix(&rest, kRostersMagic) ||
      !pinned.ParseFromArray(rest.data(), static_cast<int>(rest.size())) ||
      !network.chain_.Add({pinned.rosters().begin(), pinned.rosters().end()}).ok())
    return Damaged(path);
  return network;
}

std::string PartnerNetwork::Path(absl::string_view extension) const {
  return absl::StrCat(NetworksFolder(dir_), "/", name_, extension);
}

std::string PartnerNetwork::rounds() const { return absl::StrCat(dir_, "/rounds/", name_); }

std::string PartnerNetwork::hub_address() const {
  return chain_.latest() == nullptr ? card_.address() : chain_.latest()->roster.hub_address();
}

std::string PartnerNetwork::hub_key() const {
  if (chain_.latest() == nullptr) return card_.key();
  const absl::StatusOr<VerifyKey> key = VerifyKey::FromBytes(chain_.latest()->roster.hub_key());
  return key.ok() ? key->Fingerprint() : card_.key();
}

absl::Status PartnerNetwork::PinRosters(const std::vector<v1::SignedRoster>& rosters) {
  const uint64_t before = chain_.version();
  absl::Status added = chain_.Add(rosters);
  if (chain_.version() == before) return added;
  v1::GetRostersResponse pinned;
  for (const CheckedRoster& version : chain_.versions()) *pinned.add_rosters() = version.signed_roster;
  RETURN_IF_ERROR(
      WriteFileAtomically(Path(".rosters"), absl::StrCat(kRostersMagic, pinned.SerializeAsString())));
  return added;
}

RosterTrust PartnerNetwork::trust() const {
  RosterTrust trust;
  trust.roots = card_.roots();
  for (const CheckedRoster& version : chain_.versions()) trust.rosters.push_back(Sha256(version.bytes()));
  return trust;
}

absl::StatusOr<absl::optional<std::string>> PartnerNetwork::CodebookText() const {
  if (!FileExists(Path(".codebook.yaml"))) return absl::optional<std::string>();
  ASSIGN_OR_RETURN(std::string text, ReadFile(Path(".codebook.yaml"), kLongestCodebook));
  return absl::optional<std::string>(std::move(text));
}

absl::Status PartnerNetwork::KeepCodebook(absl::string_view text) const {
  RETURN_IF_ERROR(ReadCodebook("codebook", text).status());
  return WriteFileAtomically(Path(".codebook.yaml"), text);
}

absl::Status PartnerNetwork::KeepRound(const storage::v1::PartnerRound& round) const {
  RETURN_IF_ERROR(MakeFolder(rounds()));
  storage::v1::PartnerRound kept = round;
  kept.set_format(1);
  return WriteFileAtomically(absl::StrCat(rounds(), "/", RoundId(Sha256(round.terms().body())), ".round"),
                             kept.SerializeAsString(), 0600);
}

absl::StatusOr<storage::v1::PartnerRound> PartnerNetwork::Round(const std::string& id) const {
  const std::string path = absl::StrCat(rounds(), "/", id, ".round");
  ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path));
  storage::v1::PartnerRound round;
  if (!round.ParseFromString(bytes) || round.format() != 1 || RoundId(Sha256(round.terms().body())) != id)
    return Damaged(path);
  return round;
}

std::vector<std::string> PartnerNetwork::RoundIds() const {
  std::vector<std::string> ids = IdsIn(rounds(), ".round");
  for (std::string& id : IdsIn(rounds())) ids.push_back(std::move(id));
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

}  // namespace penc::rpc
