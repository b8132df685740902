// One person out of everything that is sealed, and the look afterwards that nothing of them is left. Internal to the
// store.
#pragma once
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "base/database.h"
#include "base/random.h"
#include "store/generation.h"
#include "store/record_store.h"

namespace penc {

struct StagedErasure {
  uint64_t rows = 0;
  bool known = false;                         // some batch knew the person, with rows or without
  std::map<std::string, std::string> blocks;  // by key: sealed again without the person
};

// Takes the person out of what waits for a closing: entries of batches in `manifest`, blocks in the result.
absl::StatusOr<StagedErasure> EraseStaged(const Database& db, const Generation& generation, RandomSource& random,
                                          const PersonKey& person, storage::v1::Manifest& manifest);

// Opens everything in the space `records` but what is due (layout.h, PurgeKey) and looks for the person's key. DATA_LOSS
// where something does not open, INTERNAL where the key is found.
absl::StatusOr<ErasureProof> SeekPerson(const Database& db, const Generation& generation, const Secret& manifest_key,
                                        const PersonKey& person);

}  // namespace penc
