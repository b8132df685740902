// How this program reaches others: mutual TLS with the one key that the other end must have, and what a
// person is told where that fails.
#pragma once
#include <grpcpp/channel.h>
#include <grpcpp/support/status.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/status.h"
#include "office/identity.h"
#include "rpc/tls.h"

namespace penc::rpc {

struct DialOptions {
  // How often a quiet connection is tried; infinite: never. Routers forget quiet connections after minutes.
  absl::Duration keepalive = absl::InfiniteDuration();
  // The longest pause between attempts to connect.
  absl::Duration longest_pause = absl::Seconds(120);
};

// Connects at the first call. `identity` is copied; `pin`'s clock outlives the channel. Never through a proxy
// of the environment, never sharing a connection that another key opened.
std::shared_ptr<grpc::Channel> Dial(const Identity& identity, const std::string& address,
                                    std::shared_ptr<Pin> pin, const DialOptions& options);

// What is said of one other end.
struct DialWords {
  std::string who;  // "ALCRER (127.0.0.1:7411)": precedes what the pin found
  Text late;        // no answer within the deadline
  Text unreachable;
  Text closed;  // somebody is there and hangs up
};

// The other end's own error as it sent it, or what the transport's error means.
absl::Status Translate(const grpc::Status& status, const Pin& pin, const DialWords& words);

}  // namespace penc::rpc
