// How an exact vector ends: the local finisher adds all the noise; the regional one adds this office's share
// and masks it. Left of the vector nobody knows noise, right of it nobody knows records.
#pragma once
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "codebook/period.h"
#include "ledger/ledger.h"
#include "penc/v1/answer.pb.h"
#include "policy/decide.h"
#include "question/exact_vector.h"
#include "question/plan.h"

namespace penc {

class Finisher {
 public:
  virtual ~Finisher() = default;
  virtual Reach reach() const = 0;
  // Why the plan is not to be finished here, before anything is spent (regional: it is not the round's, or
  // the round is below the office's floors); nothing where it is.
  virtual absl::optional<v1::RefusalDetail> Check(const Plan& plan) const = 0;
  // The same of the edition that is open; nothing where none is. An error stops the question uncharged.
  virtual absl::StatusOr<absl::optional<v1::RefusalDetail>> CheckEdition(
      const Plan& plan, absl::optional<Edition> edition, const std::vector<Edition>& cohorts) const = 0;
  virtual SlotKey KeyOf(const Plan& plan, Edition edition) const = 0;
  // Consumes the vector. Must not branch visibly on it. The returned bytes are what COMMIT stores.
  // `cohorts`: those charged.
  virtual absl::StatusOr<std::string> Finish(const Plan& plan, Edition edition,
                                             const std::vector<Edition>& cohorts, ExactVector&& exact) = 0;
};

}  // namespace penc
