#include "office/officer_file.h"

#include <filesystem>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/folder.h"
#include "base/names.h"
#include "base/status.h"
#include "base/yaml.h"
#include "crypto/keyfile.h"
#include "office/card.h"

namespace penc {
namespace {

namespace fs = std::filesystem;

std::string KeyFile(const std::string& folder) { return absl::StrCat(folder, "/officer.key"); }

std::string Base64(absl::string_view bytes) {
  std::string text = absl::Base64Escape(bytes);
  text.erase(text.find_last_not_of('=') + 1);
  return text;
}

// A line each, so that no field can be read as a part of another: none holds a new line.
std::string SignedBytes(const storage::v1::SignedDecision& decision) {
  return absl::StrCat("penc decision v1\ndecision: ", decision.decision(), "\noffice: ", decision.office(),
                      "\nnumber: ", decision.number(), "\nbefore: ", decision.before(),
                      "\nafter: ", decision.after(), "\nby: ", decision.by(), "\n");
}

}  // namespace

absl::StatusOr<VerifyKey> PublicKeyOf(const storage::v1::OfficerKey& officer) {
  std::string bytes;
  if (!absl::Base64Unescape(officer.public_key(), &bytes)) bytes.clear();
  return VerifyKey::FromBytes(bytes);
}

absl::optional<std::string> OfficerRole(absl::string_view typed) {
  for (const auto& [name, role] :
       {std::pair("responsable", "responsable"), std::pair("responsable protection", "responsable"),
        std::pair("administrator", "administrator"), std::pair("administrateur", "administrator")})
    if (absl::EqualsIgnoreCase(typed, name)) return std::string(role);
  return absl::nullopt;
}

absl::StatusOr<storage::v1::OfficerKey> ReadOfficer(absl::string_view file, absl::string_view text) {
  storage::v1::OfficerKey officer;
  YamlLines lines;
  RETURN_IF_ERROR(ReadYaml(file, text, &officer, &lines));
  if (absl::Status name = CheckDisplayName(officer.officer()); !name.ok())
    return lines.Error("officer", Explain(name));
  const absl::optional<std::string> role = OfficerRole(officer.role());
  if (!role.has_value())
    return lines.Error("role", {"responsable ou administrateur", "responsable or administrator"});
  officer.set_role(*role);
  const absl::StatusOr<VerifyKey> key = PublicKeyOf(officer);
  if (!key.ok() || key->Fingerprint() != officer.key())
    return lines.Error("public_key", {"la clé n'a pas l'empreinte de la ligne key: redemandez ce fichier",
                                      "the key has not the fingerprint of the line key: ask for the file "
                                      "again"});
  return officer;
}

storage::v1::OfficerKey MakeOfficer(const std::string& name, const std::string& role, const VerifyKey& key) {
  storage::v1::OfficerKey officer;
  officer.set_officer(name);
  officer.set_role(role);
  officer.set_key(key.Fingerprint());
  officer.set_public_key(Base64(key.bytes()));
  return officer;
}

std::string WriteOfficer(const storage::v1::OfficerKey& officer) {
  return absl::StrCat("officer: ", YamlQuoted(officer.officer()), "\nrole: ", officer.role(),
                      "\nkey: ", YamlQuoted(officer.key()),
                      "\npublic_key: ", YamlQuoted(officer.public_key()), "\n");
}

v1::Officer ToMessage(const storage::v1::OfficerKey& officer) {
  v1::Officer out;
  out.set_name(officer.officer());
  out.set_role(officer.role() == "responsable" ? v1::OFFICER_ROLE_RESPONSABLE
                                               : v1::OFFICER_ROLE_ADMINISTRATOR);
  out.set_key(officer.key());
  return out;
}

absl::StatusOr<std::string> CreateOfficer(const std::string& folder, const std::string& name,
                                          const std::string& role, RandomSource& random) {
  RETURN_IF_ERROR(CheckDisplayName(name));
  const std::string file = FileNameOf(name);
  RETURN_IF_ERROR(CheckFileName(file));
  std::error_code error;
  if (fs::exists(folder, error) && !fs::is_empty(folder, error)) {
    return Fail(absl::StatusCode::kAlreadyExists,
                {absl::StrCat(folder, " n'est pas vide: donnez un nouveau dossier; rien n'a été modifié"),
                 absl::StrCat(folder, " is not empty: give a new folder; nothing was changed")});
  }
  const SigningKey key = SigningKey::Generate(random);
  const storage::v1::OfficerKey officer = MakeOfficer(name, role, key.verify_key());
  RETURN_IF_ERROR(ReadOfficer(file, WriteOfficer(officer)));  // what is written must read back
  if (!fs::exists(folder, error)) RETURN_IF_ERROR(MakePrivateFolder(folder));
  RETURN_IF_ERROR(SaveSigningKey(KeyFile(folder), key));
  std::string path = absl::StrCat(folder, "/", file, ".officer");
  RETURN_IF_ERROR(WriteFileAtomically(path, WriteOfficer(officer)));
  return path;
}

absl::StatusOr<OpenOfficer> OpenOfficerFolder(const std::string& folder) {
  std::string path;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".officer") path = entry.path().string();
  }
  if (path.empty()) {
    return Fail(absl::StatusCode::kNotFound,
                {absl::StrCat(folder, " n'est pas le dossier d'une personne qui signe: penc officer init ",
                              folder, " --name NOM --role responsable"),
                 absl::StrCat(folder, " is not the folder of a person who signs: penc officer init ", folder,
                              " --name NAME --role responsable")});
  }
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path, 64 << 10));
  ASSIGN_OR_RETURN(storage::v1::OfficerKey officer, ReadOfficer(path, text));
  ASSIGN_OR_RETURN(SigningKey key, LoadSigningKey(KeyFile(folder)));
  if (key.verify_key().Fingerprint() != officer.key()) {
    return Fail(
        absl::StatusCode::kDataLoss,
        {absl::StrCat(path, " ne va pas avec ", KeyFile(folder), ": remettez les deux fichiers d'origine"),
         absl::StrCat(path, " does not belong to ", KeyFile(folder), ": put both original files back")});
  }
  return OpenOfficer{std::move(officer), std::move(key)};
}

storage::v1::SignedDecision Sign(storage::v1::SignedDecision decision, const SigningKey& key) {
  decision.set_by(key.verify_key().Fingerprint());
  decision.set_signature(Base64(key.Sign(SignedBytes(decision))));
  return decision;
}

bool IsSigned(const storage::v1::SignedDecision& decision, const VerifyKey& key) {
  std::string signature;
  return absl::Base64Unescape(decision.signature(), &signature) &&
         key.Verify(SignedBytes(decision), signature);
}

absl::StatusOr<storage::v1::SignedDecision> ReadDecision(absl::string_view file, absl::string_view text) {
  storage::v1::SignedDecision decision;
  YamlLines lines;
  RETURN_IF_ERROR(ReadYaml(file, text, &decision, &lines));
  return decision;
}

std::string WriteDecision(const storage::v1::SignedDecision& decision) {
  return absl::StrCat("decision: ", decision.decision(), "\noffice: ", YamlQuoted(decision.office()),
                      "\nnumber: ", decision.number(), "\nbefore: ", YamlQuoted(decision.before()),
                      "\nafter: ", YamlQuoted(decision.after()), "\nby: ", YamlQuoted(decision.by()),
                      "\nsignature: ", YamlQuoted(decision.signature()), "\n");
}

}  // namespace penc
