// Writes a new generation: the old one and the staged batches, person by person in key order, in bounded
// memory. Internal to the store.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "base/database.h"
#include "base/random.h"
#include "store/generation.h"
#include "store/rows.h"

namespace penc {

struct MergePlan {
  std::vector<uint64_t> staged;            // batches to take in
  std::set<uint64_t> dropped_batches;      // rows of these go
  absl::optional<PersonKey> erased;        // this person goes, key and all
  bool withdraw = false;                   // rows without consent go
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
