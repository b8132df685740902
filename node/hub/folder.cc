#include "hub/folder.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/file.h"
#include "base/folder.h"
#include "base/names.h"
#include "base/status.h"
#include "base/yaml.h"
#include "crypto/keyfile.h"

namespace penc {
namespace {

absl::Status Bad(absl::string_view where, Text text) {
  return At(where, Fail(absl::StatusCode::kInvalidArgument, std::move(text)));
}

absl::Status CheckClosing(absl::string_view closing) {
  if (closing == "month" || closing == "quarter" || closing == "year") return absl::OkStatus();
  return Fail(absl::StatusCode::kInvalidArgument, {"month, quarter ou year", "month, quarter or year"});
}

absl::Status Check(const NetworkOptions& options) {
  if (const absl::Status name = CheckDisplayName(options.network); !name.ok()) return At("--name", name);
  if (const absl::Status address = CheckAddress(options.address); !address.ok())
    return At("--address", address);
  if (absl::EndsWith(options.address, ":0"))
    return Bad("--address", {"donnez un port fixe: les membres doivent le connaître",
                             "give a fixed port: members have to know it"});
  if (!options.listen.empty()) {
    if (const absl::Status listen = CheckAddress(options.listen); !listen.ok()) return At("--listen", listen);
  }
  if (options.roots < 1 || options.roots > 16) return Bad("--roots", {"de 1 à 16 clés", "from 1 to 16 keys"});
  if (options.threshold < 1 || options.threshold > options.roots)
    return Bad("--threshold", {"de 1 au nombre de clés racines", "from 1 to the number of root keys"});
  if (const absl::Status closing = CheckClosing(options.closing); !closing.ok())
    return At("--closing", closing);
  return absl::OkStatus();
}

// Numbers and loopback names are this computer's own; other names may be a router's.
std::string ListenFor(const std::string& address) {
  const std::string host = address.substr(0, address.rfind(':'));
  const bool number = std::all_of(host.begin(), host.end(), [](char c) {
    return absl::ascii_isxdigit(c) || c == '.' || c == ':' || c == '[' || c == ']';
  });
  if (host == "localhost" || (number && (absl::StrContains(host, '.') || absl::StrContains(host, '['))))
    return address;
  return absl::StrCat("0.0.0.0", address.substr(address.rfind(':')));
}

std::string Base64(absl::string_view bytes) {
  std::string text = absl::Base64Escape(bytes);
  text.erase(text.find_last_not_of('=') + 1);
  return text;
}

std::string WriteConfig(const storage::v1::HubConfig& config) {
  std::vector<std::string> keys;
  for (const std::string& key : config.root_keys()) keys.push_back(YamlQuoted(key));
  return absl::StrCat(
      "network: ", YamlQuoted(config.network()), "\nformat: ", config.format(),
      "\ncreated: ", YamlQuoted(config.created()), "\naddress: ", YamlQuoted(config.address()),
      "\nlisten: ", YamlQuoted(config.listen()), "\nclosing: ", YamlQuoted(config.closing()),
      "\npresumed_dishonest: ", config.presumed_dishonest(), config.practice() ? "\npractice: true" : "",
      "\nroot_keys: [", absl::StrJoin(keys, ", "), "]\nroot_threshold: ", config.root_threshold(), "\n");
}

absl::StatusOr<storage::v1::HubConfig> ReadConfig(const HubLayout& layout) {
  absl::StatusOr<std::string> text = ReadFile(layout.config(), 64 << 10);
  if (absl::IsNotFound(text.status())) {
    return Fail(absl::StatusCode::kNotFound,
                {absl::StrCat(layout.dir(),
                              " n'est pas le dossier d'un relais: créez-le avec penc network "
                              "create ",
                              layout.dir(), " --name NOM --address HÔTE:PORT"),
                 absl::StrCat(layout.dir(), " is not a hub's folder: make one with penc network create ",
                              layout.dir(), " --name NAME --address HOST:PORT")});
  }
  if (!text.ok()) return text.status();
  storage::v1::HubConfig config;
  YamlLines lines;
  RETURN_IF_ERROR(ReadYaml(layout.config(), *text, &config, &lines));
  if (config.format() != 1) {
    return lines.Error("format", {"ce dossier est d'une autre version de penc: mettez penc à jour",
                                  "this folder is of another version of penc: update penc"});
  }
  for (const auto& [path, check] : {std::pair("network", CheckDisplayName(config.network())),
                                    {"address", CheckAddress(config.address())},
                                    {"listen", CheckAddress(config.listen())},
                                    {"closing", CheckClosing(config.closing())}}) {
    if (!check.ok()) return lines.Error(path, Explain(check));
  }
  for (const std::string& key : config.root_keys()) {
    std::string bytes;
    if (!absl::Base64Unescape(key, &bytes) || bytes.size() != 32)
      return lines.Error("root_keys", {"des clés de 43 caractères", "keys of 43 characters"});
  }
  if (config.root_threshold() < 1 || config.root_threshold() > static_cast<uint32_t>(config.root_keys_size()))
    return lines.Error("root_threshold", {"de 1 au nombre de clés", "from 1 to the number of keys"});
  return config;
}

absl::Status Build(const HubLayout& layout, const NetworkOptions& options, absl::Time now,
                   RandomSource& random) {
  for (const std::string& folder : {layout.keys(), layout.roots()})
    RETURN_IF_ERROR(MakePrivateFolder(folder));
  const SigningKey key = SigningKey::Generate(random);
  RETURN_IF_ERROR(SaveSigningKey(layout.key(), key));
  storage::v1::HubConfig config;
  config.set_network(options.network);
  config.set_format(1);
  config.set_created(absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", now, absl::UTCTimeZone()));
  config.set_address(options.address);
  config.set_listen(options.listen.empty() ? ListenFor(options.address) : options.listen);
  config.set_closing(options.closing);
  config.set_presumed_dishonest(options.presumed_dishonest);
  config.set_practice(options.practice);
  config.set_root_threshold(options.threshold);
  for (uint32_t number = 1; number <= options.roots; ++number) {
    const SigningKey root = SigningKey::Generate(random);
    RETURN_IF_ERROR(SaveSigningKey(layout.root(number), root));
    config.add_root_keys(Base64(root.verify_key().bytes()));
  }
  RETURN_IF_ERROR(WriteFileAtomically(layout.config(), WriteConfig(config)));
  return Database::Open(layout.database()).status();
}

}  // namespace

absl::Status HubFolder::Create(const std::string& dir, const NetworkOptions& options, const Clock& clock,
                               RandomSource& random) {
  RETURN_IF_ERROR(Check(options));
  ASSIGN_OR_RETURN(NewFolder folder, NewFolder::Beside(dir, random));
  RETURN_IF_ERROR(Build(HubLayout(folder.path()), options, clock.Now(), random));
  return folder.MoveIntoPlace();
}

absl::StatusOr<std::unique_ptr<HubFolder>> HubFolder::Open(const std::string& dir, const Clock& clock) {
  std::unique_ptr<HubFolder> folder(new HubFolder(dir));
  ASSIGN_OR_RETURN(folder->config_, ReadConfig(folder->layout_));
  ASSIGN_OR_RETURN(SigningKey key, LoadSigningKey(folder->layout_.key()));
  folder->key_.emplace(std::move(key));
  ASSIGN_OR_RETURN(folder->database_, Database::Open(folder->layout_.database(), Hub::kWriteBytes));
  ASSIGN_OR_RETURN(folder->hub_, Hub::Open(*folder->database_, *folder->key_, clock, Hub::Limits()));
  return folder;
}

bool HubFolder::IsOne(const std::string& dir) { return FileExists(HubLayout(dir).config()); }

}  // namespace penc
