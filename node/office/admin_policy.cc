#include "office/admin_policy.h"

#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "office/applied.h"
#include "office/officer_file.h"
#include "policy/diff.h"
#include "policy/read.h"

namespace penc {
namespace {

v1::PolicyVersion VersionOf(const storage::v1::AppliedText& applied, const Codebook& codebook) {
  v1::PolicyVersion version;
  version.set_version(applied.version());
  // Old versions may speak of columns that the codebook no longer has; then only the number is known.
  if (const auto policy = ReadPolicy("policy.yaml", applied.text(), codebook); policy.ok())
    version.set_name(policy->name);
  version.set_applied_unix_micros(applied.applied_unix_micros());
  if (v1::Direction_IsValid(static_cast<int>(applied.verdict())))
    version.set_verdict(static_cast<v1::Direction>(applied.verdict()));
  for (const storage::v1::OfficerKey& person : applied.signers()) *version.add_signers() = ToMessage(person);
  return version;
}

}  // namespace

absl::StatusOr<v1::PolicyApplyResult> ApplyPolicy(Office& office, const v1::PolicyApplyCommand& command) {
  ASSIGN_OR_RETURN(Office::AppliedPolicy applied,
                   office.ApplyPolicy(command.file_name(), command.text(),
                                      {command.signatures().begin(), command.signatures().end()}));
  v1::PolicyApplyResult result;
  result.set_policy(office.rules().policy->name);
  result.set_version(applied.version);
  *result.mutable_comparison() = std::move(applied.comparison);
  for (v1::Officer& signer : applied.signers) *result.add_signers() = std::move(signer);
  result.set_alone(applied.alone);
  result.set_unchanged(applied.unchanged);
  return result;
}

absl::StatusOr<v1::PolicyDiffResult> DiffPolicy(Office& office, const v1::PolicyDiffCommand& command) {
  const Rules now = office.rules();
  ASSIGN_OR_RETURN(const Policy proposed, ReadPolicy(command.file_name(), command.text(), *now.codebook));
  ASSIGN_OR_RETURN(const absl::optional<storage::v1::AppliedText> last,
                   LatestApplied(office.database(), AppliedKind::kPolicy));
  v1::PolicyDiffResult result;
  *result.mutable_comparison() = Compare(*now.policy, proposed, *now.codebook);
  result.set_version(last ? last->version() : 0);
  result.set_in_force(now.policy->name);
  result.set_proposed(proposed.name);
  result.set_old_sha256(absl::BytesToHexString(now.policy->hash));
  result.set_new_sha256(absl::BytesToHexString(proposed.hash));
  result.set_office(office.identity().fingerprint);
  return result;
}

absl::StatusOr<v1::PolicyVersionsResult> ListPolicies(Office& office) {
  const Rules now = office.rules();
  ASSIGN_OR_RETURN(const std::vector<storage::v1::AppliedText> all,
                   AllApplied(office.database(), AppliedKind::kPolicy));
  v1::PolicyVersionsResult result;
  for (const storage::v1::AppliedText& applied : all)
    *result.add_versions() = VersionOf(applied, *now.codebook);
  return result;
}

absl::StatusOr<v1::PolicyTextResult> ShowPolicy(Office& office, const v1::PolicyTextCommand& command) {
  const Rules now = office.rules();
  ASSIGN_OR_RETURN(const std::vector<storage::v1::AppliedText> all,
                   AllApplied(office.database(), AppliedKind::kPolicy));
  for (const storage::v1::AppliedText& applied : all) {
    if (command.version() != 0 && applied.version() != command.version()) continue;
    v1::PolicyTextResult result;
    *result.mutable_version() = VersionOf(applied, *now.codebook);
    result.set_text(applied.text());
    return result;
  }
  return Fail(absl::StatusCode::kNotFound, {absl::StrCat("pas de version ", command.version(), ": il y en a ",
                                                         all.size(), ", de 1 à ", all.size()),
                                            absl::StrCat("no version ", command.version(), ": there are ",
                                                         all.size(), ", from 1 to ", all.size())});
}

}  // namespace penc
