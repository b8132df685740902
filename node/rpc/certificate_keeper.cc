#include "rpc/certificate_keeper.h"

#include <utility>

namespace penc::rpc {

CertificateKeeper::CertificateKeeper(std::function<absl::Status()> look, absl::Duration every,
                                     std::function<void(const absl::Status&)> trouble)
    : looks_(every, [look = std::move(look), trouble = std::move(trouble)] {
        const absl::Status looked = look();
        if (!looked.ok() && trouble) trouble(looked);
      }) {}

}  // namespace penc::rpc
