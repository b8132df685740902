#include "crypto/keyfile.h"

#include <sys/stat.h>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/status.h"
#include "crypto/aead.h"
#include "crypto/hash.h"

namespace penc {
namespace {

constexpr absl::string_view kNodeHeader = "penc node key v1\n";
constexpr absl::string_view kMailHeader = "penc mail key v1\n";
constexpr absl::string_view kNetworkHeader = "penc network key v1\n";
constexpr size_t kKeyBytes = 32;

absl::Status RefuseToOverwrite(const std::string& path) {
  if (!FileExists(path)) return absl::OkStatus();
  return Fail(absl::StatusCode::kAlreadyExists,
              {absl::StrCat(path, ": une clé existe déjà; elle n'est jamais remplacée"),
               absl::StrCat(path, ": a key is already there; it is never replaced")});
}

absl::StatusOr<std::string> ReadPrivately(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) == 0 && (info.st_mode & 077) != 0) {
    return Fail(
        absl::StatusCode::kPermissionDenied,
        {absl::StrCat(path, ": d'autres utilisateurs peuvent lire cette clé; tapez: chmod 600 ", path),
         absl::StrCat(path, ": other users can read this key; type: chmod 600 ", path)});
  }
  absl::StatusOr<std::string> text = ReadFile(path, 1 << 16);
  if (!absl::IsNotFound(text.status())) return text;
  return Fail(
      absl::StatusCode::kDataLoss,
      {absl::StrCat(path,
                    ": cette clé manque, et rien ne s'ouvre sans elle: remettez le fichier à sa place, "
                    "ou restaurez une sauvegarde (penc restore)"),
       absl::StrCat(path,
                    ": this key is missing, and nothing opens without it: put the file back, or "
                    "restore a backup (penc restore)")});
}

absl::Status Damaged(const std::string& path) {
  return Fail(
      absl::StatusCode::kDataLoss,
      {absl::StrCat(
           path,
           ": ce n'est pas un fichier de clé de penc, ou il est abîmé; vérifiez le chemin. Si c'est bien la "
           "clé: prenez-en la copie, ou restaurez une sauvegarde (penc restore)"),
       absl::StrCat(
           path,
           ": this is no key file of penc, or it is damaged; check the path. If it is the key: take the copy "
           "of it, or restore a backup (penc restore)")});
}

absl::Status Save(const std::string& path, absl::string_view header, const Secret& key) {
  RETURN_IF_ERROR(RefuseToOverwrite(path));
  return WriteFileAtomically(path, absl::StrCat(header, absl::BytesToHexString(key.view()), "\n"), 0600);
}

absl::StatusOr<Secret> Parse(const std::string& path, absl::string_view text, absl::string_view header) {
  absl::string_view rest = text;
  if (rest.substr(0, header.size()) != header) return Damaged(path);
  rest.remove_prefix(header.size());
  if (rest.size() != 2 * kKeyBytes + 1 ||
      rest.find_first_not_of("0123456789abcdef\n") != absl::string_view::npos) {
    return Damaged(path);
  }
  return Secret(absl::HexStringToBytes(rest.substr(0, 2 * kKeyBytes)));
}

absl::StatusOr<Secret> Load(const std::string& path, absl::string_view header) {
  ASSIGN_OR_RETURN(const std::string text, ReadPrivately(path));
  return Parse(path, text, header);
}

}  // namespace

absl::Status CreateNodeKey(const std::string& path, RandomSource& random) {
  return SaveNodeKey(path, Secret::Random(random, kKeyBytes));
}
absl::Status SaveNodeKey(const std::string& path, const Secret& key) { return Save(path, kNodeHeader, key); }
absl::StatusOr<Secret> LoadNodeKey(const std::string& path) { return Load(path, kNodeHeader); }
absl::StatusOr<Secret> LoadNodeKeyElsewhere(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path, 1 << 16));
  return Parse(path, text, kNodeHeader);
}
std::string NodeKeyId(const Secret& key) { return Sha256({"penc node key id v1\n", key.view()}); }

absl::Status CreateMailKey(const std::string& path, RandomSource& random) {
  return Save(path, kMailHeader, Secret::Random(random, kKeyBytes));
}
absl::StatusOr<AgreementKey> LoadMailKey(const std::string& path) {
  ASSIGN_OR_RETURN(const Secret key, Load(path, kMailHeader));
  return AgreementKey::FromBytes(key.view());
}

absl::Status CreateNetworkKey(const std::string& path, RandomSource& random) {
  return Save(path, kNetworkHeader, Secret::Random(random, kKeyBytes));
}
absl::StatusOr<Secret> LoadNetworkKey(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path, 1 << 16));
  if (absl::StartsWith(text, kNetworkHeader)) return Parse(path, text, kNetworkHeader);
  return Fail(absl::StatusCode::kDataLoss,
              {absl::StrCat(path,
                            ": ce n'est pas la clé d'un réseau, ou elle est abîmée; vérifiez le chemin, ou "
                            "demandez-la de nouveau au secrétariat du réseau"),
               absl::StrCat(path,
                            ": this is no network's key, or it is damaged; check the path, or ask the "
                            "network's secretariat for it again")});
}
std::string NetworkKeyCheck(const Secret& key) {
  return absl::BytesToHexString(HmacSha256(key.view(), "penc network key check v1\n").substr(0, 16));
}

absl::Status SaveSigningKey(const std::string& path, const SigningKey& key) {
  RETURN_IF_ERROR(RefuseToOverwrite(path));
  return WriteFileAtomically(path, key.ToPem(), 0600);
}

absl::StatusOr<SigningKey> LoadSigningKey(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string pem, ReadPrivately(path));
  absl::StatusOr<SigningKey> key = SigningKey::FromPem(pem);
  if (!key.ok()) return Damaged(path);
  return key;
}

std::string WrapKey(const Secret& under, absl::string_view purpose, const Secret& key, RandomSource& random) {
  return Aead(under).Seal(random, absl::StrCat("penc wrap v1\n", purpose), key.view());
}

absl::StatusOr<Secret> UnwrapKey(const Secret& under, absl::string_view purpose, absl::string_view wrapped) {
  ASSIGN_OR_RETURN(std::string plain, Aead(under).Open(absl::StrCat("penc wrap v1\n", purpose), wrapped));
  Secret key(plain);
  explicit_bzero(plain.data(), plain.size());
  return key;
}

Secret DeriveKey(const Secret& from, absl::string_view purpose) {
  return Secret(HkdfSha256(from.view(), "penc derive v1", purpose, 32));
}

}  // namespace penc
