#include "office/officers.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "journal/committer.h"
#include "office/office.h"
#include "office/officer_file.h"

namespace penc {
namespace {

constexpr char kKey[] = "officers";
constexpr int kMostOfficers = 16;
constexpr size_t kMostSignatures = 4;

absl::Status Unsigned(Text text) { return Fail(absl::StatusCode::kUnauthenticated, std::move(text)); }

const storage::v1::OfficerKey* Find(const storage::v1::Officers& officers, absl::string_view key) {
  for (const storage::v1::OfficerKey& one : officers.officers())
    if (one.key() == key) return &one;
  return nullptr;
}

// Why a signature is not one of `decision`, where its fields say so.
absl::Status OfAnother(const std::string& name, const storage::v1::SignedDecision& given,
                       const storage::v1::SignedDecision& wanted) {
  if (given.office() != wanted.office())
    return Unsigned({absl::StrCat("la signature de ", name, " vaut pour une autre organisation"),
                     absl::StrCat("the signature of ", name, " is for another office")});
  if (given.decision() != wanted.decision())
    return Unsigned(
        {absl::StrCat("la signature de ", name, " décide d'autre chose (", given.decision(), ")"),
         absl::StrCat("the signature of ", name, " decides something else (", given.decision(), ")")});
  if (given.number() != wanted.number() || given.before() != wanted.before())
    return Unsigned(
        {absl::StrCat("la signature de ", name, " vaut pour le n° ", given.number(),
                      ", pas pour ce qui est en vigueur maintenant (n° ", wanted.number(),
                      "): faites signer de nouveau"),
         absl::StrCat("the signature of ", name, " is for no. ", given.number(),
                      ", not for what is in force now (no. ", wanted.number(), "): have it signed again")});
  if (given.after() != wanted.after())
    return Unsigned(
        {absl::StrCat("la signature de ", name,
                      " est celle d'un autre texte: un mot a changé depuis; faites signer ce fichier-ci"),
         absl::StrCat("the signature of ", name,
                      " is of another text: a word changed since; have this very file signed")});
  return absl::OkStatus();
}

storage::v1::SignedDecision Deciding(const char* what, const std::string& office, uint64_t number,
                                     std::string before, std::string after) {
  storage::v1::SignedDecision decision;
  decision.set_decision(what);
  decision.set_office(office);
  decision.set_number(number);
  decision.set_before(std::move(before));
  decision.set_after(std::move(after));
  return decision;
}

}  // namespace

absl::StatusOr<storage::v1::Officers> LoadOfficers(const Database& db) {
  ASSIGN_OR_RETURN(const absl::optional<std::string> bytes, db.Get(Space::kOffice, kKey));
  storage::v1::Officers officers;
  if (!bytes.has_value()) return officers;
  if (officers.ParseFromString(*bytes) && officers.format() == 1) return officers;
  return Fail(absl::StatusCode::kDataLoss,
              {"la liste des personnes qui signent est abîmée: restaurez une sauvegarde (penc restore)",
               "the list of persons who sign is damaged: restore a backup (penc restore)"});
}

bool Signers::Has(absl::string_view role) const {
  return std::any_of(persons.begin(), persons.end(),
                     [&](const storage::v1::OfficerKey& person) { return person.role() == role; });
}

absl::StatusOr<Signers> CheckSignatures(const storage::v1::Officers& officers,
                                        const storage::v1::SignedDecision& decision,
                                        const std::vector<std::string>& files) {
  if (files.size() > kMostSignatures) return Unsigned({"au plus 4 signatures", "at most 4 signatures"});
  Signers signers;
  for (size_t i = 0; i < files.size(); ++i) {
    ASSIGN_OR_RETURN(storage::v1::SignedDecision given,
                     ReadDecision(absl::StrCat("--signed ", i + 1), files[i]));
    const storage::v1::OfficerKey* person = Find(officers, given.by());
    if (person == nullptr) {
      return Unsigned({absl::StrCat("la clé ", given.by(),
                                    " a signé, mais personne ici ne l'a: penc officer list DIR montre qui "
                                    "signe; penc officer trust DIR NOM.officer inscrit quelqu'un"),
                       absl::StrCat("the key ", given.by(),
                                    " signed, but nobody here has it: penc officer list DIR shows who "
                                    "signs; penc officer trust DIR NAME.officer enrols somebody")});
    }
    const std::string& name = person->officer();
    RETURN_IF_ERROR(OfAnother(name, given, decision));
    if (std::any_of(signers.persons.begin(), signers.persons.end(),
                    [&](const storage::v1::OfficerKey& one) { return one.key() == person->key(); })) {
      return Unsigned({absl::StrCat(name, " signe deux fois: il faut deux personnes"),
                       absl::StrCat(name, " signs twice: it takes two persons")});
    }
    ASSIGN_OR_RETURN(const VerifyKey key, PublicKeyOf(*person));
    if (!IsSigned(given, key)) {
      return Unsigned(
          {absl::StrCat("la signature de ", name, " est fausse ou abîmée: faites signer de nouveau"),
           absl::StrCat("the signature of ", name, " is false or damaged: have it signed again")});
    }
    signers.persons.push_back(*person);
    signers.signatures.push_back(std::move(given));
  }
  return signers;
}

absl::Status NeedsSignature(const storage::v1::Officers& officers, const Signers& signers,
                            absl::string_view role, const Text& how_to_sign) {
  const Text called = role == "responsable" ? Text{"responsable protection", "responsable protection"}
                                            : Text{"administrateur", "administrator"};
  const bool enrolled = std::any_of(officers.officers().begin(), officers.officers().end(),
                                    [&](const storage::v1::OfficerKey& one) { return one.role() == role; });
  if (!enrolled) {
    return Fail(
        absl::StatusCode::kFailedPrecondition,
        {absl::StrCat("ceci assouplit et demande deux personnes, mais aucun ", called.fr,
                      " n'est inscrit. Cette personne tape: penc officer init DOSSIER --name NOM --role ",
                      role, "; puis: penc officer trust DIR DOSSIER/NOM.officer"),
         absl::StrCat("this loosens and takes two persons, but no ", called.en,
                      " is enrolled. That person types: penc officer init FOLDER --name NAME --role ", role,
                      "; then: penc officer trust DIR FOLDER/NAME.officer")});
  }
  if (signers.Has(role)) return absl::OkStatus();
  return Unsigned({absl::StrCat("il manque la signature: ", called.fr,
                                ". Cette personne tape: ", how_to_sign.fr, "; ajoutez --signed NOM.sig"),
                   absl::StrCat("a signature is missing: ", called.en,
                                ". That person types: ", how_to_sign.en, "; add --signed NAME.sig")});
}

storage::v1::SignedDecision PolicyDecision(const std::string& office, uint64_t version,
                                           absl::string_view before_sha256, absl::string_view after_sha256) {
  return Deciding("policy", office, version, absl::BytesToHexString(before_sha256),
                  absl::BytesToHexString(after_sha256));
}

storage::v1::SignedDecision LiftDecision(const std::string& office, uint64_t stop_leaf) {
  return Deciding("lift", office, stop_leaf, "-", "-");
}

storage::v1::SignedDecision EnrolDecision(const std::string& office, uint64_t officers_version,
                                          const storage::v1::OfficerKey& person, bool only) {
  return Deciding(
      "officers", office, officers_version + 1, "-",
      absl::StrCat(person.role(), " ", person.key(), " ", only ? "alone" : "beside", " ", person.officer()));
}

absl::StatusOr<v1::OfficersResult> TrustOfficer(Office& office, const v1::OfficerTrustCommand& command) {
  ASSIGN_OR_RETURN(const storage::v1::OfficerKey person, ReadOfficer("NAME.officer", command.officer()));
  ASSIGN_OR_RETURN(storage::v1::Officers officers, LoadOfficers(office.database()));
  if (const storage::v1::OfficerKey* known = Find(officers, person.key());
      known != nullptr && (known->role() != person.role() || !command.only())) {
    return Fail(absl::StatusCode::kAlreadyExists,
                {absl::StrCat("cette clé est déjà inscrite (", known->officer(), ", ", known->role(),
                              "); une personne ne signe que dans un rôle"),
                 absl::StrCat("this key is enrolled already (", known->officer(), ", ", known->role(),
                              "); a person signs in one role only")});
  }
  ASSIGN_OR_RETURN(
      const Signers signers,
      CheckSignatures(
          officers, EnrolDecision(office.identity().fingerprint, officers.version(), person, command.only()),
          {command.signatures().begin(), command.signatures().end()}));
  const bool first = std::none_of(officers.officers().begin(), officers.officers().end(),
                                  [&](const auto& one) { return one.role() == person.role(); });
  if (!first) {
    // Of the role, too: a responsable who made an administrator alone would be both.
    for (const std::string& role : {std::string("responsable"), person.role()}) {
      RETURN_IF_ERROR(NeedsSignature(officers, signers, role,
                                     {"penc officer vouch DIR NOM.officer --as DOSSIER > NOM.sig",
                                      "penc officer vouch DIR NAME.officer --as FOLDER > NAME.sig"}));
    }
  }
  storage::v1::Officers next;
  next.set_format(1);
  next.set_version(officers.version() + 1);
  for (const storage::v1::OfficerKey& one : officers.officers()) {
    if (one.key() != person.key() && !(command.only() && one.role() == person.role()))
      *next.add_officers() = one;
  }
  *next.add_officers() = person;
  if (next.officers_size() > kMostOfficers)
    return Fail(absl::StatusCode::kResourceExhausted,
                {"au plus 16 personnes: --only retire les autres du même rôle",
                 "at most 16 persons: --only takes the others out of the role"});
  RETURN_IF_ERROR(office.committer().Commit([&](Staging& staging) {
    office.database().Put(staging.batch(), Space::kOffice, kKey, next.SerializeAsString());
    storage::v1::JournalLeaf leaf;
    *leaf.mutable_officers_changed()->mutable_officers() = next;
    for (const storage::v1::SignedDecision& one : signers.signatures)
      *leaf.mutable_officers_changed()->add_signers() = one;
    staging.Leaf(std::move(leaf));
    return absl::OkStatus();
  }));
  return ListOfficers(office);
}

absl::StatusOr<v1::OfficersResult> ListOfficers(Office& office) {
  ASSIGN_OR_RETURN(const storage::v1::Officers officers, LoadOfficers(office.database()));
  v1::OfficersResult result;
  for (const storage::v1::OfficerKey& one : officers.officers()) *result.add_officers() = ToMessage(one);
  result.set_version(officers.version());
  result.set_office(office.identity().fingerprint);
  result.set_practice(office.config().practice());
  const Rules rules = office.rules();
  result.set_stopped(rules.stopped);
  result.set_stop_leaf(rules.stop_leaf);
  return result;
}

}  // namespace penc
