#include "office/applied.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "crypto/hash.h"

namespace penc {
namespace {

absl::string_view Prefix(AppliedKind kind) { return kind == AppliedKind::kPolicy ? "policy/" : "codebook/"; }

std::string Key(AppliedKind kind, uint64_t version) {
  std::string key(Prefix(kind));
  for (int shift = 56; shift >= 0; shift -= 8) key += static_cast<char>(version >> shift & 0xff);
  return key;
}

absl::StatusOr<storage::v1::AppliedText> Read(AppliedKind kind, absl::string_view bytes) {
  storage::v1::AppliedText applied;
  if (applied.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) && applied.format() == 1 &&
      applied.sha256() == Sha256(applied.text()))
    return applied;
  return Fail(
      absl::StatusCode::kDataLoss,
      {absl::StrCat("la version en vigueur est abîmée (", Prefix(kind), "): restaurez une sauvegarde"),
       absl::StrCat("the version in force is damaged (", Prefix(kind), "): restore a backup")});
}

}  // namespace

absl::StatusOr<absl::optional<storage::v1::AppliedText>> LatestApplied(const Database& db, AppliedKind kind) {
  std::string latest;
  RETURN_IF_ERROR(db.Scan(Space::kOffice, Prefix(kind), [&](absl::string_view, absl::string_view value) {
    latest = std::string(value);
    return true;
  }));
  if (latest.empty()) return absl::optional<storage::v1::AppliedText>();
  ASSIGN_OR_RETURN(storage::v1::AppliedText applied, Read(kind, latest));
  return absl::optional<storage::v1::AppliedText>(std::move(applied));
}

absl::StatusOr<std::vector<storage::v1::AppliedText>> AllApplied(const Database& db, AppliedKind kind) {
  std::vector<storage::v1::AppliedText> all;
  absl::Status status;
  RETURN_IF_ERROR(db.Scan(Space::kOffice, Prefix(kind), [&](absl::string_view, absl::string_view value) {
    absl::StatusOr<storage::v1::AppliedText> applied = Read(kind, value);
    status = applied.status();
    if (applied.ok()) all.push_back(*std::move(applied));
    return status.ok();
  }));
  RETURN_IF_ERROR(status);
  std::reverse(all.begin(), all.end());
  return all;
}

storage::v1::AppliedText NextApplied(uint64_t previous_version, absl::string_view text, absl::Time now) {
  storage::v1::AppliedText applied;
  applied.set_format(1);
  applied.set_version(previous_version + 1);
  applied.set_applied_unix_micros(absl::ToUnixMicros(now));
  applied.set_text(std::string(text));
  applied.set_sha256(Sha256(text));
  return applied;
}

void StageApplied(const Database& db, Staging& staging, AppliedKind kind, const std::string& name,
                  const storage::v1::AppliedText& applied) {
  db.Put(staging.batch(), Space::kOffice, Key(kind, applied.version()), applied.SerializeAsString());
  storage::v1::JournalLeaf leaf;
  storage::v1::Applied* what =
      kind == AppliedKind::kPolicy ? leaf.mutable_policy_applied() : leaf.mutable_codebook_applied();
  what->set_name(name);
  what->set_sha256(applied.sha256());
  what->set_version(applied.version());
  what->set_verdict(applied.verdict());
  *what->mutable_signers() = applied.signatures();
  staging.Leaf(std::move(leaf));
}

}  // namespace penc
