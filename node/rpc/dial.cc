#include "rpc/dial.h"

#include <grpcpp/create_channel.h>

#include <utility>

#include "absl/strings/match.h"
#include "rpc/status_mapping.h"

namespace penc::rpc {

std::shared_ptr<grpc::Channel> Dial(const Identity& identity, const std::string& address,
                                    std::shared_ptr<Pin> pin, const DialOptions& options) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(64 << 20);
  // Certificates carry this name whatever the address.
  arguments.SetString(GRPC_SSL_TARGET_NAME_OVERRIDE_ARG, "penc");
  // A connection that another partner's key opened must not be shared with this one.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  // Never through a proxy of the environment: the office is dialled as its card says.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS,
                   static_cast<int>(absl::ToInt64Milliseconds(options.longest_pause)));
  if (options.keepalive != absl::InfiniteDuration()) {
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS,
                     static_cast<int>(absl::ToInt64Milliseconds(options.keepalive)));
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20'000);
    arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);  // as many as it takes
  }
  return grpc::CreateCustomChannel(address, ClientTls(identity, std::move(pin)), arguments);
}

absl::Status Translate(const grpc::Status& status, const Pin& pin, const DialWords& words) {
  if (status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED && status.error_details().empty())
    return Fail(absl::StatusCode::kDeadlineExceeded, words.late);
  // Cancelled without a word of ours: the other end cut the call, it was stopping or waited too long for us.
  const bool cut = status.error_code() == grpc::StatusCode::CANCELLED;
  if (!status.error_details().empty() || (!cut && status.error_code() != grpc::StatusCode::UNAVAILABLE))
    return FromGrpc(status);
  if (absl::Status pinned = pin.last(); !pinned.ok()) return At(words.who, pinned);
  // What the transport says is of two kinds: nobody there, or somebody who hangs up (in many words: closed,
  // reset, broken pipe, handshake failed).
  const std::string& said = status.error_message();
  const bool nobody = !cut && (absl::StrContains(said, "remote host") || absl::StrContains(said, "DNS") ||
                               absl::StrContains(said, "timed out"));
  return Fail(absl::StatusCode::kUnavailable, nobody ? words.unreachable : words.closed);
}

}  // namespace penc::rpc
