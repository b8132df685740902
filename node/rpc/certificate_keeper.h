// Renews a certificate while its program runs: looks at the file now and then, and where the certificate is
// within a year of its end has a new one written under the same key (office/identity.h). What watches the
// file (tls.h) shows it to whoever connects from then on; open connections stay.
#pragma once
#include <functional>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "rpc/every.h"

namespace penc::rpc {

class CertificateKeeper {
 public:
  // `look` renews where it is time (LoadIdentity); `trouble` is told of each look that failed. Both on a
  // thread of its own.
  CertificateKeeper(std::function<absl::Status()> look, absl::Duration every,
                    std::function<void(const absl::Status&)> trouble);

 private:
  Every looks_;
};

}  // namespace penc::rpc
