// An office's or partner's line to its hub, as HubService has it: over gRPC in the program
// (rpc/hub_client.h), straight into a Hub object in tests. Every call may fail with UNAVAILABLE and be
// repeated; every Put is idempotent. Thread-safe.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "penc/v1/hub_service.pb.h"

namespace penc {

class HubLink {
 public:
  virtual ~HubLink() = default;

  virtual absl::StatusOr<std::vector<v1::SignedRoster>> RostersAfter(uint64_t version) = 0;
  virtual absl::Status PutRoster(const v1::SignedRoster& roster) = 0;
  virtual absl::Status PutMember(const v1::PutMemberRequest& member) = 0;

  // Partners.
  virtual absl::StatusOr<std::string> SubmitRound(const v1::SignedDescriptor& terms) = 0;  // qid

  // Partners and members.
  virtual absl::StatusOr<std::vector<v1::RoundSummary>> Rounds(absl::string_view qid) = 0;
  // Pieces in the order of FetchRoundResponse; `take` returns false to stop.
  virtual absl::Status FetchRound(absl::string_view qid,
                                  const std::function<bool(v1::FetchRoundResponse&&)>& take) = 0;

  // Members.
  virtual absl::StatusOr<v1::WaitForWorkResponse> WaitForWork(const v1::WaitForWorkRequest& request) = 0;
  virtual absl::StatusOr<std::vector<uint32_t>> PutContribution(
      const v1::PutContributionRequest& request) = 0;
  virtual absl::StatusOr<std::string> PutChunk(const v1::PutChunkRequest& request) = 0;  // receipt, or empty
  virtual absl::Status PutAbstention(const v1::SignedAbstention& abstention) = 0;
  virtual absl::Status FetchBoxes(absl::string_view qid,
                                  const std::function<bool(v1::FetchBoxesResponse&&)>& take) = 0;
  virtual absl::Status PutVote(const v1::PutVoteRequest& vote) = 0;
  virtual absl::Status PutPromise(const v1::Promise& promise) = 0;
  // One sealed opening, cut into pieces and sent in order.
  virtual absl::Status PutOpening(absl::string_view qid, uint32_t steward, uint32_t kind,
                                  absl::string_view sealed) = 0;
  // A steward's answer to a locked node.
  virtual absl::Status PutUnlockAnswer(const v1::SignedUnlockAnswer& answer) = 0;
};

}  // namespace penc
