// Who may sign for an office, and what needs whose signature. Loosening a policy needs a responsable and an
// administrator, two persons with a key each; ending an emergency stop needs a responsable, changing who may
// sign one and somebody of the role that changes. An exercise may loosen alone.
//
// The attack: one person, at the office's computer, opens alone what two should have decided. So a signature
// names the office, the number of what it is used on, and the exact texts before and after: it is of no use
// for another policy, office or time. A key stands in one role only. The first person of a role is taken at
// their word: whoever enrols first could enrol a key of their own in both names. That stands in the journal
// and in `penc officer list`, where each person must see their own fingerprint; until somebody is enrolled,
// nothing loosens. A key that is lost with nobody else in its role is lost for good: keep a copy of the
// folder in a closed envelope, or enrol a deputy. Somebody with the disk and a program of their own is not
// held up by any of this; restoring an old backup brings the old rules and persons back, and the journal says
// so.
#pragma once
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/database.h"
#include "base/status.h"
#include "penc/storage/v1/officer.pb.h"
#include "penc/v1/admin_rules.pb.h"

namespace penc {

class Office;

// In the database's space `office` under "officers". Nobody where there is none. DATA_LOSS.
absl::StatusOr<storage::v1::Officers> LoadOfficers(const Database& db);

// Signatures that were checked, and whose they are.
struct Signers {
  std::vector<storage::v1::OfficerKey> persons;
  std::vector<storage::v1::SignedDecision> signatures;

  bool Has(absl::string_view role) const;
};

// Each of `files` (signature files, as text) must be an enrolled person's signature of exactly `decision`,
// and no person's twice. UNAUTHENTICATED with what is wrong: not enrolled, of another decision, damaged.
absl::StatusOr<Signers> CheckSignatures(const storage::v1::Officers& officers,
                                        const storage::v1::SignedDecision& decision,
                                        const std::vector<std::string>& files);

// FAILED_PRECONDITION with how to enrol where nobody is in `role`; UNAUTHENTICATED where nobody of it signed,
// with the command that signs.
absl::Status NeedsSignature(const storage::v1::Officers& officers, const Signers& signers,
                            absl::string_view role, const Text& how_to_sign);

// What is signed, without `by` and `signature`.
storage::v1::SignedDecision PolicyDecision(const std::string& office, uint64_t version,
                                           absl::string_view before_sha256, absl::string_view after_sha256);
storage::v1::SignedDecision LiftDecision(const std::string& office, uint64_t stop_leaf);
// The person's name, too: it is what others read beside what was signed later.
storage::v1::SignedDecision EnrolDecision(const std::string& office, uint64_t officers_version,
                                          const storage::v1::OfficerKey& person, bool only);

// Enrols a person (one write with its journal leaf). Held: office.writing().
absl::StatusOr<v1::OfficersResult> TrustOfficer(Office& office, const v1::OfficerTrustCommand& command);
absl::StatusOr<v1::OfficersResult> ListOfficers(Office& office);

}  // namespace penc
