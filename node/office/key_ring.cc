#include "office/key_ring.h"

#include <strings.h>

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/status.h"
#include "crypto/aead.h"
#include "crypto/hash.h"
#include "crypto/keyfile.h"

namespace penc {
namespace {

constexpr absl::string_view kHeader = "penc key ring 1\n";
constexpr absl::string_view kAssociated = "penc key ring v1\n";
constexpr absl::string_view kPurpose = "ring";
constexpr size_t kHash = 32, kKey = 32;
constexpr size_t kLongestRing = 256 << 10;

absl::Status Damaged(absl::string_view path) {
  return Fail(absl::StatusCode::kDataLoss,
              {absl::StrCat(path, ": trousseau de clés abîmé; restaurez une sauvegarde (penc restore)"),
               absl::StrCat(path, ": damaged key ring; restore a backup (penc restore)")});
}

void Wipe(std::string* text) { explicit_bzero(text->data(), text->size()); }

}  // namespace

absl::StatusOr<storage::v1::KeyRingFile> ReadRing(const std::string& path) {
  const absl::StatusOr<std::string> read = ReadFile(path, kLongestRing);
  if (absl::IsNotFound(read.status())) {
    return Fail(absl::StatusCode::kDataLoss,
                {absl::StrCat(path,
                              ": ce trousseau de clés manque, et rien ne s'ouvre sans lui: remettez le "
                              "fichier à sa place, ou restaurez une sauvegarde (penc restore)"),
                 absl::StrCat(path,
                              ": this key ring is missing, and nothing opens without it: put the file back, "
                              "or restore a backup (penc restore)")});
  }
  RETURN_IF_ERROR(read.status());
  if (!absl::StartsWith(*read, kHeader) || read->size() < kHeader.size() + kHash) return Damaged(path);
  const absl::string_view rest = absl::string_view(*read).substr(kHeader.size());
  storage::v1::KeyRingFile ring;
  if (Sha256(rest.substr(kHash)) != rest.substr(0, kHash) ||
      !ring.ParseFromArray(rest.data() + kHash, static_cast<int>(rest.size() - kHash)) ||
      ring.slots().empty())
    return Damaged(path);
  if (ring.format() != 1) {
    return Fail(absl::StatusCode::kFailedPrecondition,
                {absl::StrCat(path, " est d'une autre version de penc: mettez penc à jour"),
                 absl::StrCat(path, " is of another version of penc: update penc")});
  }
  return ring;
}

absl::Status WriteRing(const std::string& path, const storage::v1::KeyRingFile& ring) {
  const std::string bytes = ring.SerializeAsString();
  return ReplaceFileAndDestroyOld(path, absl::StrCat(kHeader, Sha256(bytes), bytes), 0600);
}

std::string SealSecrets(const Secret& ring_key, const OfficeSecrets& secrets, RandomSource& random) {
  storage::v1::KeyRing ring;
  ring.set_format(1);
  ring.set_records(std::string(secrets.records.view()));
  ring.set_identity(std::string(secrets.identity.seed().view()));
  ring.set_mail(std::string(secrets.mail.bytes().view()));
  ring.set_files(std::string(secrets.files.view()));
  std::string plain = ring.SerializeAsString();
  std::string sealed = Aead(ring_key).Seal(random, kAssociated, plain);
  for (std::string* text :
       {&plain, ring.mutable_records(), ring.mutable_identity(), ring.mutable_mail(), ring.mutable_files()})
    Wipe(text);
  return sealed;
}

absl::StatusOr<OfficeSecrets> OpenSecrets(const Secret& ring_key, absl::string_view sealed) {
  ASSIGN_OR_RETURN(std::string plain, Aead(ring_key).Open(kAssociated, sealed));
  storage::v1::KeyRing ring;
  const bool read = ring.ParseFromString(plain) && ring.format() == 1 && ring.records().size() == kKey &&
                    ring.files().size() == kKey;
  Wipe(&plain);
  auto identity = SigningKey::FromSeed(ring.identity());
  auto mail = AgreementKey::FromBytes(ring.mail());
  if (!read || !identity.ok() || !mail.ok()) return Damaged("keys/ring");
  OfficeSecrets secrets{Secret(ring.records()), *std::move(identity), *std::move(mail), Secret(ring.files())};
  for (std::string* text :
       {ring.mutable_records(), ring.mutable_identity(), ring.mutable_mail(), ring.mutable_files()})
    Wipe(text);
  return secrets;
}

storage::v1::KeySlot MakeSlot(const Secret& node_key, const Secret& ring_key, RandomSource& random) {
  storage::v1::KeySlot slot;
  slot.set_key_id(NodeKeyId(node_key));
  slot.set_wrapped(WrapKey(node_key, kPurpose, ring_key, random));
  return slot;
}

absl::StatusOr<Secret> OpenSlot(const storage::v1::KeySlot& slot, const Secret& node_key) {
  absl::StatusOr<Secret> key = UnwrapKey(node_key, kPurpose, slot.wrapped());
  if (!key.ok() || key->size() != kKey) return Damaged("keys/ring");
  return key;
}

}  // namespace penc
