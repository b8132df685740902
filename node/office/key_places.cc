#include "office/key_places.h"

#include <filesystem>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/file.h"
#include "base/status.h"
#include "crypto/hash.h"
#include "crypto/keyfile.h"
#include "crypto/tls_identity.h"

namespace penc {
namespace {

using storage::v1::KeySlot;

std::string CredentialPath(const std::string& folder, absl::string_view name) {
  return absl::StrCat(folder, "/", name);
}

absl::Status StickIsMissing(const std::string& path) {
  return Fail(absl::StatusCode::kUnavailable,
              {absl::StrCat("branchez la clé USB: la clé de ce nœud est dans ", path,
                            ", qui n'est pas là. Rien n'est perdu. Si elle apparaît ailleurs: --key-from "
                            "CHEMIN"),
               absl::StrCat("plug in the USB stick: this node's key is in ", path,
                            ", which is not there. Nothing is lost. If it shows up elsewhere: --key-from "
                            "PATH")});
}

absl::Status AnotherKey(absl::string_view where) {
  return Fail(absl::StatusCode::kPermissionDenied,
              {absl::StrCat(where,
                            ": cette clé n'ouvre pas ce dossier: elle est d'une autre organisation, ou "
                            "d'avant penc key rotate"),
               absl::StrCat(where,
                            ": this key does not open this folder: it is another office's, or from before "
                            "penc key rotate")});
}

// Of the two files that a change of keys may have left, the one that the slot needs.
absl::StatusOr<Secret> ReadEither(const std::string& path, const KeySlot& slot,
                                  absl::StatusOr<Secret> (*read)(const std::string&)) {
  absl::StatusOr<Secret> key = read(path);
  if (key.ok() && NodeKeyId(*key) == slot.key_id()) return key;
  if (FileExists(NextKeyFile(path))) {
    absl::StatusOr<Secret> next = read(NextKeyFile(path));
    if (next.ok() && NodeKeyId(*next) == slot.key_id()) return next;
  }
  if (key.ok()) return AnotherKey(path);
  return key;
}

absl::StatusOr<Secret> KeyOf(const Layout& layout, const KeySlot& slot, const KeySource& source) {
  switch (slot.place_case()) {
    case KeySlot::kHere:
      return ReadEither(layout.node_key(), slot, LoadNodeKey);
    case KeySlot::kFile: {
      absl::StatusOr<Secret> key = ReadEither(slot.file(), slot, LoadNodeKeyElsewhere);
      if (absl::IsNotFound(key.status())) return StickIsMissing(slot.file());
      return key;
    }
    case KeySlot::kCredential: {
      absl::StatusOr<Secret> key =
          LoadNodeKeyElsewhere(CredentialPath(source.credentials_folder, slot.credential()));
      if (source.credentials_folder.empty() || absl::IsNotFound(key.status()))
        return CredentialNotLent(slot.credential());
      if (key.ok() && NodeKeyId(*key) != slot.key_id()) return AnotherKey(slot.credential());
      return key;
    }
    case KeySlot::kStewards: {
      if (!source.ask_stewards) {
        return Fail(absl::StatusCode::kUnavailable,
                    {"la clé de ce nœud est chez les témoins du réseau", "stewards hold this node's key"});
      }
      ASSIGN_OR_RETURN(Secret key, source.ask_stewards(slot.stewards()));
      if (NodeKeyId(key) != slot.key_id()) return AnotherKey(slot.stewards().network());
      return key;
    }
    case KeySlot::PLACE_NOT_SET:
      break;
  }
  return Fail(absl::StatusCode::kFailedPrecondition,
              {"le trousseau nomme un endroit que ce penc ne connaît pas: mettez penc à jour",
               "the key ring names a place that this penc does not know: update penc"});
}

absl::StatusOr<FoundKey> FindGiven(const storage::v1::KeyRingFile& ring, const KeySource& source) {
  absl::StatusOr<v1::KeyPlace> place = ParseKeyPlace(source.from);
  if (!place.ok() && FileExists(source.from)) place = ParseKeyPlace(absl::StrCat("file:", source.from));
  RETURN_IF_ERROR(place.status());
  absl::StatusOr<Secret> key = ReadKeyAt(*place, source.credentials_folder);
  if (absl::IsNotFound(key.status()))
    return place->has_file() ? StickIsMissing(place->file()) : CredentialNotLent(place->credential());
  RETURN_IF_ERROR(key.status());
  const std::string id = NodeKeyId(*key);
  for (int i = 0; i < ring.slots_size(); ++i)
    if (ring.slots(i).key_id() == id) return FoundKey{*std::move(key), i};
  return AnotherKey(source.from);
}

std::string ClaimFile(const std::string& path) { return path + ".office"; }

// By the identity, which stays the same for life.
absl::StatusOr<std::string> ClaimOf(const Layout& layout) {
  ASSIGN_OR_RETURN(const std::string pem, ReadFile(layout.tls_certificate(), 64 << 10));
  ASSIGN_OR_RETURN(const Certificate certificate, ParseCertificate(pem));
  return absl::StrCat(absl::BytesToHexString(Sha256({"penc key file v1\n", certificate.key.bytes()})), "\n");
}

}  // namespace

absl::Status CheckOwnKeyFile(const Layout& layout, const std::string& path) {
  const absl::StatusOr<std::string> claimed = ReadFile(ClaimFile(path), 1 << 10);
  if (absl::IsNotFound(claimed.status())) return absl::OkStatus();
  RETURN_IF_ERROR(claimed.status());
  ASSIGN_OR_RETURN(const std::string own, ClaimOf(layout));
  if (*claimed == own) return absl::OkStatus();
  return Fail(
      absl::StatusCode::kFailedPrecondition,
      {absl::StrCat(path,
                    ": cette clé ouvre le dossier d'une autre organisation, que ce changement fermerait pour "
                    "toujours. "
                    "Donnez à celle-ci son propre fichier: penc key wrap ",
                    layout.dir(),
                    " --with file:AUTRE (un fichier qui "
                    "n'existe pas encore). Rien n'a changé"),
       absl::StrCat(
           path,
           ": this key opens another office's folder, which this change would lock for ever. Give this one a "
           "file of its own: penc key wrap ",
           layout.dir(),
           " --with file:OTHER (a file that does not exist yet). "
           "Nothing changed")});
}

absl::Status ClaimKeyFile(const Layout& layout, const std::string& path) {
  ASSIGN_OR_RETURN(const std::string own, ClaimOf(layout));
  return WriteFileAtomically(ClaimFile(path), own, 0600);
}

absl::Status CredentialNotLent(absl::string_view name) {
  return Fail(
      absl::StatusCode::kUnavailable,
      {absl::StrCat("la clé de ce nœud est le secret «", name,
                    "» de systemd, qui n'est pas prêté à cette commande: lancez-la par le service, ou avec "
                    "systemd-run -P -p LoadCredential=",
                    name, ":FICHIER, ou --key-from FICHIER. Rien n'est perdu"),
       absl::StrCat("this node's key is systemd's credential \"", name,
                    "\", which was not lent to this command: run it through the service, or with systemd-run "
                    "-P -p LoadCredential=",
                    name, ":FILE, or --key-from FILE. Nothing is lost")});
}

std::string NextKeyFile(const std::string& path) { return path + ".new"; }

absl::StatusOr<v1::KeyPlace> ParseKeyPlace(absl::string_view text) {
  v1::KeyPlace place;
  absl::string_view rest = text;
  if (text == "here") {
    place.set_here(true);
  } else if (text == "stewards") {
    place.set_stewards(true);
  } else if (absl::ConsumePrefix(&rest, "credential:") && !rest.empty() &&
             rest.find('/') == absl::string_view::npos) {
    place.set_credential(std::string(rest));
  } else if (rest = text; absl::ConsumePrefix(&rest, "file:") ? !rest.empty()
                                                              : rest.find('/') != absl::string_view::npos) {
    std::error_code error;
    const std::filesystem::path path = std::filesystem::absolute(std::string(rest), error);
    place.set_file(path.lexically_normal().string());
  } else {
    return Fail(absl::StatusCode::kInvalidArgument,
                {absl::StrCat("«", text,
                              "» n'est pas un endroit pour une clé: file:CHEMIN (une clé USB), "
                              "credential:NOM (systemd), stewards (les témoins du réseau) ou here (le "
                              "dossier lui-même)"),
                 absl::StrCat("\"", text,
                              "\" is no place for a key: file:PATH (a USB stick), credential:NAME "
                              "(systemd), stewards (of the network) or here (the folder itself)")});
  }
  return place;
}

absl::Status CheckOutside(const Layout& layout, const std::string& path) {
  std::error_code error;
  const std::filesystem::path folder = std::filesystem::weakly_canonical(layout.dir(), error);
  const std::filesystem::path file = std::filesystem::weakly_canonical(path, error);
  const std::filesystem::path relative = file.lexically_relative(folder);
  if (std::filesystem::path(path).is_absolute() && (relative.empty() || *relative.begin() == ".."))
    return absl::OkStatus();
  return Fail(absl::StatusCode::kInvalidArgument,
              {absl::StrCat(path,
                            ": donnez le chemin entier d'un fichier hors du dossier de l'organisation: une "
                            "clé qui s'y trouve part avec lui"),
               absl::StrCat(path,
                            ": give the whole path of a file outside of the office's folder: a key in "
                            "it is stolen with it")});
}

absl::StatusOr<Secret> ReadKeyAt(const v1::KeyPlace& place, const std::string& credentials_folder) {
  if (place.has_file()) return LoadNodeKeyElsewhere(place.file());
  if (place.has_credential()) {
    if (credentials_folder.empty()) return absl::NotFoundError("no credentials");
    return LoadNodeKeyElsewhere(CredentialPath(credentials_folder, place.credential()));
  }
  return Fail(absl::StatusCode::kInvalidArgument, {"une clé se lit dans file:CHEMIN ou credential:NOM",
                                                   "a key is read from file:PATH or "
                                                   "credential:NAME"});
}

absl::StatusOr<FoundKey> FindNodeKey(const Layout& layout, const storage::v1::KeyRingFile& ring,
                                     const KeySource& source) {
  if (!source.from.empty()) return FindGiven(ring, source);
  // Stewards last: whatever is at hand needs nobody.
  std::vector<int> order;
  for (const bool stewards : {false, true}) {
    for (int i = 0; i < ring.slots_size(); ++i)
      if (ring.slots(i).has_stewards() == stewards) order.push_back(i);
  }
  Text why;
  absl::Status last;
  for (int i : order) {
    absl::StatusOr<Secret> key = KeyOf(layout, ring.slots(i), source);
    if (key.ok()) return FoundKey{*std::move(key), i};
    last = key.status();
    const Text text = Explain(last);
    why.fr += (why.fr.empty() ? "" : "; ") + text.fr;
    why.en += (why.en.empty() ? "" : "; ") + text.en;
  }
  return Fail(last.code(), why);
}

absl::Status FinishKeyFile(const std::string& path, absl::string_view key_id) {
  const std::string next = NextKeyFile(path);
  if (!FileExists(next)) return absl::OkStatus();
  const absl::StatusOr<Secret> waiting = LoadNodeKeyElsewhere(next);
  // Another one may be of a change that is just being made: never destroyed here.
  if (!waiting.ok() || NodeKeyId(*waiting) != key_id) return absl::OkStatus();
  RETURN_IF_ERROR(DestroyFile(path));
  std::error_code error;
  std::filesystem::rename(next, path, error);
  if (!error) return absl::OkStatus();
  return Fail(absl::StatusCode::kPermissionDenied,
              {absl::StrCat("impossible de renommer ", next, " en ", path, ": faites-le à la main"),
               absl::StrCat("cannot rename ", next, " to ", path, ": do it by hand")});
}

absl::Status DropNextKeyFile(const std::string& path, absl::string_view key_id) {
  RETURN_IF_ERROR(FinishKeyFile(path, key_id));
  const absl::StatusOr<Secret> now = LoadNodeKeyElsewhere(path);
  if (now.ok() && NodeKeyId(*now) == key_id) return DestroyFile(NextKeyFile(path));
  return now.ok() ? AnotherKey(path) : StickIsMissing(path);
}

absl::Status FinishKeyFiles(const Layout& layout, const storage::v1::KeyRingFile& ring) {
  const KeySlot* here = nullptr;
  for (const KeySlot& slot : ring.slots()) {
    if (slot.has_here()) here = &slot;
    if (slot.has_file()) FinishKeyFile(slot.file(), slot.key_id()).IgnoreError();
  }
  if (here != nullptr) {
    RETURN_IF_ERROR(FinishKeyFile(layout.node_key(), here->key_id()));
    // Nobody else changes keys in the folder. Where another place opened it, what lies here may be missing.
    DropNextKeyFile(layout.node_key(), here->key_id()).IgnoreError();
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(DestroyFile(layout.node_key()));
  return DestroyFile(NextKeyFile(layout.node_key()));
}

}  // namespace penc
