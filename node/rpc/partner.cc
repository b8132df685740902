#include "rpc/partner.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/file.h"
#include "base/status.h"
#include "crypto/keyfile.h"
#include "federation/network_card.h"
#include "office/card.h"

namespace penc::rpc {
namespace {

namespace fs = std::filesystem;

std::string KeyFile(const std::string& dir) { return absl::StrCat(dir, "/partner.key"); }
std::string CertificateFile(const std::string& dir) { return absl::StrCat(dir, "/partner.crt"); }
std::string MailKeyFile(const std::string& dir) { return absl::StrCat(dir, "/mail.key"); }
std::string OfficesFolder(const std::string& dir) { return absl::StrCat(dir, "/offices"); }

absl::Status MakeFolder(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (!error) fs::permissions(path, fs::perms::owner_all, error);
  if (!error) return absl::OkStatus();
  return Fail(absl::StatusCode::kPermissionDenied,
              {absl::StrCat("impossible de créer ", path, ": vérifiez le chemin et les droits"),
               absl::StrCat("cannot make ", path, ": check the path and its permissions")});
}

// Does a line say `network:`? An office's card says `card:`.
bool IsOfNetwork(absl::string_view text) {
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    if (absl::StartsWith(absl::StripPrefix(line, "\xEF\xBB\xBF"), "network:")) return true;
  }
  return false;
}

// The partner's own .pub: the only one in its folder.
absl::StatusOr<std::string> PublicFile(const std::string& dir) {
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(dir, error)) {
    if (entry.path().extension() == ".pub") return entry.path().string();
  }
  return Fail(
      absl::StatusCode::kNotFound,
      {absl::StrCat(dir, " n'est pas un dossier de partenaire: penc partner init ", dir, " --name NOM"),
       absl::StrCat(dir, " is not a partner's folder: penc partner init ", dir, " --name NAME")});
}

}  // namespace

absl::StatusOr<std::string> Partner::Create(const std::string& dir, const std::string& name, absl::Time now,
                                            RandomSource& random) {
  RETURN_IF_ERROR(CheckDisplayName(name));
  std::string file = FileNameOf(name);
  RETURN_IF_ERROR(CheckFileName(file));
  std::error_code error;
  if (fs::exists(dir, error) && !fs::is_empty(dir, error)) {
    return Fail(absl::StatusCode::kAlreadyExists,
                {absl::StrCat(dir, " n'est pas vide: donnez un nouveau dossier; rien n'a été modifié"),
                 absl::StrCat(dir, " is not empty: give a new folder; nothing was changed")});
  }
  RETURN_IF_ERROR(MakeFolder(dir));
  RETURN_IF_ERROR(MakeFolder(OfficesFolder(dir)));
  ASSIGN_OR_RETURN(Identity identity, CreateIdentity(KeyFile(dir), CertificateFile(dir), name, now, random));
  RETURN_IF_ERROR(CreateMailKey(MailKeyFile(dir), random));
  std::string path = absl::StrCat(dir, "/", file, ".pub");
  RETURN_IF_ERROR(
      WriteFileAtomically(path, WritePartnerKey(MakePartnerKey(name, identity.key.verify_key()))));
  return path;
}

absl::StatusOr<Partner> Partner::Open(const std::string& dir, absl::Time now) {
  ASSIGN_OR_RETURN(std::string path, PublicFile(dir));
  ASSIGN_OR_RETURN(std::string text, ReadFile(path, 64 << 10));
  ASSIGN_OR_RETURN(storage::v1::PartnerKey key, ReadPartnerKey(path, text));
  ASSIGN_OR_RETURN(Identity identity, LoadIdentity(KeyFile(dir), CertificateFile(dir), key.partner(), now));
  if (identity.fingerprint != key.key()) {
    return Fail(
        absl::StatusCode::kDataLoss,
        {absl::StrCat(path, " ne va pas avec ", KeyFile(dir), ": remettez les deux fichiers d'origine"),
         absl::StrCat(path, " does not belong to ", KeyFile(dir), ": put both original files back")});
  }
  if (key.public_key().empty()) {
    // Of an older penc: hubs need the key itself. Where it cannot be written now, the next command tries
    // again.
    WriteFileAtomically(path, WritePartnerKey(MakePartnerKey(key.partner(), identity.key.verify_key())))
        .IgnoreError();
  }
  return Partner(dir, key.partner(), std::move(identity));
}

absl::StatusOr<AgreementKey> Partner::MailKey(RandomSource& random) const {
  if (!FileExists(MailKeyFile(dir_))) RETURN_IF_ERROR(CreateMailKey(MailKeyFile(dir_), random));
  return LoadMailKey(MailKeyFile(dir_));
}

absl::StatusOr<Partner::Trusted> Partner::Trust(const std::string& card_file) const {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(card_file, 64 << 10));
  if (IsOfNetwork(text)) {
    ASSIGN_OR_RETURN(const storage::v1::NetworkCard card, ReadNetworkCard(card_file, text));
    ASSIGN_OR_RETURN(std::string name, PartnerNetwork::Trust(dir_, card));
    return Trusted{std::move(name), true};
  }
  ASSIGN_OR_RETURN(std::string name, TrustOffice(card_file, text));
  return Trusted{std::move(name), false};
}

absl::StatusOr<std::string> Partner::TrustOffice(const std::string& file, const std::string& text) const {
  ASSIGN_OR_RETURN(storage::v1::Card card, ReadCard(file, text));
  std::string name = FileNameOf(card.card());
  RETURN_IF_ERROR(CheckFileName(name));
  std::string path = absl::StrCat(OfficesFolder(dir_), "/", name, ".card");
  if (FileExists(path)) {
    ASSIGN_OR_RETURN(storage::v1::Card known, Office(name));
    if (known.key() != card.key()) {
      return Fail(
          absl::StatusCode::kFailedPrecondition,
          {absl::StrCat("la clé de ", card.card(),
                        " a changé: demandez-lui de vive voix si elle a été réinstallée, puis effacez ",
                        path),
           absl::StrCat("the key of ", card.card(),
                        " has changed: ask them by voice whether it was reinstalled, then delete ", path)});
    }
  }
  RETURN_IF_ERROR(WriteFileAtomically(path, WriteCard(card)));
  return name;
}

absl::StatusOr<storage::v1::Card> Partner::Office(const std::string& name) const {
  std::string file = FileNameOf(name);
  std::string path = absl::StrCat(OfficesFolder(dir_), "/", file, ".card");
  if (file.empty() || !FileExists(path)) {
    std::string known = absl::StrJoin(Offices(), ", ");
    return Fail(
        absl::StatusCode::kNotFound,
        {absl::StrCat("organisation inconnue ici: ", name, "; connues: ", known.empty() ? "aucune" : known,
                      ". Ajoutez sa carte: penc partner trust ", dir_, " FICHIER.card"),
         absl::StrCat("organisation not known here: ", name, "; known: ", known.empty() ? "none" : known,
                      ". Add its card: penc partner trust ", dir_, " FILE.card")});
  }
  ASSIGN_OR_RETURN(std::string text, ReadFile(path, 64 << 10));
  return ReadCard(path, text);
}

std::vector<std::string> Partner::Offices() const {
  std::vector<std::string> names;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(OfficesFolder(dir_), error)) {
    if (entry.path().extension() == ".card") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace penc::rpc
