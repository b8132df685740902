// How a partner talks to an office: mutual TLS with the key of the office's card, every error a sentence that
// says what to check.
//
//   ASSIGN_OR_RETURN(auto card, partner.Office("alcrer"));
//   NodeClient node(partner.identity(), card, clock);
//   ASSIGN_OR_RETURN(v1::Answer answer, node.Ask(bulletin, "plaidoyer", price));
//
// Thread-safe. `identity` and `clock` outlive it.
#pragma once
#include <grpcpp/channel.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "office/identity.h"
#include "penc/storage/v1/office.pb.h"
#include "penc/v1/answer.pb.h"
#include "penc/v1/node_service.grpc.pb.h"
#include "penc/v1/question.pb.h"
#include "rpc/tls.h"

namespace penc::rpc {

class NodeClient {
 public:
  NodeClient(const Identity& identity, storage::v1::Card card, const Clock& clock,
             absl::Duration deadline = absl::Seconds(35));

  absl::StatusOr<v1::DescribeResponse> Describe();
  absl::StatusOr<v1::ExplainResponse> Explain(const v1::ExplainRequest& request);
  // Signs and sends the question. A refusal is an answer: look at Answer.refusal.
  absl::StatusOr<v1::Answer> Ask(const v1::Bulletin& bulletin, const std::string& purpose,
                                 const v1::Price& price);
  // The same for a body made elsewhere; the stored answer's bytes as they are.
  absl::StatusOr<std::string> AskBytes(const v1::AskBody& body);
  absl::StatusOr<v1::GetBudgetResponse> GetBudget();
  // The journal's latest signed checkpoint.
  absl::StatusOr<std::string> GetCheckpoint();

 private:
  template <typename Request, typename Response>
  absl::StatusOr<Response> Call(grpc::Status (v1::NodeService::Stub::*method)(grpc::ClientContext*,
                                                                              const Request&, Response*),
                                const Request& request);

  const Identity& identity_;
  const storage::v1::Card card_;
  const Clock& clock_;
  const absl::Duration deadline_;
  std::shared_ptr<Pin> pin_;
  std::unique_ptr<v1::NodeService::Stub> stub_;
};

}  // namespace penc::rpc
