// How an exact vector ends: the local finisher adds all the noise; the regional one adds this office's share
// and masks it. Left of the vector nobody knows noise, right of it nobody knows records.
#pragma once
#include <string>

#include "absl/status/statusor.h"
#include "codebook/period.h"
#include "ledger/ledger.h"
#include "question/exact_vector.h"
#include "question/plan.h"
#include "question/release.h"

namespace penc {

class Finisher {
 public:
  virtual ~Finisher() = default;
  // Regional: the recomputed plan equals the descriptor. Before anything is spent.
  virtual absl::Status Check(const Plan& plan) = 0;
  virtual SlotKey KeyOf(const Plan& plan, Edition edition) = 0;
  // Consumes the vector. Must not branch visibly on it. The returned bytes are what COMMIT stores and what
  // leaves.
  virtual absl::StatusOr<std::string> Finish(const Plan& plan, Edition edition, ExactVector&& exact) = 0;
};

}  // namespace penc
