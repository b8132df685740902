#include "rpc/hub_service.h"

#include <algorithm>
#include <atomic>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "rpc/status_mapping.h"

namespace penc::rpc {
namespace {

// Changes come in bursts: those who wait are told of all of them at once.
constexpr absl::Duration kGather = absl::Milliseconds(10);
constexpr absl::Duration kAgain = absl::Milliseconds(50);

absl::Status Busy() {
  return Fail(absl::StatusCode::kResourceExhausted,
              {"le relais est occupé: réessayez dans quelques secondes; rien n'est perdu",
               "the hub is busy: try again in a few seconds; nothing is lost"});
}
absl::Status Stopping() {
  return Fail(absl::StatusCode::kUnavailable,
              {"le relais s'arrête: réessayez plus tard", "the hub is stopping: try again later"});
}
absl::Status NotInRosterYet() {
  return Fail(
      absl::StatusCode::kPermissionDenied,
      {"votre organisation attend la prochaine liste des membres: le secrétariat du réseau doit la signer",
       "your office is waiting for the next roster: the network's secretariat has to sign it"});
}

// "ipv4:192.0.2.1:50000" -> "ipv4:192.0.2.1": whoever opens many connections is one.
std::string HostOf(const std::string& peer) { return peer.substr(0, peer.rfind(':')); }

}  // namespace

// ---- those who wait

// A call that waits: on the list, or being answered, or done. It keeps itself alive until gRPC has let go.
class HubService::Waiter final : public grpc::ServerUnaryReactor,
                                 public std::enable_shared_from_this<HubService::Waiter> {
 public:
  Waiter(HubService& service, HubCaller caller, uint64_t after, v1::WaitForWorkResponse* response)
      : service_(service), caller_(std::move(caller)), after_(after), response_(response) {}

  void KeepAlive() { self_ = shared_from_this(); }
  const HubCaller& caller() const { return caller_; }
  uint64_t after() const { return after_; }
  v1::WaitForWorkResponse* response() { return response_; }

 private:
  void OnCancel() override {
    // Where it is not on the list, somebody is about to answer it.
    if (service_.StopWaitingFor(shared_from_this())) Finish(grpc::Status::CANCELLED);
  }
  void OnDone() override { self_.reset(); }

  HubService& service_;
  const HubCaller caller_;
  const uint64_t after_;
  v1::WaitForWorkResponse* const response_;
  std::shared_ptr<Waiter> self_;
};

HubService::HubService(Hub& hub, Workers& workers, Timers& timers, const Clock& clock,
                       const HubServiceOptions& options)
    : hub_(hub), workers_(workers), timers_(timers), clock_(clock), options_(options), joins_(options.joins) {
  hub_.OnChange([this] { Changed(); });
}

HubService::~HubService() {
  hub_.OnChange(nullptr);
  std::unique_lock<std::mutex> lock(mutex_);
  no_wake_.wait(lock, [this] { return !wake_planned_ && !waking_; });
}

size_t HubService::waiting() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return waiting_.size();
}

void HubService::RunSoon(std::function<void()> step) {
  if (workers_.Submit(step)) return;
  timers_.After(kAgain, [this, step = std::move(step)] { RunSoon(step); });
}

// Called under the hub's lock.
void HubService::Changed() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (std::exchange(wake_planned_, true)) return;
  }
  timers_.After(kGather, [this] { RunSoon([this] { WakeThoseConcerned(); }); });
}

void HubService::WakeThoseConcerned() {
  std::vector<std::shared_ptr<Waiter>> all;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    wake_planned_ = false;  // before looking: what changes from now on plans another look
    ++waking_;
    all.assign(waiting_.begin(), waiting_.end());
  }
  for (const std::shared_ptr<Waiter>& waiter : all) {
    if (hub_.MarkFor(waiter->caller()) != waiter->after() && StopWaitingFor(waiter)) Answer(waiter);
  }
  std::lock_guard<std::mutex> lock(mutex_);
  --waking_;
  no_wake_.notify_all();
}

bool HubService::StartWaiting(const std::shared_ptr<Waiter>& waiter) {
  std::shared_ptr<Waiter> oldest;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (stopping_) return false;
    size_t own = 0;
    for (const std::shared_ptr<Waiter>& other : waiting_) {
      if (other->caller().key != waiter->caller().key) continue;
      if (own++ == 0) oldest = other;
    }
    if (own < options_.waiting) {
      oldest = nullptr;
    } else {
      waiting_.remove(oldest);
    }
    waiting_.push_back(waiter);
  }
  if (oldest != nullptr) RunSoon([this, oldest] { Answer(oldest); });
  return true;
}

bool HubService::StopWaitingFor(const std::shared_ptr<Waiter>& waiter) {
  std::lock_guard<std::mutex> lock(mutex_);
  const auto at = std::find(waiting_.begin(), waiting_.end(), waiter);
  if (at == waiting_.end()) return false;
  waiting_.erase(at);
  return true;
}

void HubService::Answer(const std::shared_ptr<Waiter>& waiter) {
  *waiter->response() = hub_.News(waiter->caller(), waiter->after());
  waiter->Finish(grpc::Status::OK);
}

void HubService::StopWaiting() {
  std::list<std::shared_ptr<Waiter>> all;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
    all.swap(waiting_);
  }
  for (const std::shared_ptr<Waiter>& waiter : all) waiter->Finish(ToGrpc(Stopping()));
}

grpc::ServerUnaryReactor* HubService::WaitForWork(grpc::CallbackServerContext* context,
                                                  const v1::WaitForWorkRequest* request,
                                                  v1::WaitForWorkResponse* response) {
  absl::StatusOr<HubCaller> caller = CallerOf(context);
  if (!caller.ok()) {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(ToGrpc(caller.status()));
    return reactor;
  }
  auto waiter = std::make_shared<Waiter>(*this, *std::move(caller), request->after(), response);
  waiter->KeepAlive();
  const absl::Duration wait =
      std::min(absl::Milliseconds(request->wait_milliseconds()), options_.longest_wait);
  // On the list first, then looked at: a change in between is seen by one or the other.
  if (!StartWaiting(waiter)) {
    waiter->Finish(ToGrpc(Stopping()));
    return waiter.get();
  }
  const bool taken = workers_.Submit([this, waiter] {
    if (hub_.MarkFor(waiter->caller()) != waiter->after() && StopWaitingFor(waiter)) Answer(waiter);
  });
  if (!taken && StopWaitingFor(waiter)) waiter->Finish(ToGrpc(Busy()));
  timers_.After(wait, [this, weak = std::weak_ptr<Waiter>(waiter)] {
    std::shared_ptr<Waiter> late = weak.lock();
    if (late == nullptr || !StopWaitingFor(late)) return;
    if (!workers_.Submit([this, late] { Answer(late); })) late->Finish(ToGrpc(Busy()));
  });
  return waiter.get();
}

// ---- calls of one answer

absl::StatusOr<HubCaller> HubService::CallerOf(grpc::CallbackServerContext* context) {
  ASSIGN_OR_RETURN(const Peer peer, PeerOf(context));
  return hub_.Identify(peer.key);
}

grpc::ServerUnaryReactor* HubService::Run(grpc::CallbackServerContext* context,
                                          std::function<absl::Status()> work) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const bool taken = workers_.Submit([reactor, work = std::move(work)] { reactor->Finish(ToGrpc(work())); });
  if (!taken) reactor->Finish(ToGrpc(Busy()));
  return reactor;
}

grpc::ServerUnaryReactor* HubService::RunFor(grpc::CallbackServerContext* context,
                                             std::function<absl::Status(const HubCaller&)> work) {
  return Run(context, [caller = CallerOf(context), work = std::move(work)]() -> absl::Status {
    RETURN_IF_ERROR(caller.status());
    return work(*caller);
  });
}

grpc::ServerUnaryReactor* HubService::GetRosters(grpc::CallbackServerContext* context,
                                                 const v1::GetRostersRequest* request,
                                                 v1::GetRostersResponse* response) {
  return RunFor(context, [this, request, response](const HubCaller&) -> absl::Status {
    ASSIGN_OR_RETURN(std::vector<v1::SignedRoster> rosters, hub_.RostersAfter(request->after_version()));
    for (v1::SignedRoster& roster : rosters) *response->add_rosters() = std::move(roster);
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* HubService::PutRoster(grpc::CallbackServerContext* context,
                                                const v1::PutRosterRequest* request, v1::PutRosterResponse*) {
  return RunFor(context, [this, request](const HubCaller& caller) {
    if (caller.kind == HubCaller::Kind::kWaiting) return NotInRosterYet();
    return hub_.AddRoster(request->roster());
  });
}

grpc::ServerUnaryReactor* HubService::JoinNetwork(grpc::CallbackServerContext* context,
                                                  const v1::JoinNetworkRequest* request,
                                                  v1::JoinNetworkResponse* response) {
  absl::StatusOr<Peer> peer = PeerOf(context);
  if (peer.ok() && !joins_.Take(HostOf(context->peer()), clock_.Now())) {
    peer = Fail(absl::StatusCode::kResourceExhausted,
                {"trop d'essais d'invitation: attendez une minute, puis vérifiez chaque lettre du code",
                 "too many attempts to join: wait a minute, then check every letter of the code"});
  }
  return Run(context, [this, peer = std::move(peer), request, response]() -> absl::Status {
    RETURN_IF_ERROR(peer.status());
    v1::PutMemberRequest member;
    member.set_member(request->member());
    member.set_signature(request->signature());
    RETURN_IF_ERROR(hub_.people().Join(peer->key, request->code(), member));
    ASSIGN_OR_RETURN(std::vector<v1::SignedRoster> rosters, hub_.RostersAfter(0));
    for (v1::SignedRoster& roster : rosters) *response->add_rosters() = std::move(roster);
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* HubService::PutMember(grpc::CallbackServerContext* context,
                                                const v1::PutMemberRequest* request, v1::PutMemberResponse*) {
  return RunFor(context,
                [this, request](const HubCaller& caller) { return hub_.people().Renew(caller, *request); });
}

grpc::ServerUnaryReactor* HubService::SubmitRound(grpc::CallbackServerContext* context,
                                                  const v1::SubmitRoundRequest* request,
                                                  v1::SubmitRoundResponse* response) {
  return RunFor(context, [this, request, response](const HubCaller& caller) -> absl::Status {
    if (caller.kind == HubCaller::Kind::kWaiting) return NotInRosterYet();
    ASSIGN_OR_RETURN(*response->mutable_qid(), hub_.Submit(caller, request->terms()));
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* HubService::ListRounds(grpc::CallbackServerContext* context,
                                                 const v1::ListRoundsRequest* request,
                                                 v1::ListRoundsResponse* response) {
  return RunFor(context, [this, request, response](const HubCaller& caller) {
    for (v1::RoundSummary& round : hub_.Rounds(caller, request->qid()))
      *response->add_rounds() = std::move(round);
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* HubService::PutContribution(grpc::CallbackServerContext* context,
                                                      const v1::PutContributionRequest* request,
                                                      v1::PutContributionResponse* response) {
  return RunFor(context, [this, request, response](const HubCaller& caller) -> absl::Status {
    ASSIGN_OR_RETURN(
        const std::vector<uint32_t> missing,
        hub_.PutContribution(caller, request->header(), {request->boxes().begin(), request->boxes().end()}));
    response->mutable_missing_chunks()->Assign(missing.begin(), missing.end());
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* HubService::PutChunk(grpc::CallbackServerContext* context,
                                               const v1::PutChunkRequest* request,
                                               v1::PutChunkResponse* response) {
  return RunFor(context, [this, request, response](const HubCaller& caller) -> absl::Status {
    ASSIGN_OR_RETURN(*response->mutable_receipt(), hub_.PutChunk(caller, request->qid(), request->chunk()));
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* HubService::PutAbstention(grpc::CallbackServerContext* context,
                                                    const v1::PutAbstentionRequest* request,
                                                    v1::PutAbstentionResponse*) {
  return RunFor(context, [this, request](const HubCaller& caller) {
    return hub_.PutAbstention(caller, request->abstention());
  });
}

grpc::ServerUnaryReactor* HubService::PutVote(grpc::CallbackServerContext* context,
                                              const v1::PutVoteRequest* request, v1::PutVoteResponse*) {
  return RunFor(context, [this, request](const HubCaller& caller) { return hub_.PutVote(caller, *request); });
}

grpc::ServerUnaryReactor* HubService::PutPromise(grpc::CallbackServerContext* context,
                                                 const v1::PutPromiseRequest* request,
                                                 v1::PutPromiseResponse*) {
  return RunFor(context, [this, request](const HubCaller& caller) {
    return hub_.PutPromise(caller, request->promise());
  });
}

grpc::ServerUnaryReactor* HubService::RequestUnlock(grpc::CallbackServerContext* context,
                                                    const v1::RequestUnlockRequest* request,
                                                    v1::RequestUnlockResponse* response) {
  return Run(context, [this, peer = PeerOf(context), request, response]() -> absl::Status {
    RETURN_IF_ERROR(peer.status());
    ASSIGN_OR_RETURN(*response, hub_.RequestUnlock(peer->key.bytes(), request->request()));
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* HubService::PutUnlockAnswer(grpc::CallbackServerContext* context,
                                                      const v1::PutUnlockAnswerRequest* request,
                                                      v1::PutUnlockAnswerResponse*) {
  return RunFor(context, [this, request](const HubCaller& caller) {
    return hub_.PutUnlockAnswer(caller, request->answer());
  });
}

// ---- streams

// One of the streams that a caller may have open; gone with it.
class HubService::StreamSlot {
 public:
  static absl::StatusOr<std::unique_ptr<StreamSlot>> Take(HubService& service, const std::string& caller) {
    std::lock_guard<std::mutex> lock(service.mutex_);
    int& open = service.streams_[caller];
    if (open >= service.options_.streams) {
      return Fail(absl::StatusCode::kResourceExhausted,
                  {"trop de transferts à la fois: attendez que l'un se termine",
                   "too many transfers at once: wait for one to end"});
    }
    ++open;
    return std::unique_ptr<StreamSlot>(new StreamSlot(service, caller));
  }
  ~StreamSlot() {
    std::lock_guard<std::mutex> lock(service_.mutex_);
    if (--service_.streams_[caller_] == 0) service_.streams_.erase(caller_);
  }
  StreamSlot(const StreamSlot&) = delete;
  StreamSlot& operator=(const StreamSlot&) = delete;

 private:
  StreamSlot(HubService& service, std::string caller) : service_(service), caller_(std::move(caller)) {}
  HubService& service_;
  const std::string caller_;
};

// A context that may be cancelled from another thread until its call is done.
class Watched {
 public:
  void Done() {
    std::lock_guard<std::mutex> lock(mutex_);
    done_ = true;
  }
  void Cancel(grpc::CallbackServerContext* context) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!done_) context->TryCancel();
  }

 private:
  std::mutex mutex_;
  bool done_ = false;
};

// Sends what a reader gives. One piece is in memory: the next is read when the last has left.
template <typename Response, typename Reader>
class HubService::Sender final : public grpc::ServerWriteReactor<Response>,
                                 public std::enable_shared_from_this<Sender<Response, Reader>> {
 public:
  using Open = std::function<absl::StatusOr<Reader>(const HubCaller&)>;

  static grpc::ServerWriteReactor<Response>* Start(HubService& service, grpc::CallbackServerContext* context,
                                                   Open open) {
    auto sender = std::make_shared<Sender>(service, context);
    sender->self_ = sender;
    absl::StatusOr<HubCaller> caller = service.CallerOf(context);
    if (caller.ok()) {
      absl::StatusOr<std::unique_ptr<StreamSlot>> slot = StreamSlot::Take(service, caller->key);
      if (slot.ok()) {
        sender->slot_ = *std::move(slot);
      } else {
        caller = slot.status();
      }
    }
    if (!caller.ok()) {
      sender->Finish(ToGrpc(caller.status()));
      return sender.get();
    }
    service.RunSoon([sender, caller = *std::move(caller), open = std::move(open)] {
      absl::StatusOr<Reader> reader = open(caller);
      if (!reader.ok()) return sender->Finish(ToGrpc(reader.status()));
      sender->reader_.emplace(*std::move(reader));
      sender->Send();
    });
    sender->Watch();
    return sender.get();
  }

  Sender(HubService& service, grpc::CallbackServerContext* context) : service_(service), context_(context) {}

 private:
  void Send() {
    absl::StatusOr<absl::optional<Response>> piece = reader_->Next();
    if (!piece.ok()) return this->Finish(ToGrpc(piece.status()));
    if (!piece->has_value()) return this->Finish(grpc::Status::OK);
    piece_ = **std::move(piece);
    this->StartWrite(&piece_);
  }
  void OnWriteDone(bool ok) override {
    ++moved_;
    if (!ok) return this->Finish(grpc::Status::CANCELLED);
    service_.RunSoon([self = this->shared_from_this()] { self->Send(); });
  }
  void OnDone() override {
    watched_.Done();
    self_.reset();
  }
  void Watch() {
    service_.timers_.After(service_.options_.stalled,
                           [weak = this->weak_from_this(), before = moved_.load()] {
                             const auto self = weak.lock();
                             if (self == nullptr) return;
                             if (self->moved_ != before) return self->Watch();
                             self->watched_.Cancel(self->context_);
                           });
  }

  HubService& service_;
  grpc::CallbackServerContext* const context_;
  std::unique_ptr<StreamSlot> slot_;
  absl::optional<Reader> reader_;
  Response piece_;
  std::atomic<uint64_t> moved_{0};
  Watched watched_;
  std::shared_ptr<Sender> self_;
};

grpc::ServerWriteReactor<v1::FetchRoundResponse>* HubService::FetchRound(
    grpc::CallbackServerContext* context, const v1::FetchRoundRequest* request) {
  return Sender<v1::FetchRoundResponse, Hub::RoundReader>::Start(
      *this, context,
      [this, qid = request->qid()](const HubCaller& caller) { return hub_.Fetch(caller, qid); });
}

grpc::ServerWriteReactor<v1::FetchBoxesResponse>* HubService::FetchBoxes(
    grpc::CallbackServerContext* context, const v1::FetchBoxesRequest* request) {
  return Sender<v1::FetchBoxesResponse, Hub::BoxReader>::Start(
      *this, context,
      [this, qid = request->qid()](const HubCaller& caller) { return hub_.FetchBoxes(caller, qid); });
}

// Takes an opening, piece by piece.
class HubService::Receiver final : public grpc::ServerReadReactor<v1::PutOpeningRequest>,
                                   public std::enable_shared_from_this<HubService::Receiver> {
 public:
  static grpc::ServerReadReactor<v1::PutOpeningRequest>* Start(HubService& service,
                                                               grpc::CallbackServerContext* context) {
    auto receiver = std::make_shared<Receiver>(service, context);
    receiver->self_ = receiver;
    receiver->caller_ = service.CallerOf(context);
    absl::Status status = receiver->caller_.status();
    if (status.ok()) {
      absl::StatusOr<std::unique_ptr<StreamSlot>> slot = StreamSlot::Take(service, receiver->caller_->key);
      status = slot.status();
      if (slot.ok()) receiver->slot_ = *std::move(slot);
    }
    if (!status.ok()) {
      receiver->Finish(ToGrpc(status));
      return receiver.get();
    }
    receiver->StartRead(&receiver->request_);
    receiver->Watch();
    return receiver.get();
  }

  Receiver(HubService& service, grpc::CallbackServerContext* context)
      : service_(service), context_(context) {}

 private:
  void OnReadDone(bool ok) override {
    ++moved_;
    service_.RunSoon([self = shared_from_this(), ok] { ok ? self->Take() : self->End(); });
  }
  void Take() {
    const absl::Status status = Put();
    if (!status.ok()) return Finish(ToGrpc(status));
    whole_ = request_.piece().last();
    StartRead(&request_);
  }
  absl::Status Put() {
    // A stream that was given up may still have a piece on its way while the next one has begun: what was
    // sealed twice must not be mixed.
    const std::string key = absl::StrCat(caller_->key, request_.piece().kind(), "/", request_.qid());
    {
      std::lock_guard<std::mutex> lock(service_.mutex_);
      if (number_ == 0) {
        number_ = ++service_.streams_begun_;
        key_ = key;
        service_.openings_[key_] = number_;
      }
      const auto newest = service_.openings_.find(key);
      if (key != key_ || newest == service_.openings_.end() || newest->second != number_) {
        return Fail(absl::StatusCode::kAborted, {"cet envoi a été remplacé par un plus récent",
                                                 "this transfer was replaced by a newer one"});
      }
    }
    return service_.hub_.PutOpening(*caller_, request_.qid(), request_.piece());
  }
  void End() {
    if (whole_) return Finish(grpc::Status::OK);
    Finish(ToGrpc(Fail(absl::StatusCode::kFailedPrecondition,
                       {"envoi interrompu: recommencez-le", "transfer cut off: begin it again"})));
  }
  void OnDone() override {
    {
      std::lock_guard<std::mutex> lock(service_.mutex_);
      const auto newest = service_.openings_.find(key_);
      if (newest != service_.openings_.end() && newest->second == number_) service_.openings_.erase(newest);
    }
    watched_.Done();
    self_.reset();
  }
  void Watch() {
    service_.timers_.After(service_.options_.stalled, [weak = weak_from_this(), before = moved_.load()] {
      const auto self = weak.lock();
      if (self == nullptr) return;
      if (self->moved_ != before) return self->Watch();
      self->watched_.Cancel(self->context_);
    });
  }

  HubService& service_;
  grpc::CallbackServerContext* const context_;
  absl::StatusOr<HubCaller> caller_;
  std::unique_ptr<StreamSlot> slot_;
  v1::PutOpeningRequest request_;
  bool whole_ = false;
  uint64_t number_ = 0;
  std::string key_;
  std::atomic<uint64_t> moved_{0};
  Watched watched_;
  std::shared_ptr<Receiver> self_;
};

grpc::ServerReadReactor<v1::PutOpeningRequest>* HubService::PutOpening(grpc::CallbackServerContext* context,
                                                                       v1::PutOpeningResponse*) {
  return Receiver::Start(*this, context);
}

}  // namespace penc::rpc
