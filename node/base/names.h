// What people write into small files and command lines: names, addresses, fingerprints. Pure functions.
#pragma once
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace penc {

// All say INVALID_ARGUMENT with what is expected.

// "host:port" with a port from 0 to 65535; hosts in [] where they hold colons.
absl::Status CheckAddress(absl::string_view address);
// "SHA256:" and 43 characters of base64.
absl::Status CheckFingerprint(absl::string_view fingerprint);
// A display name: 1 to 100 characters, no control characters.
absl::Status CheckDisplayName(absl::string_view name);

// A YAML scalar in double quotes.
std::string YamlQuoted(absl::string_view text);

}  // namespace penc
