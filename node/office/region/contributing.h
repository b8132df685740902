// This office's answer to a regional round: the order of harm with the regional finisher. What it makes is a
// file in DIR/contributions; office/region/region.h sends it.
#pragma once
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "federation/roster.h"
#include "federation/round.h"
#include "office/layout.h"
#include "office/work.h"
#include "penc/v1/answer.pb.h"

namespace penc {

class Office;

struct Contributed {
  absl::optional<v1::RefusalDetail> refusal;  // set: declined, and nothing was spent by it
  std::string file_sha256;                    // else: of the contribution file, as committed
  PlannedWork work;                           // zero where it was not planned
};

// Charges at most once per attempt. `roster`: the pinned one that the round names; `member`: the office's
// index in it. Errors as for release/release.h's Answer: what was charged stays charged, and the next call
// completes it, at most three times.
absl::StatusOr<Contributed> Contribute(Office& office, const Round& round, const CheckedRoster& roster,
                                       uint32_t member);

std::string ContributionPath(const Layout& layout, absl::string_view qid, uint32_t attempt);

}  // namespace penc
