// A locked node at its network's hub: asks the stewards for its key until enough of them have given their
// share (federation/unlock.md). Needs nothing but what lies in its folder and a line to the hub; nobody has
// to do anything.
#pragma once
#include <functional>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/status.h"
#include "crypto/secret.h"
#include "penc/storage/v1/keys.pb.h"

namespace penc::rpc {

struct AskStewardsOptions {
  absl::Duration patience = absl::Seconds(60);  // infinite: a node that serves
  absl::Duration every = absl::Seconds(2);      // how often the hub is asked
  absl::Duration again = absl::Minutes(5);      // after so many refusals that this request cannot succeed
  std::function<bool()> stopped;                // looked at a few times a second; may be empty
  std::function<void(const Text&)> tell;        // how it goes; may be empty
};

// PERMISSION_DENIED where the network has taken the member off its roster: the stewards keep their shares,
// and asking again changes nothing. UNAVAILABLE where patience ended, with how many have answered, or why
// the hub was not reached. CANCELLED where it was stopped.
absl::StatusOr<Secret> AskStewards(const storage::v1::StewardSlot& slot, const Clock& clock,
                                   RandomSource& random, const AskStewardsOptions& options);

}  // namespace penc::rpc
