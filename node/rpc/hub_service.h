// The service that members and partners call (proto/penc/v1/hub_service.proto), on top of a Hub. Callers were
// admitted by the gatekeeper before their message was parsed. Whatever touches the disk runs on `workers`.
// Who waits for work holds no thread and some kilobytes; who fetches holds one piece at a time, and the next
// one is read when the last has left. References must outlive the server.
#pragma once
#include <condition_variable>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "absl/time/time.h"
#include "hub/hub.h"
#include "penc/v1/hub_service.grpc.pb.h"
#include "rpc/peers.h"
#include "rpc/quota.h"
#include "rpc/timers.h"
#include "rpc/workers.h"

namespace penc::rpc {

// What unknown keys may call.
inline constexpr char kJoinNetworkMethod[] = "/penc.v1.HubService/JoinNetwork";
inline constexpr char kRequestUnlockMethod[] = "/penc.v1.HubService/RequestUnlock";

struct HubServiceOptions {
  absl::Duration longest_wait = absl::Seconds(60);
  // A stream on which nothing moves for so long is cut.
  absl::Duration stalled = absl::Minutes(2);
  size_t waiting = 4;  // calls of one caller that wait; a further one answers the oldest
  int streams = 8;     // of one caller
  // Joining, per network address: whoever guesses codes.
  QuotaOptions joins = {60, 1};
};

class HubService final : public v1::HubService::CallbackService {
 public:
  // Takes the hub's OnChange.
  HubService(Hub& hub, Workers& workers, Timers& timers, const Clock& clock,
             const HubServiceOptions& options);
  ~HubService() override;

  // Answers everybody who waits, and from now on nobody waits: the server may stop.
  void StopWaiting();
  size_t waiting() const;

  grpc::ServerUnaryReactor* GetRosters(grpc::CallbackServerContext* context,
                                       const v1::GetRostersRequest* request,
                                       v1::GetRostersResponse* response) override;
  grpc::ServerUnaryReactor* PutRoster(grpc::CallbackServerContext* context,
                                      const v1::PutRosterRequest* request,
                                      v1::PutRosterResponse* response) override;
  grpc::ServerUnaryReactor* JoinNetwork(grpc::CallbackServerContext* context,
                                        const v1::JoinNetworkRequest* request,
                                        v1::JoinNetworkResponse* response) override;
  grpc::ServerUnaryReactor* PutMember(grpc::CallbackServerContext* context,
                                      const v1::PutMemberRequest* request,
                                      v1::PutMemberResponse* response) override;
  grpc::ServerUnaryReactor* SubmitRound(grpc::CallbackServerContext* context,
                                        const v1::SubmitRoundRequest* request,
                                        v1::SubmitRoundResponse* response) override;
  grpc::ServerUnaryReactor* ListRounds(grpc::CallbackServerContext* context,
                                       const v1::ListRoundsRequest* request,
                                       v1::ListRoundsResponse* response) override;
  grpc::ServerWriteReactor<v1::FetchRoundResponse>* FetchRound(grpc::CallbackServerContext* context,
                                                               const v1::FetchRoundRequest* request) override;
  grpc::ServerUnaryReactor* WaitForWork(grpc::CallbackServerContext* context,
                                        const v1::WaitForWorkRequest* request,
                                        v1::WaitForWorkResponse* response) override;
  grpc::ServerUnaryReactor* PutContribution(grpc::CallbackServerContext* context,
                                            const v1::PutContributionRequest* request,
                                            v1::PutContributionResponse* response) override;
  grpc::ServerUnaryReactor* PutChunk(grpc::CallbackServerContext* context, const v1::PutChunkRequest* request,
                                     v1::PutChunkResponse* response) override;
  grpc::ServerUnaryReactor* PutAbstention(grpc::CallbackServerContext* context,
                                          const v1::PutAbstentionRequest* request,
                                          v1::PutAbstentionResponse* response) override;
  grpc::ServerWriteReactor<v1::FetchBoxesResponse>* FetchBoxes(grpc::CallbackServerContext* context,
                                                               const v1::FetchBoxesRequest* request) override;
  grpc::ServerUnaryReactor* PutVote(grpc::CallbackServerContext* context, const v1::PutVoteRequest* request,
                                    v1::PutVoteResponse* response) override;
  grpc::ServerUnaryReactor* PutPromise(grpc::CallbackServerContext* context,
                                       const v1::PutPromiseRequest* request,
                                       v1::PutPromiseResponse* response) override;
  grpc::ServerReadReactor<v1::PutOpeningRequest>* PutOpening(grpc::CallbackServerContext* context,
                                                             v1::PutOpeningResponse* response) override;
  grpc::ServerUnaryReactor* RequestUnlock(grpc::CallbackServerContext* context,
                                          const v1::RequestUnlockRequest* request,
                                          v1::RequestUnlockResponse* response) override;
  grpc::ServerUnaryReactor* PutUnlockAnswer(grpc::CallbackServerContext* context,
                                            const v1::PutUnlockAnswerRequest* request,
                                            v1::PutUnlockAnswerResponse* response) override;

 private:
  class Waiter;
  template <typename Response, typename Reader>
  class Sender;
  class Receiver;
  class StreamSlot;

  absl::StatusOr<Peer> PeerOf(grpc::CallbackServerContext* context) {
    return peers_.Of(*context->auth_context());
  }
  absl::StatusOr<HubCaller> CallerOf(grpc::CallbackServerContext* context);
  // Runs `work` on a worker and finishes the call with what it returns. The request lives until then.
  grpc::ServerUnaryReactor* Run(grpc::CallbackServerContext* context, std::function<absl::Status()> work);
  // The same for a caller that is known.
  grpc::ServerUnaryReactor* RunFor(grpc::CallbackServerContext* context,
                                   std::function<absl::Status(const HubCaller&)> work);
  // Runs `step` on a worker, a little later where all are busy.
  void RunSoon(std::function<void()> step);

  void Changed();
  void WakeThoseConcerned();
  // False where the server is stopping.
  bool StartWaiting(const std::shared_ptr<Waiter>& waiter);
  // Takes it off the list; false where it was not on it.
  bool StopWaitingFor(const std::shared_ptr<Waiter>& waiter);
  void Answer(const std::shared_ptr<Waiter>& waiter);

  Hub& hub_;
  Workers& workers_;
  Timers& timers_;
  const Clock& clock_;
  const HubServiceOptions options_;
  Peers peers_;
  Quota joins_;

  mutable std::mutex mutex_;
  std::condition_variable no_wake_;
  bool wake_planned_ = false;
  int waking_ = 0;
  bool stopping_ = false;
  std::list<std::shared_ptr<Waiter>> waiting_;  // the oldest first
  std::map<std::string, int> streams_;          // open ones, by caller's key
  std::map<std::string, uint64_t> openings_;    // the newest stream of each steward and round
  uint64_t streams_begun_ = 0;
};

}  // namespace penc::rpc
