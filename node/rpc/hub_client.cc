#include "rpc/hub_client.h"

#include <grpcpp/support/client_callback.h>

#include <algorithm>
#include <condition_variable>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/status.h"
#include "federation/round.h"

namespace penc::rpc {
namespace {

constexpr size_t kMostRosters = 1000;  // at once; a hub that has more is asked again

DialWords WordsFor(const HubAddress& hub) {
  const std::string& address = hub.address;
  return {
      absl::StrCat(hub.network, " (", address, ")"),
      {absl::StrCat("le relais du réseau (", address,
                    ") n'a pas répondu à temps: réessayez plus tard; ce qu'il a reçu n'est pas perdu"),
       absl::StrCat("the network's hub (", address,
                    ") did not answer in time: try again later; what it has received is not lost")},
      {absl::StrCat("le relais du réseau est injoignable à ", address,
                    ": votre connexion marche-t-elle ? Le relais tourne-t-il (penc hub) ? Rien n'est "
                    "perdu: réessayez plus tard"),
       absl::StrCat("the hub cannot be reached at ", address,
                    ": does your connection work? Is the hub running (penc hub)? Nothing is lost: try "
                    "again later")},
      {absl::StrCat(address,
                    " a fermé la connexion: le relais du réseau vient peut-être de s'arrêter, ou ce n'est "
                    "pas un relais penc. Rien n'est perdu: réessayez plus tard"),
       absl::StrCat(address,
                    " closed the connection: the network's hub may have just stopped, or this is no penc "
                    "hub. Nothing is lost: try again later")}};
}

absl::Status Stopping() {
  return Fail(absl::StatusCode::kCancelled, {"penc s'arrête: l'appel au relais est abandonné",
                                             "penc is stopping: the call to the hub is given up"});
}

// A stream that is pulled by one thread, which gives up where nothing comes for too long.
template <typename Response>
class PulledStream final : public grpc::ClientReadReactor<Response> {
 public:
  explicit PulledStream(grpc::ClientContext& context) : context_(context) {}

  // Reads begin on the pulling thread, so the call is held open until that one is done with it: without this
  // the stream could end between two reads.
  void Start() {
    this->AddHold();
    this->StartCall();
  }

  // False at the end, or where nothing came within `stalled`.
  bool Next(Response* response, absl::Duration stalled) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      read_ = absl::nullopt;
    }
    this->StartRead(response);
    std::unique_lock<std::mutex> lock(mutex_);
    const auto arrived = [this] { return read_.has_value(); };
    if (!changed_.wait_for(lock, absl::ToChronoNanoseconds(stalled), arrived)) {
      stalled_ = true;
      lock.unlock();
      context_.TryCancel();
      lock.lock();
      changed_.wait(lock, arrived);
    }
    return *read_;
  }
  // Once, after the last Next.
  grpc::Status Finish() {
    this->RemoveHold();
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return status_.has_value(); });
    return *status_;
  }
  bool stalled() const { return stalled_; }

 private:
  void OnReadDone(bool ok) override {
    std::lock_guard<std::mutex> lock(mutex_);
    read_ = ok;
    changed_.notify_all();
  }
  void OnDone(const grpc::Status& status) override {
    std::lock_guard<std::mutex> lock(mutex_);
    status_ = status;
    changed_.notify_all();
  }

  grpc::ClientContext& context_;
  std::mutex mutex_;
  std::condition_variable changed_;
  absl::optional<bool> read_;
  absl::optional<grpc::Status> status_;
  bool stalled_ = false;
};

}  // namespace

// A call that Stop can end.
class HubClient::OpenCall {
 public:
  explicit OpenCall(HubClient& client) : client_(client) {
    std::lock_guard<std::mutex> lock(client_.mutex_);
    client_.open_.insert(&context_);
    if (client_.stopped_) context_.TryCancel();
  }
  ~OpenCall() {
    std::lock_guard<std::mutex> lock(client_.mutex_);
    client_.open_.erase(&context_);
  }
  OpenCall(const OpenCall&) = delete;
  OpenCall& operator=(const OpenCall&) = delete;
  grpc::ClientContext& context() { return context_; }

 private:
  HubClient& client_;
  grpc::ClientContext context_;
};

HubClient::HubClient(const Identity& identity, HubAddress hub, const Clock& clock)
    : HubClient(identity, std::move(hub), clock, Options()) {}

HubClient::HubClient(const Identity& identity, HubAddress hub, const Clock& clock, Options options)
    : identity_(identity), clock_(clock), options_(options), line_(MakeLine(hub)) {}

HubClient::~HubClient() = default;

std::shared_ptr<HubClient::Line> HubClient::MakeLine(const HubAddress& hub) const {
  auto line = std::make_shared<Line>();
  line->hub = hub;
  line->pin = std::make_shared<Pin>(hub.key, clock_, Pin::Whose::kHub);
  DialOptions dial;
  dial.keepalive = absl::Seconds(120);
  dial.longest_pause = options_.longest_pause;
  line->stub = v1::HubService::NewStub(Dial(identity_, hub.address, line->pin, dial));
  return line;
}

std::shared_ptr<HubClient::Line> HubClient::line() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return line_;
}

void HubClient::MoveTo(const HubAddress& hub) {
  if (line()->hub == hub) return;
  std::shared_ptr<Line> next = MakeLine(hub);
  std::lock_guard<std::mutex> lock(mutex_);
  line_.swap(next);
}

HubAddress HubClient::hub() const { return line()->hub; }

void HubClient::Stop() {
  std::lock_guard<std::mutex> lock(mutex_);
  stopped_ = true;
  for (grpc::ClientContext* context : open_) context->TryCancel();
}

absl::Status HubClient::Said(const grpc::Status& status, const Line& line) const {
  if (status.ok()) return absl::OkStatus();
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (stopped_) return Stopping();
  }
  return Translate(status, *line.pin, WordsFor(line.hub));
}

template <typename Request, typename Response>
absl::StatusOr<Response> HubClient::Call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                                      Response*),
                                         const Request& request, absl::Duration deadline) {
  const std::shared_ptr<Line> line = this->line();
  OpenCall call(*this);
  call.context().set_deadline(absl::ToChronoTime(absl::Now() + deadline));
  Response response;
  RETURN_IF_ERROR(Said((line->stub.get()->*method)(&call.context(), request, &response), *line));
  return response;
}

template <typename Request, typename Response>
absl::Status HubClient::Pull(void (Stub::async_interface::*method)(grpc::ClientContext*, const Request*,
                                                                   grpc::ClientReadReactor<Response>*),
                             const Request& request, const std::function<bool(Response&&)>& take) {
  const std::shared_ptr<Line> line = this->line();
  OpenCall call(*this);
  PulledStream<Response> stream(call.context());
  (line->stub->async()->*method)(&call.context(), &request, &stream);
  stream.Start();
  Response piece;
  bool wanted = true;
  while (wanted && stream.Next(&piece, options_.stalled)) {
    wanted = take(std::move(piece));
    piece.Clear();
  }
  if (!wanted) call.context().TryCancel();
  const grpc::Status status = stream.Finish();
  if (!wanted) return absl::OkStatus();
  if (stream.stalled()) return Fail(absl::StatusCode::kDeadlineExceeded, WordsFor(line->hub).late);
  return Said(status, *line);
}

absl::StatusOr<std::vector<v1::SignedRoster>> HubClient::JoinNetwork(const std::string& code,
                                                                     const v1::PutMemberRequest& member) {
  v1::JoinNetworkRequest request;
  request.set_code(code);
  request.set_member(member.member());
  request.set_signature(member.signature());
  ASSIGN_OR_RETURN(const v1::JoinNetworkResponse response, Call(&Stub::JoinNetwork, request, options_.call));
  std::vector<v1::SignedRoster> rosters(response.rosters().begin(), response.rosters().end());
  if (rosters.empty()) return rosters;
  ASSIGN_OR_RETURN(const std::vector<v1::SignedRoster> rest, RostersAfter(rosters.size()));
  rosters.insert(rosters.end(), rest.begin(), rest.end());
  return rosters;
}

absl::StatusOr<std::vector<v1::SignedRoster>> HubClient::RostersAfter(uint64_t version) {
  std::vector<v1::SignedRoster> rosters;
  while (rosters.size() < kMostRosters) {  // the hub gives as many at once as a message holds
    v1::GetRostersRequest request;
    request.set_after_version(version + rosters.size());
    ASSIGN_OR_RETURN(v1::GetRostersResponse response, Call(&Stub::GetRosters, request, options_.upload));
    if (response.rosters_size() == 0) return rosters;
    for (v1::SignedRoster& roster : *response.mutable_rosters()) rosters.push_back(std::move(roster));
  }
  return rosters;
}

absl::Status HubClient::PutRoster(const v1::SignedRoster& roster) {
  v1::PutRosterRequest request;
  *request.mutable_roster() = roster;
  return Call(&Stub::PutRoster, request, options_.upload).status();
}

absl::Status HubClient::PutMember(const v1::PutMemberRequest& member) {
  return Call(&Stub::PutMember, member, options_.call).status();
}

absl::StatusOr<std::string> HubClient::SubmitRound(const v1::SignedDescriptor& terms) {
  v1::SubmitRoundRequest request;
  *request.mutable_terms() = terms;
  ASSIGN_OR_RETURN(v1::SubmitRoundResponse response, Call(&Stub::SubmitRound, request, options_.call));
  return std::move(*response.mutable_qid());
}

absl::StatusOr<std::vector<v1::RoundSummary>> HubClient::Rounds(absl::string_view qid) {
  v1::ListRoundsRequest request;
  request.set_qid(std::string(qid));
  ASSIGN_OR_RETURN(v1::ListRoundsResponse response, Call(&Stub::ListRounds, request, options_.upload));
  return std::vector<v1::RoundSummary>(std::make_move_iterator(response.mutable_rounds()->begin()),
                                       std::make_move_iterator(response.mutable_rounds()->end()));
}

absl::Status HubClient::FetchRound(absl::string_view qid,
                                   const std::function<bool(v1::FetchRoundResponse&&)>& take) {
  v1::FetchRoundRequest request;
  request.set_qid(std::string(qid));
  return Pull<v1::FetchRoundRequest, v1::FetchRoundResponse>(&Stub::async_interface::FetchRound, request,
                                                             take);
}

absl::StatusOr<v1::WaitForWorkResponse> HubClient::WaitForWork(const v1::WaitForWorkRequest& request) {
  return Call(&Stub::WaitForWork, request,
              absl::Milliseconds(std::min<uint32_t>(request.wait_milliseconds(), 60'000)) + options_.call);
}

absl::StatusOr<std::vector<uint32_t>> HubClient::PutContribution(const v1::PutContributionRequest& request) {
  ASSIGN_OR_RETURN(const v1::PutContributionResponse response,
                   Call(&Stub::PutContribution, request, options_.upload));
  return std::vector<uint32_t>(response.missing_chunks().begin(), response.missing_chunks().end());
}

absl::StatusOr<std::string> HubClient::PutChunk(const v1::PutChunkRequest& request) {
  ASSIGN_OR_RETURN(v1::PutChunkResponse response, Call(&Stub::PutChunk, request, options_.upload));
  return std::move(*response.mutable_receipt());
}

absl::Status HubClient::PutAbstention(const v1::SignedAbstention& abstention) {
  v1::PutAbstentionRequest request;
  *request.mutable_abstention() = abstention;
  return Call(&Stub::PutAbstention, request, options_.call).status();
}

absl::Status HubClient::FetchBoxes(absl::string_view qid,
                                   const std::function<bool(v1::FetchBoxesResponse&&)>& take) {
  v1::FetchBoxesRequest request;
  request.set_qid(std::string(qid));
  return Pull<v1::FetchBoxesRequest, v1::FetchBoxesResponse>(&Stub::async_interface::FetchBoxes, request,
                                                             take);
}

absl::Status HubClient::PutVote(const v1::PutVoteRequest& vote) {
  return Call(&Stub::PutVote, vote, options_.upload).status();
}

absl::Status HubClient::PutPromise(const v1::Promise& promise) {
  v1::PutPromiseRequest request;
  *request.mutable_promise() = promise;
  return Call(&Stub::PutPromise, request, options_.call).status();
}

absl::Status HubClient::PutOpening(absl::string_view qid, uint32_t steward, uint32_t kind,
                                   absl::string_view sealed) {
  const std::shared_ptr<Line> line = this->line();
  OpenCall call(*this);
  // 4 kB a second at least.
  call.context().set_deadline(absl::ToChronoTime(absl::Now() + options_.upload +
                                                 absl::Seconds(static_cast<int64_t>(sealed.size() / 4000))));
  v1::PutOpeningResponse response;
  auto stream = line->stub->PutOpening(&call.context(), &response);
  v1::PutOpeningRequest request;
  request.set_qid(std::string(qid));
  request.mutable_piece()->set_steward(steward);
  request.mutable_piece()->set_kind(kind);
  bool open = true;
  for (size_t at = 0; open && at < sealed.size(); at += kChunkBytes) {
    const absl::string_view bytes = sealed.substr(at, kChunkBytes);
    request.mutable_piece()->set_index(static_cast<uint32_t>(at / kChunkBytes));
    request.mutable_piece()->set_last(at + bytes.size() == sealed.size());
    request.mutable_piece()->set_bytes(bytes.data(), bytes.size());
    open = stream->Write(request);
  }
  stream->WritesDone();
  return Said(stream->Finish(), *line);
}

absl::StatusOr<v1::RequestUnlockResponse> HubClient::RequestUnlock(const v1::SignedUnlockRequest& knock) {
  v1::RequestUnlockRequest request;
  *request.mutable_request() = knock;
  return Call(&Stub::RequestUnlock, request, options_.call);
}

absl::Status HubClient::PutUnlockAnswer(const v1::SignedUnlockAnswer& answer) {
  v1::PutUnlockAnswerRequest request;
  *request.mutable_answer() = answer;
  return Call(&Stub::PutUnlockAnswer, request, options_.call).status();
}

}  // namespace penc::rpc
