// An independent check of a journal: recomputes every leaf and the root with code that shares only hashing
// and codecs with the writer. It trusts neither the writer's frontier nor its indexes.
#pragma once
#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/database.h"
#include "journal/note.h"

namespace penc {

struct VerifiedJournal {
  uint64_t size = 0;
  std::string root;  // 32 bytes
};

// Reads every leaf of `db`. DATA_LOSS names the first entry that is missing, unreadable, out of order in
// form, or the root that differs from `checkpoint` (may be null). `progress` may be empty.
absl::StatusOr<VerifiedJournal> VerifyJournal(const Database& db, const Checkpoint* checkpoint,
                                              const std::function<void(uint64_t)>& progress);

}  // namespace penc
