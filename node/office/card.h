// The two small files that an office and a partner give each other: NAME.card (where an office is and how to
// know it) and NAME.pub (how to know a partner). YAML; neither is secret, both must come by a way that nobody
// can alter.
#pragma once
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "penc/storage/v1/office.pb.h"

namespace penc {

// INVALID_ARGUMENT with file and line. `file` is only named in errors.
absl::StatusOr<storage::v1::Card> ReadCard(absl::string_view file, absl::string_view text);
absl::StatusOr<storage::v1::PartnerKey> ReadPartnerKey(absl::string_view file, absl::string_view text);

std::string WriteCard(const storage::v1::Card& card);
std::string WritePartnerKey(const storage::v1::PartnerKey& key);
std::string WriteOfficeConfig(const storage::v1::OfficeConfig& config);

// "host:port" with a port from 0 to 65535; hosts in [] where they hold colons.
absl::Status CheckAddress(absl::string_view address);
// "SHA256:" and 43 characters of base64.
absl::Status CheckFingerprint(absl::string_view fingerprint);
// A display name: 1 to 100 characters, no control characters.
absl::Status CheckDisplayName(absl::string_view name);
// A name that becomes a file: from a display name, small letters, digits, '-'; "" where nothing is left.
std::string FileNameOf(absl::string_view display_name);
// 1 to 64 of a-z, 0-9, '-', beginning with a letter or digit.
absl::Status CheckFileName(absl::string_view name);

// A YAML scalar in double quotes.
std::string YamlQuoted(absl::string_view text);

}  // namespace penc
