// All that is stored under one person's key, staged and closed. Internal to the store.
#pragma once
#include "absl/status/statusor.h"
#include "base/database.h"
#include "store/generation.h"
#include "store/record_store.h"

namespace penc {

absl::StatusOr<PersonRecord> ReadPersonRows(const Database& db, const Snapshot& snapshot, const PersonKey& person);

}  // namespace penc
