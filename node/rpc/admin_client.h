// The command line's way to a running node: DIR/penc.sock.
//
//   ASSIGN_OR_RETURN(absl::optional<AdminClient> node, AdminClient::Find(dir));
//   if (node) return node->Run(command, &file, progress);
//   ... else open the directory itself and call Administer: same code ...
//
// Thread-compatible.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "ingest/byte_source.h"
#include "penc/v1/admin.pb.h"
#include "penc/v1/admin_service.grpc.pb.h"
#include "rpc/socket_address.h"

namespace penc::rpc {

class AdminClient {
 public:
  // Nothing where no node listens in this folder (no socket, or one that a crash left behind).
  static absl::StatusOr<absl::optional<AdminClient>> Find(const std::string& dir);

  // Runs one command; `upload` (may be null) is read to its end. Blocks; `progress` is called on this thread.
  // The error is the command's own, as Administer gave it; UNAVAILABLE where the node went away meanwhile.
  absl::StatusOr<v1::AdminResult> Run(const v1::AdminCommand& command, ByteSource* upload,
                                      const std::function<void(const v1::AdminProgress&)>& progress);

 private:
  AdminClient(SocketAddress address, std::unique_ptr<v1::AdminService::Stub> stub)
      : address_(std::move(address)), stub_(std::move(stub)) {}

  SocketAddress address_;
  std::unique_ptr<v1::AdminService::Stub> stub_;
};

}  // namespace penc::rpc
