// What people who sign for an office have and give away: a folder with their key, a NAME.officer file (how to
// know them), and the signature files that they make.
//
//   FOLDER/officer.key    Ed25519, PEM, 0600: stays with the person, never on the office's computer alone
//   FOLDER/NAME.officer   to enrol the person with (penc officer trust)
#pragma once
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "base/random.h"
#include "crypto/signature.h"
#include "penc/storage/v1/officer.pb.h"
#include "penc/v1/admin_rules.pb.h"

namespace penc {

// INVALID_ARGUMENT with file and line. `file` is only named in errors.
absl::StatusOr<storage::v1::OfficerKey> ReadOfficer(absl::string_view file, absl::string_view text);
storage::v1::OfficerKey MakeOfficer(const std::string& name, const std::string& role, const VerifyKey& key);
std::string WriteOfficer(const storage::v1::OfficerKey& officer);
absl::StatusOr<VerifyKey> PublicKeyOf(const storage::v1::OfficerKey& officer);
v1::Officer ToMessage(const storage::v1::OfficerKey& officer);

// A role as people type it ("administrateur" is one, too) as OfficerKey has it; nothing where it is none.
absl::optional<std::string> OfficerRole(absl::string_view typed);

// Makes folder, key and NAME.officer; `role` is "responsable" or "administrator". ALREADY_EXISTS where the
// folder is not empty. The path of NAME.officer.
absl::StatusOr<std::string> CreateOfficer(const std::string& folder, const std::string& name,
                                          const std::string& role, RandomSource& random);

struct OpenOfficer {
  storage::v1::OfficerKey officer;
  SigningKey key;
};
// NOT_FOUND where this is no such folder; DATA_LOSS where key and file do not belong together.
absl::StatusOr<OpenOfficer> OpenOfficerFolder(const std::string& folder);

// ---- decisions (officer.proto: SignedDecision)

// Sets `by` and `signature`.
storage::v1::SignedDecision Sign(storage::v1::SignedDecision decision, const SigningKey& key);
// Whether this key signed exactly this.
bool IsSigned(const storage::v1::SignedDecision& decision, const VerifyKey& key);
absl::StatusOr<storage::v1::SignedDecision> ReadDecision(absl::string_view file, absl::string_view text);
std::string WriteDecision(const storage::v1::SignedDecision& decision);

}  // namespace penc
