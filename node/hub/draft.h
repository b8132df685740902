// The next roster: the one in force, with everybody who waits, and what the secretariat wishes. Pure, but for
// the salt. Drafts are carried from one root key to the next in a small file.
#pragma once
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/random.h"
#include "crypto/signature.h"
#include "federation/roster.h"
#include "penc/storage/v1/hub.pb.h"
#include "penc/v1/hub_admin.pb.h"

namespace penc {

// What is known when a roster is composed.
struct DraftGround {
  const storage::v1::HubConfig& config;  // decides in the first roster; the address always
  VerifyKey hub_key;
  const CheckedRoster* latest;  // null: none yet
  std::vector<storage::v1::HubWaiting> waiting;
};

// Without signatures. INVALID_ARGUMENT with what is wrong: an unknown name, too few members of a region.
absl::StatusOr<CheckedRoster> Compose(const DraftGround& ground, const v1::HubComposeCommand& wish,
                                      absl::Time now, RandomSource& random);

// "penc roster 1\n" and the serialised v1.SignedRoster. `file` is only named in errors.
std::string WriteRosterFile(const v1::SignedRoster& roster);
// Its shape was checked, its signatures were not.
absl::StatusOr<CheckedRoster> ReadRosterFile(absl::string_view file, absl::string_view bytes);

}  // namespace penc
