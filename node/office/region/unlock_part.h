// A member as a keeper of others' node keys: answers locked nodes with its share while the newest roster has
// their member, and journals it before the answer leaves (federation/unlock.md). Remembers nothing but how
// often it answered lately. Internal to the region.
#pragma once
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "federation/hub_link.h"
#include "penc/v1/unlock.pb.h"

namespace penc {

class Office;

class UnlockPart {
 public:
  // Requests of one member that are answered within an hour: a node that a power cut stops again and again.
  static constexpr size_t kPerHour = 12;

  explicit UnlockPart(Office& office) : office_(office) {}

  // Errors of the line, and of the disk: nothing left then.
  absl::Status Answer(const v1::SignedUnlockRequest& request, HubLink& hub);

 private:
  absl::Status Say(const v1::UnlockRequest& request, const v1::UnlockAnswer& answer);

  Office& office_;
  std::map<std::string, std::vector<absl::Time>> returned_;  // by member: when
  std::map<std::string, v1::SignedUnlockAnswer> answers_;    // by request's hash: sent again as they were
  std::set<std::string> said_;  // refusals that the journal has, by member and reason
};

}  // namespace penc
