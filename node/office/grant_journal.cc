#include "office/grant_journal.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace penc {
namespace {

constexpr char kPrefix[] = "grant/";

bool Same(const storage::v1::Granted& a, const storage::v1::Granted& b) {
  return a.name() == b.name() && a.sha256() == b.sha256() && a.key() == b.key();
}

}  // namespace

absl::Status GrantJournal::Load() {
  if (loaded_) return absl::OkStatus();
  ByFile found;
  bool readable = true;
  RETURN_IF_ERROR(db_.Scan(Space::kOffice, kPrefix, [&](absl::string_view key, absl::string_view value) {
    key.remove_prefix(sizeof(kPrefix) - 1);
    readable = found[std::string(key)].ParseFromArray(value.data(), static_cast<int>(value.size()));
    return readable;
  }));
  if (!readable) {
    return Fail(
        absl::StatusCode::kDataLoss,
        {"ce que le journal a dit des autorisations est abîmé: restaurez une sauvegarde (penc restore)",
         "what the journal said about grants is damaged: restore a backup (penc restore)"});
  }
  journaled_ = std::move(found);
  loaded_ = true;
  return absl::OkStatus();
}

absl::Status GrantJournal::Follow(const ByFile& in_force) {
  RETURN_IF_ERROR(Load());
  std::vector<storage::v1::JournalLeaf> leaves;
  ByFile put;
  std::vector<std::string> gone;
  for (const auto& [file, grant] : journaled_) {
    if (in_force.count(file) != 0) continue;
    gone.push_back(file);
    *leaves.emplace_back().mutable_grant_removed() = grant;
  }
  for (const auto& [file, grant] : in_force) {
    const auto before = journaled_.find(file);
    if (before != journaled_.end() && Same(before->second, grant)) continue;
    put[file] = grant;
    storage::v1::JournalLeaf& leaf = leaves.emplace_back();
    *(before == journaled_.end() ? leaf.mutable_granted() : leaf.mutable_grant_changed()) = grant;
  }
  if (leaves.empty()) return absl::OkStatus();
  absl::Status committed = committer_.Commit([&](Staging& staging) {
    for (const auto& [file, grant] : put)
      db_.Put(staging.batch(), Space::kOffice, absl::StrCat(kPrefix, file), grant.SerializeAsString());
    for (const std::string& file : gone)
      db_.Delete(staging.batch(), Space::kOffice, absl::StrCat(kPrefix, file));
    for (const storage::v1::JournalLeaf& leaf : leaves) staging.Leaf(leaf);
    return absl::OkStatus();
  });
  if (!committed.ok()) {
    loaded_ = false;  // the disk says what was written
    return committed;
  }
  journaled_ = in_force;
  return absl::OkStatus();
}

bool GrantJournal::Journaled(const std::string& file, const storage::v1::Granted& grant) const {
  const auto found = journaled_.find(file);
  return found != journaled_.end() && Same(found->second, grant);
}

}  // namespace penc
