#include "office/card.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
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
  return key;
}

std::string WriteCard(const storage::v1::Card& card) {
  return absl::StrCat("card: ", YamlQuoted(card.card()), "\naddress: ", YamlQuoted(card.address()),
                      "\nkey: ", YamlQuoted(card.key()), "\n");
}

std::string WritePartnerKey(const storage::v1::PartnerKey& key) {
  return absl::StrCat("partner: ", YamlQuoted(key.partner()), "\nkey: ", YamlQuoted(key.key()), "\n");
}

std::string WriteOfficeConfig(const storage::v1::OfficeConfig& config) {
  std::string text = absl::StrCat("office: ", YamlQuoted(config.office()), "\nformat: ", config.format(),
                                  "\ncreated: ", YamlQuoted(config.created()),
                                  "\npractice: ", config.practice() ? "true" : "false",
                                  "\nlisten: ", YamlQuoted(config.listen()), "\n");
  if (config.capacity_rows() != 0) absl::StrAppend(&text, "capacity_rows: ", config.capacity_rows(), "\n");
  return text;
}

absl::Status CheckAddress(absl::string_view address) {
  size_t colon = address.rfind(':');
  uint32_t port;
  bool good = colon != absl::string_view::npos && colon > 0 && address.size() <= 260 &&
              absl::SimpleAtoi(address.substr(colon + 1), &port) && port <= 65535;
  if (good) {
    absl::string_view host = address.substr(0, colon);
    bool brackets = host.front() == '[' && host.back() == ']';
    good = (brackets || host.find(':') == absl::string_view::npos) &&
           std::all_of(host.begin(), host.end(), [](char c) {
             return absl::ascii_isalnum(c) || c == '.' || c == '-' || c == ':' || c == '[' || c == ']' ||
                    c == '%';
           });
  }
  if (good) return absl::OkStatus();
  return Bad({"une adresse HÔTE:PORT, par exemple 127.0.0.1:7411",
              "an address HOST:PORT, for example 127.0.0.1:7411"});
}

absl::Status CheckFingerprint(absl::string_view fingerprint) {
  std::string bytes;
  if (absl::ConsumePrefix(&fingerprint, "SHA256:") && fingerprint.size() == 43 &&
      absl::Base64Unescape(fingerprint, &bytes) && bytes.size() == 32) {
    return absl::OkStatus();
  }
  return Bad({"l'empreinte d'une clé: \"SHA256:\" et 43 caractères, comme dans le fichier .pub ou .card",
              "a key's fingerprint: \"SHA256:\" and 43 characters, as in the .pub or .card file"});
}

absl::Status CheckDisplayName(absl::string_view name) {
  bool good = !name.empty() && name.size() <= 200 && name != "." &&
              std::none_of(name.begin(), name.end(), [](char c) { return absl::ascii_iscntrl(c); });
  if (good) return absl::OkStatus();
  return Bad({"un nom de 1 à 100 caractères, sur une ligne", "a name of 1 to 100 characters, on one line"});
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

std::string YamlQuoted(absl::string_view text) {
  std::string quoted = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

}  // namespace penc
