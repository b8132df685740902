// NAME.network: the small YAML file by which an office or a partner finds a network's hub and knows it. With
// a code it is an invitation.
#pragma once
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "penc/storage/v1/region.pb.h"

namespace penc {

// INVALID_ARGUMENT with file and line. `file` is only named in errors.
absl::StatusOr<storage::v1::NetworkCard> ReadNetworkCard(absl::string_view file, absl::string_view text);
std::string WriteNetworkCard(const storage::v1::NetworkCard& card);

}  // namespace penc
