// Writes a new generation: the old one and the staged batches, person by person in key order, in bounded
// memory. Internal to the store.
#pragma once
#include <functional>

#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "base/database.h"
#include "base/random.h"
#include "store/generation.h"
#include "store/rows.h"
#include "store/visit.h"

namespace penc {

struct MergePlan : RowChoice {
  absl::optional<PersonKey> erased;        // this person goes, key and all
  Edition cohort = 0;                      // of persons who are new
  uint64_t target = 0;                     // number of the generation to write
  uint32_t segment_rows = 65536;           // of the largest table
  std::function<void(uint64_t)> progress;  // rows written
};

// `manifest` says what there is (tables, batches); its segments are replaced by the new ones. Returns the
// rows that the erased person had in the old generation, nothing where it did not know them. Chunks are
// written, not synced: the manifest's own write makes them durable with it.
absl::StatusOr<absl::optional<uint64_t>> WriteGeneration(Database& db, RandomSource& random,
                                                         const Generation& old, const MergePlan& plan,
                                                         storage::v1::Manifest& manifest);

}  // namespace penc
