// The service that partners call (proto/penc/v1/node_service.proto), on top of an Office. Callers were
// admitted by the gatekeeper before their message was parsed. Questions run on `workers`, everything
// else on `quick`, so that nobody sees by other calls when a question frees a worker; an answer to Ask leaves
// at its reply slot; every call ends within 30 s on the server's side. References must outlive the server.
#pragma once
#include <functional>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "office/office.h"
#include "penc/v1/node_service.grpc.pb.h"
#include "rpc/peers.h"
#include "rpc/slots.h"
#include "rpc/timers.h"
#include "rpc/workers.h"

namespace penc::rpc {

struct NodeServiceOptions {
  DeclaredCapacity capacity;
  absl::Duration longest = absl::Seconds(30);
  // When a reply leaves, from its planned and its elapsed time; benchmarks of the work alone replace it.
  std::function<absl::Duration(absl::Duration slot, absl::Duration elapsed)> leaves_at = LeavesAt;
  // Told when an answer missed its slot; local log only.
  std::function<void(absl::Duration slot, absl::Duration elapsed)> overrun;
};

class NodeService final : public v1::NodeService::CallbackService {
 public:
  NodeService(Office& office, Workers& workers, Workers& quick, Timers& timers, NodeServiceOptions options)
      : office_(office), workers_(workers), quick_(quick), timers_(timers), options_(std::move(options)) {}

  grpc::ServerUnaryReactor* Describe(grpc::CallbackServerContext* context, const v1::DescribeRequest* request,
                                     v1::DescribeResponse* response) override;
  grpc::ServerUnaryReactor* Explain(grpc::CallbackServerContext* context, const v1::ExplainRequest* request,
                                    v1::ExplainResponse* response) override;
  grpc::ServerUnaryReactor* Ask(grpc::CallbackServerContext* context, const v1::AskRequest* request,
                                v1::AskResponse* response) override;
  grpc::ServerUnaryReactor* GetBudget(grpc::CallbackServerContext* context,
                                      const v1::GetBudgetRequest* request,
                                      v1::GetBudgetResponse* response) override;
  grpc::ServerUnaryReactor* GetCheckpoint(grpc::CallbackServerContext* context,
                                          const v1::GetCheckpointRequest* request,
                                          v1::GetCheckpointResponse* response) override;

 private:
  // Runs `work` on a worker and finishes the call with what it returns. `slotted`: the reply waits for the
  // slot of the planned work.
  template <typename Response>
  struct Outcome {
    absl::StatusOr<Response> response;
    PlannedWork work;
  };
  template <typename Response>
  grpc::ServerUnaryReactor* Run(grpc::CallbackServerContext* context, Response* response, bool slotted,
                                std::function<Outcome<Response>()> work);

  Office& office_;
  Workers& workers_;
  Workers& quick_;
  Timers& timers_;
  const NodeServiceOptions options_;
  Peers peers_;
};

}  // namespace penc::rpc
