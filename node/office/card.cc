#include "office/card.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "base/yaml.h"
#include "ingest/person_key.h"

namespace penc {
namespace {

absl::Status Bad(Text text) { return Fail(absl::StatusCode::kInvalidArgument, std::move(text)); }

// The line of `path`, when `check` failed.
absl::Status AtLine(const YamlLines& lines, absl::string_view path, const absl::Status& check) {
  return check.ok() ? check : lines.Error(path, Explain(check));
}

absl::StatusOr<VerifyKey> KeyIn(const storage::v1::PartnerKey& key) {
  std::string bytes;
  if (!absl::Base64Unescape(key.public_key(), &bytes)) bytes.clear();
  return VerifyKey::FromBytes(bytes);
}

}  // namespace

absl::StatusOr<storage::v1::Card> ReadCard(absl::string_view file, absl::string_view text) {
  storage::v1::Card card;
  YamlLines lines;
  RETURN_IF_ERROR(ReadYaml(file, text, &card, &lines));
  RETURN_IF_ERROR(AtLine(lines, "card", CheckDisplayName(card.card())));
  RETURN_IF_ERROR(AtLine(lines, "address", CheckAddress(card.address())));
  RETURN_IF_ERROR(AtLine(lines, "key", CheckFingerprint(card.key())));
  return card;
}

absl::StatusOr<storage::v1::PartnerKey> ReadPartnerKey(absl::string_view file, absl::string_view text) {
  storage::v1::PartnerKey key;
  YamlLines lines;
  RETURN_IF_ERROR(ReadYaml(file, text, &key, &lines));
  RETURN_IF_ERROR(AtLine(lines, "partner", CheckDisplayName(key.partner())));
  RETURN_IF_ERROR(AtLine(lines, "key", CheckFingerprint(key.key())));
  if (!key.public_key().empty()) {
    const absl::StatusOr<VerifyKey> read = KeyIn(key);
    if (!read.ok() || read->Fingerprint() != key.key()) {
      return lines.Error("public_key", {"la clé n'a pas l'empreinte de la ligne key: redemandez ce fichier",
                                        "the key has not the fingerprint of the line key: ask for the file "
                                        "again"});
    }
  }
  return key;
}

absl::StatusOr<VerifyKey> PublicKeyOf(absl::string_view file, const storage::v1::PartnerKey& key) {
  if (!key.public_key().empty()) return KeyIn(key);
  return Fail(
      absl::StatusCode::kFailedPrecondition,
      {absl::StrCat(file,
                    " est d'un penc plus ancien, sans la clé elle-même: demandez au partenaire de "
                    "mettre penc à jour, de taper n'importe quelle commande avec son dossier (--as) "
                    "et de renvoyer son fichier .pub"),
       absl::StrCat(file,
                    " is of an older penc, without the key itself: ask the partner to update penc, to "
                    "run any command with its folder (--as) and to send its .pub file again")});
}

storage::v1::PartnerKey MakePartnerKey(const std::string& name, const VerifyKey& key) {
  storage::v1::PartnerKey made;
  made.set_partner(name);
  made.set_key(key.Fingerprint());
  std::string text = absl::Base64Escape(key.bytes());
  text.erase(text.find_last_not_of('=') + 1);
  made.set_public_key(text);
  return made;
}

std::string WriteCard(const storage::v1::Card& card) {
  return absl::StrCat("card: ", YamlQuoted(card.card()), "\naddress: ", YamlQuoted(card.address()),
                      "\nkey: ", YamlQuoted(card.key()), "\n");
}

std::string WritePartnerKey(const storage::v1::PartnerKey& key) {
  std::string text =
      absl::StrCat("partner: ", YamlQuoted(key.partner()), "\nkey: ", YamlQuoted(key.key()), "\n");
  if (!key.public_key().empty()) absl::StrAppend(&text, "public_key: ", YamlQuoted(key.public_key()), "\n");
  return text;
}

std::string WriteOfficeConfig(const storage::v1::OfficeConfig& config) {
  std::string text = absl::StrCat("office: ", YamlQuoted(config.office()), "\nformat: ", config.format(),
                                  "\ncreated: ", YamlQuoted(config.created()),
                                  "\npractice: ", config.practice() ? "true" : "false",
                                  "\nlisten: ", YamlQuoted(config.listen()), "\n");
  if (config.capacity_rows() != 0) absl::StrAppend(&text, "capacity_rows: ", config.capacity_rows(), "\n");
  return text;
}

std::string FileNameOf(absl::string_view display_name) {
  std::string name;
  for (char c : WithoutAccents(display_name)) {
    if (absl::ascii_isalnum(c)) {
      name += absl::ascii_tolower(c);
    } else if (!name.empty() && name.back() != '-') {
      name += '-';
    }
  }
  while (!name.empty() && name.back() == '-') name.pop_back();
  return name.substr(0, 64);
}

absl::Status CheckFileName(absl::string_view name) {
  bool good = !name.empty() && name.size() <= 64 && name.front() != '-' &&
              std::all_of(name.begin(), name.end(), [](char c) {
                return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-';
              });
  if (good) return absl::OkStatus();
  return Bad(
      {absl::StrCat("le nom «", name, "» ne peut pas servir: 1 à 64 lettres minuscules, chiffres ou tirets"),
       absl::StrCat("the name \"", name, "\" cannot be used: 1 to 64 small letters, digits or dashes")});
}

}  // namespace penc
