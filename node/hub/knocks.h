// Locked nodes that wait at the hub for their stewards (federation/unlock.md): who asked, who has answered.
// In memory only; a node that waits asks again every few seconds, so that nothing is lost with it. Not
// thread-safe.
#pragma once
#include <list>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "penc/v1/unlock.pb.h"

namespace penc {

class Knocks {
 public:
  // One member's at a time: a node that starts again and a command beside it; a further one takes the place
  // of the oldest.
  static constexpr size_t kPerMember = 4;
  // Nobody waits any more who has not asked for so long.
  static constexpr absl::Duration kForgotten = absl::Minutes(10);
  static constexpr size_t kAtOnce = 64;

  // A request that was read (ReadKnock). The stewards that hear of it for the first time; none where it
  // waits already.
  std::vector<std::string> Ask(const v1::SignedUnlockRequest& signed_request,
                               const v1::UnlockRequest& request, absl::Time now);
  std::vector<v1::SignedUnlockAnswer> AnswersTo(const v1::SignedUnlockRequest& request) const;

  // What waits for this steward: requests with a share of it that it has not answered, at most 64 of them.
  std::vector<v1::SignedUnlockRequest> For(absl::string_view steward) const;
  // An answer whose signature was checked.
  void Put(const v1::SignedUnlockAnswer& signed_answer, const v1::UnlockAnswer& answer);

  void Forget(absl::Time now);

 private:
  struct Waiting {
    v1::SignedUnlockRequest request;
    std::string sha256, member;
    std::vector<std::string> stewards;
    absl::Time asked;
    std::map<std::string, v1::SignedUnlockAnswer, std::less<>> answers;  // by steward
  };
  std::list<Waiting> waiting_;  // the oldest first
};

}  // namespace penc
