// One pass over persons: a plan's exact vector from a snapshot. Parallel over segments; the result does not
// depend on the number of threads. Internal to the store.
#pragma once
#include "absl/status/statusor.h"
#include "crypto/secret.h"
#include "question/exact_vector.h"
#include "question/plan.h"
#include "store/generation.h"

namespace penc {

// `cap_key` is secret: it decides what a cap keeps. DATA_LOSS names a damaged chunk.
class Extraction {
 public:
  static absl::StatusOr<ExactVector> Run(const Snapshot& snapshot, const Plan& plan, const Secret& cap_key,
                                         int threads);
  // The same of what a closing now would leave: staged rows, and who is new among them in `cohort`. One
  // thread. Nothing may be closed or undone meanwhile.
  static absl::StatusOr<ExactVector> RunAsIfClosed(const Database& db, const Snapshot& snapshot,
                                                   const Plan& plan, const Secret& cap_key, Edition cohort);
};

}  // namespace penc
