#include "rpc/client.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "office/signing.h"
#include "rpc/dial.h"

namespace penc::rpc {
namespace {

DialWords WordsFor(const storage::v1::Card& card) {
  const std::string &name = card.card(), &address = card.address();
  return {
      absl::StrCat(name, " (", address, ")"),
      {absl::StrCat(name, " (", address,
                    ") n'a pas répondu à temps: réessayez; une même question n'est comptée qu'une fois"),
       absl::StrCat(name, " (", address,
                    ") did not answer in time: try again; the same question is charged only once")},
      {absl::StrCat(name, " est injoignable à ", address,
                    ": son nœud tourne-t-il (penc serve) ? L'adresse de la carte et votre connexion "
                    "sont-elles bonnes ?"),
       absl::StrCat(name, " cannot be reached at ", address,
                    ": is its node running (penc serve)? Are the card's address and your connection right?")},
      {absl::StrCat(address,
                    " a fermé la connexion: est-ce bien un nœud penc (et non un autre service) ? Vérifiez "
                    "l'adresse de la carte de ",
                    name, ", et demandez si son nœud vient de s'arrêter"),
       absl::StrCat(address,
                    " closed the connection: is it a penc node (not another service)? Check the address in "
                    "the card of ",
                    name, ", and ask whether its node has just stopped")}};
}

}  // namespace

NodeClient::NodeClient(const Identity& identity, storage::v1::Card card, const Clock& clock,
                       absl::Duration deadline)
    : identity_(identity),
      card_(std::move(card)),
      clock_(clock),
      deadline_(deadline),
      pin_(std::make_shared<Pin>(card_.key(), clock)),
      stub_(v1::NodeService::NewStub(Dial(identity, card_.address(), pin_, {}))) {}

template <typename Request, typename Response>
absl::StatusOr<Response> NodeClient::Call(grpc::Status (v1::NodeService::Stub::*method)(grpc::ClientContext*,
                                                                                        const Request&,
                                                                                        Response*),
                                          const Request& request) {
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + deadline_));
  Response response;
  RETURN_IF_ERROR(Translate((stub_.get()->*method)(&context, request, &response), *pin_, WordsFor(card_)));
  return response;
}

absl::StatusOr<v1::DescribeResponse> NodeClient::Describe() {
  return Call(&v1::NodeService::Stub::Describe, v1::DescribeRequest());
}

absl::StatusOr<v1::ExplainResponse> NodeClient::Explain(const v1::ExplainRequest& request) {
  return Call(&v1::NodeService::Stub::Explain, request);
}

absl::StatusOr<v1::Answer> NodeClient::Ask(const v1::Bulletin& bulletin, const std::string& purpose,
                                           const v1::Price& price) {
  v1::AskBody body;
  *body.mutable_bulletin() = bulletin;
  body.set_purpose(purpose);
  *body.mutable_price() = price;
  body.set_node(card_.key());
  body.set_expires_unix_micros(absl::ToUnixMicros(clock_.Now() + absl::Hours(1)));
  ASSIGN_OR_RETURN(std::string bytes, AskBytes(body));
  v1::Answer answer;
  if (!answer.ParseFromString(bytes)) {
    return Fail(
        absl::StatusCode::kDataLoss,
        {absl::StrCat("réponse illisible de ", card_.card(), ": les deux programmes penc sont-ils à jour ?"),
         absl::StrCat("unreadable answer from ", card_.card(), ": are both penc programs up to date?")});
  }
  return answer;
}

absl::StatusOr<std::string> NodeClient::AskBytes(const v1::AskBody& body) {
  v1::AskRequest request;
  request.set_body(body.SerializeAsString());
  request.set_signature(SignAsk(identity_.key, request.body()));
  ASSIGN_OR_RETURN(v1::AskResponse response, Call(&v1::NodeService::Stub::Ask, request));
  return std::move(*response.mutable_answer());
}

absl::StatusOr<v1::GetBudgetResponse> NodeClient::GetBudget() {
  return Call(&v1::NodeService::Stub::GetBudget, v1::GetBudgetRequest());
}

absl::StatusOr<std::string> NodeClient::GetCheckpoint() {
  ASSIGN_OR_RETURN(v1::GetCheckpointResponse response,
                   Call(&v1::NodeService::Stub::GetCheckpoint, v1::GetCheckpointRequest()));
  return std::move(*response.mutable_note());
}

}  // namespace penc::rpc
