#include "base/names.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"
#include "base/status.h"

namespace penc {
namespace {

absl::Status Bad(Text text) { return Fail(absl::StatusCode::kInvalidArgument, std::move(text)); }

}  // namespace

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

std::string YamlQuoted(absl::string_view text) {
  std::string quoted = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

}  // namespace penc
