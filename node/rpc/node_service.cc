#include "rpc/node_service.h"

#include <mutex>
#include <utility>

#include "rpc/status_mapping.h"

namespace penc::rpc {
namespace {

// A call that ends once: by its answer, or by the server's own deadline.
template <typename Response>
class OpenCall {
 public:
  OpenCall(grpc::ServerUnaryReactor* reactor, Response* response) : reactor_(reactor), response_(response) {}

  void Finish(absl::StatusOr<Response> outcome) {
    grpc::ServerUnaryReactor* reactor = nullptr;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      std::swap(reactor, reactor_);
    }
    if (reactor == nullptr) return;
    const grpc::Status status = ToGrpc(outcome.status());
    if (outcome.ok()) *response_ = *std::move(outcome);
    reactor->Finish(status);
  }

 private:
  std::mutex mutex_;
  grpc::ServerUnaryReactor* reactor_;
  Response* response_;
};

absl::Status Busy() {
  return Fail(absl::StatusCode::kResourceExhausted,
              {"le nœud est occupé: réessayez dans quelques secondes; rien n'a été compté",
               "the node is busy: try again in a few seconds; nothing was charged"});
}

absl::Status TookTooLong() {
  return Fail(absl::StatusCode::kDeadlineExceeded,
              {"la réponse a pris trop longtemps: reposez la même question; elle n'est comptée qu'une fois",
               "the answer took too long: ask the same question again; it is charged only once"});
}

}  // namespace

template <typename Response>
grpc::ServerUnaryReactor* NodeService::Run(grpc::CallbackServerContext* context, Response* response,
                                           bool slotted, std::function<Outcome<Response>()> work) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  auto call = std::make_shared<OpenCall<Response>>(reactor, response);
  absl::Duration accepted = Monotonic();
  timers_.After(options_.longest, [weak = std::weak_ptr<OpenCall<Response>>(call)] {
    if (auto open = weak.lock()) open->Finish(TookTooLong());
  });
  bool taken = (slotted ? workers_ : quick_).Submit([this, call, accepted, slotted, work = std::move(work)] {
    Outcome<Response> outcome = work();
    if (!slotted) return call->Finish(std::move(outcome.response));
    absl::Duration slot = SlotFor(WorstCase(outcome.work, options_.capacity));
    absl::Duration elapsed = Monotonic() - accepted;
    absl::Duration leaves = options_.leaves_at(slot, elapsed);
    if (leaves > slot && options_.overrun) options_.overrun(slot, elapsed);
    if (leaves <= elapsed) return call->Finish(std::move(outcome.response));
    auto held = std::make_shared<absl::StatusOr<Response>>(std::move(outcome.response));
    timers_.After(leaves - elapsed, [call, held] { call->Finish(std::move(*held)); });
  });
  if (!taken) call->Finish(Busy());
  return reactor;
}

grpc::ServerUnaryReactor* NodeService::Describe(grpc::CallbackServerContext* context,
                                                const v1::DescribeRequest*, v1::DescribeResponse* response) {
  auto peer = peers_.Of(*context->auth_context());
  return Run<v1::DescribeResponse>(context, response, false, [this, peer]() -> Outcome<v1::DescribeResponse> {
    if (!peer.ok()) return {peer.status(), {}};
    return {office_.Describe(peer->fingerprint), {}};
  });
}

grpc::ServerUnaryReactor* NodeService::Explain(grpc::CallbackServerContext* context,
                                               const v1::ExplainRequest* request,
                                               v1::ExplainResponse* response) {
  auto peer = peers_.Of(*context->auth_context());
  return Run<v1::ExplainResponse>(context, response, false,
                                  [this, peer, request = *request]() -> Outcome<v1::ExplainResponse> {
                                    if (!peer.ok()) return {peer.status(), {}};
                                    return {office_.Explain(peer->fingerprint, request), {}};
                                  });
}

grpc::ServerUnaryReactor* NodeService::Ask(grpc::CallbackServerContext* context,
                                           const v1::AskRequest* request, v1::AskResponse* response) {
  auto peer = peers_.Of(*context->auth_context());
  return Run<v1::AskResponse>(
      context, response, true, [this, peer, request = *request]() -> Outcome<v1::AskResponse> {
        if (!peer.ok()) return {peer.status(), {}};
        Office::Asked asked = office_.Ask(peer->key, request.body(), request.signature());
        if (!asked.answer.ok()) return {asked.answer.status(), asked.work};
        v1::AskResponse answered;
        answered.set_answer(*std::move(asked.answer));
        return {std::move(answered), asked.work};
      });
}

grpc::ServerUnaryReactor* NodeService::GetBudget(grpc::CallbackServerContext* context,
                                                 const v1::GetBudgetRequest*,
                                                 v1::GetBudgetResponse* response) {
  auto peer = peers_.Of(*context->auth_context());
  return Run<v1::GetBudgetResponse>(context, response, false,
                                    [this, peer]() -> Outcome<v1::GetBudgetResponse> {
                                      if (!peer.ok()) return {peer.status(), {}};
                                      return {office_.Budget(peer->fingerprint), {}};
                                    });
}

grpc::ServerUnaryReactor* NodeService::GetCheckpoint(grpc::CallbackServerContext* context,
                                                     const v1::GetCheckpointRequest*,
                                                     v1::GetCheckpointResponse* response) {
  return Run<v1::GetCheckpointResponse>(context, response, false,
                                        [this]() -> Outcome<v1::GetCheckpointResponse> {
                                          absl::StatusOr<std::string> note = office_.ChargeCheckpoint();
                                          if (!note.ok()) return {note.status(), {}};
                                          v1::GetCheckpointResponse checkpoint;
                                          checkpoint.set_note(*std::move(note));
                                          return {std::move(checkpoint), {}};
                                        });
}

}  // namespace penc::rpc
