// The local finisher: this office alone answers, so it adds all the noise.
#pragma once
#include <string>

#include "base/random.h"
#include "codebook/codebook.h"
#include "ledger/ledger.h"
#include "penc/v1/answer.pb.h"
#include "policy/policy.h"
#include "release/finisher.h"

namespace penc {

class LocalNoise final : public Finisher {
 public:
  // Everything in the answer that is not in the plan. References outlive it.
  struct Setting {
    const Codebook& codebook;
    const Policy& policy;
    RandomSource& random;
    std::string organisation;
    bool practice = false;
  };
  explicit LocalNoise(const Setting& setting) : setting_(setting) {}

  Reach reach() const override { return Reach::kLocal; }
  absl::optional<v1::RefusalDetail> Check(const Plan& plan) const override { return absl::nullopt; }
  absl::StatusOr<absl::optional<v1::RefusalDetail>> CheckEdition(
      const Plan& plan, absl::optional<Edition> edition, const std::vector<Edition>& cohorts) const override;
  SlotKey KeyOf(const Plan& plan, Edition edition) const override;
  absl::StatusOr<std::string> Finish(const Plan& plan, Edition edition, const std::vector<Edition>& cohorts,
                                     ExactVector&& exact) override;

 private:
  Setting setting_;
};

// What the plan charges under a promise, in the message's terms: an office's own, or the codebook's
// reference.
v1::Charge ToCharge(const Plan& plan, const Promise& promise, const PromiseText& promise_text);
v1::Charge ToCharge(const Plan& plan, const Codebook& codebook, const Policy& policy,
                    const std::vector<Edition>& cohorts);

}  // namespace penc
