#include "rpc/tls13.h"

#include <stdlib.h>

namespace penc::rpc {

void RequireTls13() {
  setenv("GRPC_SSL_CIPHER_SUITES", "PSK-AES256-GCM-SHA384", /*overwrite=*/1);
  setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);
}

}  // namespace penc::rpc
