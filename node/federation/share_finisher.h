// The regional finisher: this office adds its share of the noise and masks its vector; what leaves is nothing
// without all the others. The round's part in the order of harm (release/release.cc): it declines a plan that
// is not the round's, and its KEEP writes the contribution before COMMIT makes it the only one.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "base/random.h"
#include "codebook/codebook.h"
#include "crypto/signature.h"
#include "federation/roster.h"
#include "federation/round.h"
#include "policy/policy.h"
#include "release/finisher.h"

namespace penc {

class ShareFinisher final : public Finisher {
 public:
  // References outlive it.
  struct Setting {
    const Round& round;
    const CheckedRoster& roster;  // the one that the round names
    const Codebook& codebook;
    const RegionalFloors& floors;
    uint32_t office = 0;    // index into the roster's members
    const SigningKey& key;  // the member's
    RandomSource& random;
    // Where the charge log stands, this charge included; called after RESERVE.
    std::function<absl::StatusOr<v1::ChargeLogHead>()> charge_log;
    // Makes the bytes of a storage.v1.ContributionFile durable.
    std::function<absl::Status(const std::string& file)> keep;
  };
  explicit ShareFinisher(const Setting& setting) : setting_(setting) {}

  Reach reach() const override { return Reach::kRegional; }
  absl::optional<v1::RefusalDetail> Check(const Plan& plan) const override;
  // Only the edition that the round asks. An office without cohorts in the plan's range, or without rows,
  // contributes zeros and noise: that it has none is protected.
  absl::StatusOr<absl::optional<v1::RefusalDetail>> CheckEdition(
      const Plan& plan, absl::optional<Edition> edition, const std::vector<Edition>& cohorts) const override;
  SlotKey KeyOf(const Plan& plan, Edition edition) const override;
  // SHA-256 of the file that was kept: 32 bytes.
  absl::StatusOr<std::string> Finish(const Plan& plan, Edition edition, const std::vector<Edition>& cohorts,
                                     ExactVector&& exact) override;

 private:
  const Setting setting_;
};

// One charge an attempt: SHA-256("penc round slot v1\n" ‖ qid ‖ attempt, 4 bytes, big-endian).
SlotKey RoundSlot(const Round& round);

}  // namespace penc
