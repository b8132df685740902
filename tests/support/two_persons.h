// Two persons who sign for an office, as its responsable and its administrator. Header only.
#pragma once
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "crypto/hash.h"
#include "crypto/secure_random.h"
#include "office/admin.h"
#include "office/office.h"
#include "office/officer_file.h"
#include "office/officers.h"

namespace penc {

struct SigningPerson {
  SigningPerson(const std::string& name, const std::string& role, RandomSource& random)
      : key(SigningKey::Generate(random)), officer(MakeOfficer(name, role, key.verify_key())) {}
  std::string Signs(const storage::v1::SignedDecision& decision) const {
    return WriteDecision(Sign(decision, key));
  }
  // That `text` becomes the office's next policy.
  std::string SignsPolicy(Office& office, const std::string& text) const {
    v1::AdminCommand command;
    command.mutable_policy_versions();
    const uint64_t last =
        Administer(office, command, nullptr, nullptr)->policy_versions().versions(0).version();
    return Signs(
        PolicyDecision(office.identity().fingerprint, last + 1, office.rules().policy->hash, Sha256(text)));
  }
  absl::Status EnrolIn(Office& office, const std::vector<std::string>& signatures = {},
                       bool only = false) const {
    v1::AdminCommand command;
    command.mutable_officer_trust()->set_officer(WriteOfficer(officer));
    command.mutable_officer_trust()->set_only(only);
    for (const std::string& one : signatures) command.mutable_officer_trust()->add_signatures(one);
    return Administer(office, command, nullptr, nullptr).status();
  }

  SigningKey key;
  storage::v1::OfficerKey officer;
};

struct TwoPersons {
  SecureRandom random;
  SigningPerson awa{"Awa", "responsable", random};
  SigningPerson moussa{"Moussa", "administrator", random};

  // Puts a policy into force as both of them; enrols them where they are not yet.
  absl::StatusOr<Office::AppliedPolicy> Apply(Office& office, const std::string& text) {
    for (const SigningPerson* one : {&awa, &moussa}) one->EnrolIn(office).IgnoreError();
    return office.ApplyPolicy("p.yaml", text,
                              {awa.SignsPolicy(office, text), moussa.SignsPolicy(office, text)});
  }
};

}  // namespace penc
