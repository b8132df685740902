// An office's or partner's line to its hub over gRPC: mutual TLS 1.3 with the hub's pinned key, outbound
// only, kept alive through routers that forget quiet connections. Errors are sentences that say what to
// check.
//
//   HubClient hub(office.identity(), {"MIGRAFRIQUE", "hub.example.org:7410", "SHA256:..."}, clock);
//   ASSIGN_OR_RETURN(v1::WaitForWorkResponse news, hub.WaitForWork(request));   // up to a minute
//
// Calls block; any number may run at once on different threads. Nothing is tried again in here: every call
// may be repeated (federation/hub_link.h). UNAVAILABLE, DEADLINE_EXCEEDED: later; UNAUTHENTICATED: another
// key answers there; PERMISSION_DENIED: the hub does not know us; CANCELLED: after Stop. Thread-safe.
#pragma once
#include <grpcpp/client_context.h>

#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "federation/hub_link.h"
#include "office/identity.h"
#include "penc/v1/hub_service.grpc.pb.h"
#include "rpc/dial.h"

namespace penc::rpc {

// Where a hub is, and by which key it is known.
struct HubAddress {
  std::string network;  // as people call it
  std::string address;  // "host:port"
  std::string key;      // fingerprint

  friend bool operator==(const HubAddress& a, const HubAddress& b) {
    return a.network == b.network && a.address == b.address && a.key == b.key;
  }
};

class HubClient final : public HubLink {
 public:
  struct Options {
    absl::Duration call = absl::Seconds(60);           // calls of some kilobytes
    absl::Duration upload = absl::Minutes(10);         // a chunk, a contribution: over a bad line
    absl::Duration stalled = absl::Minutes(3);         // a stream that brings nothing for so long is given up
    absl::Duration longest_pause = absl::Seconds(10);  // between attempts to connect
  };

  // `identity` and `clock` outlive it.
  HubClient(const Identity& identity, HubAddress hub, const Clock& clock);
  HubClient(const Identity& identity, HubAddress hub, const Clock& clock, Options options);
  ~HubClient() override;

  // A new roster names another address or key: calls from now on go there. Nothing where it is the same.
  void MoveTo(const HubAddress& hub);
  HubAddress hub() const;
  // Ends open calls at once, from any thread; later ones end as they begin.
  void Stop();

  // An invited office gives its keys. Rosters from the first on; possibly none yet.
  absl::StatusOr<std::vector<v1::SignedRoster>> JoinNetwork(const std::string& code,
                                                            const v1::PutMemberRequest& member);

  // A locked node, by its door key: what stewards have answered so far.
  absl::StatusOr<v1::RequestUnlockResponse> RequestUnlock(const v1::SignedUnlockRequest& knock);

  absl::StatusOr<std::vector<v1::SignedRoster>> RostersAfter(uint64_t version) override;
  absl::Status PutRoster(const v1::SignedRoster& roster) override;
  absl::Status PutMember(const v1::PutMemberRequest& member) override;
  absl::StatusOr<std::string> SubmitRound(const v1::SignedDescriptor& terms) override;
  absl::StatusOr<std::vector<v1::RoundSummary>> Rounds(absl::string_view qid) override;
  absl::Status FetchRound(absl::string_view qid,
                          const std::function<bool(v1::FetchRoundResponse&&)>& take) override;
  absl::StatusOr<v1::WaitForWorkResponse> WaitForWork(const v1::WaitForWorkRequest& request) override;
  absl::StatusOr<std::vector<uint32_t>> PutContribution(const v1::PutContributionRequest& request) override;
  absl::StatusOr<std::string> PutChunk(const v1::PutChunkRequest& request) override;
  absl::Status PutAbstention(const v1::SignedAbstention& abstention) override;
  absl::Status FetchBoxes(absl::string_view qid,
                          const std::function<bool(v1::FetchBoxesResponse&&)>& take) override;
  absl::Status PutVote(const v1::PutVoteRequest& vote) override;
  absl::Status PutPromise(const v1::Promise& promise) override;
  absl::Status PutOpening(absl::string_view qid, uint32_t steward, uint32_t kind,
                          absl::string_view sealed) override;
  absl::Status PutUnlockAnswer(const v1::SignedUnlockAnswer& answer) override;

 private:
  using Stub = v1::HubService::Stub;
  // One channel; calls that are under way keep the one that they began on.
  struct Line {
    HubAddress hub;
    std::shared_ptr<Pin> pin;
    std::unique_ptr<Stub> stub;
  };
  class OpenCall;

  std::shared_ptr<Line> MakeLine(const HubAddress& hub) const;
  std::shared_ptr<Line> line() const;
  template <typename Request, typename Response>
  absl::StatusOr<Response> Call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                                const Request& request, absl::Duration deadline);
  template <typename Request, typename Response>
  absl::Status Pull(void (Stub::async_interface::*method)(grpc::ClientContext*, const Request*,
                                                          grpc::ClientReadReactor<Response>*),
                    const Request& request, const std::function<bool(Response&&)>& take);
  absl::Status Said(const grpc::Status& status, const Line& line) const;

  const Identity& identity_;
  const Clock& clock_;
  const Options options_;
  mutable std::mutex mutex_;
  std::shared_ptr<Line> line_;
  std::set<grpc::ClientContext*> open_;
  bool stopped_ = false;
};

}  // namespace penc::rpc
