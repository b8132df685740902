#include "rpc/certificate_keeper.h"

#include <utility>

#include "office/identity.h"

namespace penc::rpc {

CertificateKeeper::CertificateKeeper(CertificateFiles files, const Clock& clock, absl::Duration every,
                                     std::function<void(const absl::Status&)> trouble)
    : looks_(every, [files = std::move(files), &clock, trouble = std::move(trouble)] {
        const absl::Status looked =
            LoadIdentity(files.key, files.certificate, files.name, clock.Now()).status();
        if (!looked.ok() && trouble) trouble(looked);
      }) {}

}  // namespace penc::rpc
