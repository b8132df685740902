#include "office/keys.h"

#include <filesystem>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/status.h"
#include "crypto/keyfile.h"
#include "federation/unlock.h"
#include "office/key_places.h"

namespace penc {
namespace {

namespace fs = std::filesystem;

using storage::v1::KeyRingFile;
using storage::v1::KeySlot;

constexpr size_t kKey = 32;
constexpr size_t kLongestFile = 32 << 20;

// Key files of a folder of format 1, which the ring has now.
std::vector<std::string> KeyFilesOfFormat1(const Layout& layout) {
  return {layout.tls_key(), layout.mail_key()};
}

// Short-lived files that lay open in folders of format 1.
absl::Status SealFilesIn(const std::string& folder, const SealedFiles& files) {
  std::error_code error;
  std::vector<std::string> paths;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error))
    if (entry.is_regular_file(error)) paths.push_back(entry.path());
  for (const std::string& path : paths) {
    const bool cut_off = absl::EndsWith(path, ".tmp") || absl::EndsWith(path, ".old");
    RETURN_IF_ERROR(cut_off ? DestroyFile(path) : files.SealWhereItIs(path, kLongestFile));
  }
  return absl::OkStatus();
}

KeyRingFile RingOfOneSlot(const Secret& node_key, const Secret& ring_key, const OfficeSecrets& secrets,
                          RandomSource& random) {
  KeyRingFile ring;
  ring.set_format(1);
  ring.set_version(1);
  ring.set_change(storage::v1::KEY_CHANGE_CREATED);
  *ring.add_slots() = MakeSlot(node_key, ring_key, random);
  ring.mutable_slots(0)->set_here(true);
  ring.set_sealed(SealSecrets(ring_key, secrets, random));
  return ring;
}

// A key that people made and named.
absl::StatusOr<Secret> GivenKey(const v1::KeyPlace& place) {
  if (place.key().size() == kKey) return Secret(place.key());
  return Fail(absl::StatusCode::kInvalidArgument,
              {"la clé manque: les deux programmes penc sont-ils de la même version ?",
               "the key is missing: are both penc programs of the same version?"});
}

}  // namespace

OfficeKeys::OfficeKeys(const Layout& layout, const Environment& environment, OfficeSecrets secrets,
                       Secret ring_key, KeyRingFile ring)
    : layout_(layout),
      environment_(environment),
      secrets_(std::move(secrets)),
      files_(secrets_.files.Copy(), environment.random),
      ring_key_(std::move(ring_key)),
      ring_(std::move(ring)) {}

absl::StatusOr<std::unique_ptr<OfficeKeys>> OfficeKeys::Create(const Layout& layout,
                                                               const Environment& environment) {
  RandomSource& random = environment.random;
  const Secret node_key = Secret::Random(random, kKey);
  Secret ring_key = Secret::Random(random, kKey);
  OfficeSecrets secrets{Secret::Random(random, kKey), SigningKey::Generate(random),
                        AgreementKey::Generate(random), Secret::Random(random, kKey)};
  KeyRingFile ring = RingOfOneSlot(node_key, ring_key, secrets, random);
  RETURN_IF_ERROR(SaveNodeKey(layout.node_key(), node_key));
  RETURN_IF_ERROR(WriteRing(layout.ring(), ring));
  return std::unique_ptr<OfficeKeys>(
      new OfficeKeys(layout, environment, std::move(secrets), std::move(ring_key), std::move(ring)));
}

absl::StatusOr<std::unique_ptr<OfficeKeys>> OfficeKeys::FromFormat1(const Layout& layout,
                                                                    const Environment& environment) {
  RandomSource& random = environment.random;
  ASSIGN_OR_RETURN(const Secret node_key, LoadNodeKey(layout.node_key()));
  ASSIGN_OR_RETURN(SigningKey identity, LoadSigningKey(layout.tls_key()));
  AgreementKey mail = AgreementKey::Generate(random);
  if (FileExists(layout.mail_key())) {
    ASSIGN_OR_RETURN(mail, LoadMailKey(layout.mail_key()));
  }
  // Persons' keys were made with the node key itself: from here on that is another key.
  OfficeSecrets secrets{node_key.Copy(), std::move(identity), std::move(mail), Secret::Random(random, kKey)};
  Secret ring_key = Secret::Random(random, kKey);
  KeyRingFile ring = RingOfOneSlot(node_key, ring_key, secrets, random);
  ring.set_version(0);  // not written yet: Settle does
  return std::unique_ptr<OfficeKeys>(
      new OfficeKeys(layout, environment, std::move(secrets), std::move(ring_key), std::move(ring)));
}

absl::StatusOr<std::unique_ptr<OfficeKeys>> OfficeKeys::Open(const Layout& layout,
                                                             const Environment& environment) {
  if (!FileExists(layout.ring()) && FileExists(layout.tls_key())) return FromFormat1(layout, environment);
  ASSIGN_OR_RETURN(KeyRingFile ring, ReadRing(layout.ring()));
  ASSIGN_OR_RETURN(const FoundKey found, FindNodeKey(layout, ring, environment.keys));
  ASSIGN_OR_RETURN(Secret ring_key, OpenSlot(ring.slots(found.slot), found.key));
  ASSIGN_OR_RETURN(OfficeSecrets secrets, OpenSecrets(ring_key, ring.sealed()));
  return std::unique_ptr<OfficeKeys>(
      new OfficeKeys(layout, environment, std::move(secrets), std::move(ring_key), std::move(ring)));
}

absl::Status OfficeKeys::Settle() {
  std::lock_guard<std::mutex> lock(mutex_);
  if (ring_.version() == 0) {
    ring_.set_version(1);
    RETURN_IF_ERROR(WriteRing(layout_.ring(), ring_));
    environment_.steps.Reached("keys.after_ring");
  }
  ASSIGN_OR_RETURN(const KeyRingFile now, ReadRing(layout_.ring()));
  if (now.version() != ring_.version() || now.sealed() != ring_.sealed()) {
    return Fail(absl::StatusCode::kUnavailable,
                {"les clés de ce dossier viennent de changer: retapez la commande",
                 "this folder's keys have just changed: type the command again"});
  }
  for (const std::string& path : KeyFilesOfFormat1(layout_)) RETURN_IF_ERROR(DestroyFile(path));
  for (const std::string& folder : {layout_.epochs(), layout_.contributions()})
    RETURN_IF_ERROR(SealFilesIn(folder, files_));
  RETURN_IF_ERROR(DestroyFile(layout_.ring() + ".old"));
  return FinishKeyFiles(layout_, ring_);
}

KeyRingFile OfficeKeys::ring() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return ring_;
}

bool OfficeKeys::lies_here() const {
  std::lock_guard<std::mutex> lock(mutex_);
  for (const KeySlot& slot : ring_.slots())
    if (slot.has_here()) return true;
  return false;
}

absl::Status OfficeKeys::Replace(KeyRingFile next, Secret ring_key) {
  environment_.steps.Reached("keys.before_ring");
  RETURN_IF_ERROR(WriteRing(layout_.ring(), next));
  ring_ = std::move(next);
  ring_key_ = std::move(ring_key);
  environment_.steps.Reached("keys.after_ring");
  RETURN_IF_ERROR(FinishKeyFiles(layout_, ring_));
  environment_.steps.Reached("keys.after_files");
  return absl::OkStatus();
}

absl::Status OfficeKeys::Move(const v1::KeyWrapCommand& command, const CheckedRoster* roster) {
  RandomSource& random = environment_.random;
  if (command.places().empty()) {
    return Fail(absl::StatusCode::kInvalidArgument,
                {"dites où mettre la clé: --with ENDROIT", "say where the key goes: --with PLACE"});
  }
  std::lock_guard<std::mutex> lock(mutex_);
  Secret ring_key = Secret::Random(random, kKey);
  KeyRingFile next;
  next.set_format(1);
  next.set_version(ring_.version() + 1);
  next.set_change(command.rotated() ? storage::v1::KEY_CHANGE_ROTATED : storage::v1::KEY_CHANGE_MOVED);
  next.set_sealed(SealSecrets(ring_key, secrets_, random));
  bool here = false, stewards = false;
  for (const v1::KeyPlace& place : command.places()) {
    KeySlot& slot = *next.add_slots();
    switch (place.place_case()) {
      case v1::KeyPlace::kHere: {
        if (std::exchange(here, true)) break;
        // A folder that was cut off while its key changed may have one that opens nothing.
        RETURN_IF_ERROR(DestroyFile(NextKeyFile(layout_.node_key())));
        const Secret key = Secret::Random(random, kKey);
        RETURN_IF_ERROR(SaveNodeKey(NextKeyFile(layout_.node_key()), key));
        slot = MakeSlot(key, ring_key, random);
        slot.set_here(true);
        continue;
      }
      case v1::KeyPlace::kFile: {
        RETURN_IF_ERROR(CheckOutside(layout_, place.file()));
        ASSIGN_OR_RETURN(const Secret key, GivenKey(place));
        slot = MakeSlot(key, ring_key, random);
        slot.set_file(place.file());
        continue;
      }
      case v1::KeyPlace::kCredential: {
        ASSIGN_OR_RETURN(const Secret key, GivenKey(place));
        slot = MakeSlot(key, ring_key, random);
        slot.set_credential(place.credential());
        continue;
      }
      case v1::KeyPlace::kStewards: {
        if (std::exchange(stewards, true)) break;
        if (roster == nullptr) {
          return Fail(absl::StatusCode::kFailedPrecondition,
                      {"cette organisation n'a pas encore de liste des membres d'un réseau: ses témoins ne "
                       "sont pas connus (penc network roster)",
                       "this office has no roster of a network yet: its stewards are not known (penc network "
                       "roster)"});
        }
        const Secret key = Secret::Random(random, kKey);
        slot = MakeSlot(key, ring_key, random);
        ASSIGN_OR_RETURN(*slot.mutable_stewards(), ShareNodeKey(key, *roster, secrets_.identity, random));
        continue;
      }
      case v1::KeyPlace::PLACE_NOT_SET:
        break;
    }
    return Fail(absl::StatusCode::kInvalidArgument,
                {"un endroit est donné deux fois, ou n'en est pas un: here, file:, credential:, stewards",
                 "a place is given twice, or is none: here, file:, credential:, stewards"});
  }
  return Replace(std::move(next), std::move(ring_key));
}

absl::StatusOr<bool> OfficeKeys::ShareAnew(const CheckedRoster& roster) {
  RandomSource& random = environment_.random;
  std::lock_guard<std::mutex> lock(mutex_);
  KeyRingFile next = ring_;
  bool changed = false;
  for (KeySlot& slot : *next.mutable_slots()) {
    if (!slot.has_stewards() || !WouldShareOtherwise(slot.stewards(), roster)) continue;
    const Secret key = Secret::Random(random, kKey);
    KeySlot fresh = MakeSlot(key, ring_key_, random);
    ASSIGN_OR_RETURN(*fresh.mutable_stewards(), ShareNodeKey(key, roster, secrets_.identity, random));
    slot = std::move(fresh);
    changed = true;
  }
  if (!changed) return false;
  next.set_version(ring_.version() + 1);
  next.set_change(storage::v1::KEY_CHANGE_SHARED);
  RETURN_IF_ERROR(Replace(std::move(next), ring_key_.Copy()));
  return true;
}

std::vector<v1::KeyPlace> PlacesOf(const KeyRingFile& ring) {
  std::vector<v1::KeyPlace> places;
  for (const KeySlot& slot : ring.slots()) {
    v1::KeyPlace& place = places.emplace_back();
    if (slot.has_here()) place.set_here(true);
    if (slot.has_file()) place.set_file(slot.file());
    if (slot.has_credential()) place.set_credential(slot.credential());
    if (!slot.has_stewards()) continue;
    place.set_stewards(true);
    place.set_threshold(slot.stewards().threshold());
    place.set_roster_version(slot.stewards().roster_version());
    for (const storage::v1::ShareHolder& holder : slot.stewards().holders()) place.add_holders(holder.name());
  }
  return places;
}

}  // namespace penc
