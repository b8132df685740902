// Texts that were put into force (policies, codebooks), every version kept in the database, column family
// `office`: "policy/" or "codebook/" and the version as 8 bytes big-endian -> storage.v1.AppliedText.
#pragma once
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "base/database.h"
#include "journal/committer.h"
#include "penc/storage/v1/office.pb.h"

namespace penc {

enum class AppliedKind { kPolicy, kCodebook };

// The version in force: the latest. Nothing where none was applied. DATA_LOSS where it does not verify.
absl::StatusOr<absl::optional<storage::v1::AppliedText>> LatestApplied(const Database& db, AppliedKind kind);

// Every version, the latest first.
absl::StatusOr<std::vector<storage::v1::AppliedText>> AllApplied(const Database& db, AppliedKind kind);

// Stages the next version and its journal leaf. `name` is shown in the journal.
storage::v1::AppliedText NextApplied(uint64_t previous_version, absl::string_view text, absl::Time now);
void StageApplied(const Database& db, Staging& staging, AppliedKind kind, const std::string& name,
                  const storage::v1::AppliedText& applied);

}  // namespace penc
