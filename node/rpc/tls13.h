// TLS 1.3 and nothing older.
#pragma once

namespace penc::rpc {

// Call first in main, before any other use of gRPC in the process. Debian's gRPC 1.51 accepts TLS 1.2 and has
// no option against it; a cipher list without any 1.2 cipher leaves only 1.3. Also keeps gRPC's own log lines
// (addresses, library error codes) off the terminal unless GRPC_VERBOSITY asks for them.
void RequireTls13();

}  // namespace penc::rpc
