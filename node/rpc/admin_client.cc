#include "rpc/admin_client.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <thread>
#include <utility>
#include <vector>

#include "base/status.h"
#include "office/layout.h"
#include "rpc/status_mapping.h"

namespace penc::rpc {
namespace {

constexpr size_t kChunk = 1 << 20;

absl::Status WentAway() {
  return Fail(
      absl::StatusCode::kUnavailable,
      {"le nœud s'est arrêté pendant la commande: relancez-la; ce qui n'était pas terminé n'a rien changé",
       "the node stopped during the command: run it again; what was not finished changed nothing"});
}

}  // namespace

absl::StatusOr<absl::optional<AdminClient>> AdminClient::Find(const std::string& dir) {
  ASSIGN_OR_RETURN(absl::optional<SocketAddress> address, SocketAddress::OfListener(Layout(dir).socket()));
  if (!address.has_value()) return absl::optional<AdminClient>();
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(64 << 20);
  auto channel = grpc::CreateCustomChannel(address->uri(), grpc::InsecureChannelCredentials(), arguments);
  return absl::optional<AdminClient>(AdminClient(*std::move(address), v1::AdminService::NewStub(channel)));
}

absl::StatusOr<v1::AdminResult> AdminClient::Run(
    const v1::AdminCommand& command, ByteSource* upload,
    const std::function<void(const v1::AdminProgress&)>& progress) {
  grpc::ClientContext context;
  auto stream = stub_->Run(&context);
  v1::RunRequest request;
  *request.mutable_command() = command;
  absl::Status read_error;
  // The node may answer before the file ends (a wrong header): sending and receiving go on beside each other.
  std::thread sender([&] {
    bool open = stream->Write(request);
    std::vector<char> buffer(upload != nullptr ? kChunk : 0);
    while (open && upload != nullptr) {
      absl::StatusOr<size_t> n = upload->Read(absl::MakeSpan(buffer));
      if (!n.ok()) {
        read_error = n.status();
        context.TryCancel();  // an incomplete file must not look like a complete one
        return;
      }
      if (*n == 0) break;
      request.set_chunk(buffer.data(), *n);
      open = stream->Write(request);
    }
    stream->WritesDone();
  });
  v1::RunResponse response;
  absl::optional<absl::StatusOr<v1::AdminResult>> outcome;
  while (stream->Read(&response)) {
    if (response.has_progress()) {
      progress(response.progress());
    } else if (response.has_result()) {
      outcome = std::move(*response.mutable_result());
    } else if (response.has_error()) {
      const v1::AdminError& error = response.error();
      outcome = Fail(static_cast<absl::StatusCode>(error.code()), {error.says().fr(), error.says().en()});
    }
  }
  sender.join();
  grpc::Status status = stream->Finish();
  if (!read_error.ok()) return read_error;
  if (outcome) return *std::move(outcome);
  if (status.ok() || status.error_code() == grpc::StatusCode::UNAVAILABLE) return WentAway();
  return FromGrpc(status);
}

}  // namespace penc::rpc
