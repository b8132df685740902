// Renews the node's certificate while it runs: looks at the file now and then, and where the certificate is
// within a year of its end writes a new one under the same key (office/identity.h). What watches the file
// (tls.h) shows it to whoever connects from then on; open connections stay.
#pragma once
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "rpc/every.h"

namespace penc::rpc {

struct CertificateFiles {
  std::string key, certificate;
  std::string name;  // the certificate's common name
};

class CertificateKeeper {
 public:
  // `clock` outlives it; `trouble` is told of each look that failed, on a thread of its own.
  CertificateKeeper(CertificateFiles files, const Clock& clock, absl::Duration every,
                    std::function<void(const absl::Status&)> trouble);

 private:
  Every looks_;
};

}  // namespace penc::rpc
