// The two small files that an office and a partner give each other: NAME.card (where an office is and how to
// know it) and NAME.pub (how to know a partner). YAML; neither is secret, both must come by a way that nobody
// can alter.
#pragma once
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/names.h"
#include "crypto/signature.h"
#include "penc/storage/v1/office.pb.h"

namespace penc {

// INVALID_ARGUMENT with file and line. `file` is only named in errors.
absl::StatusOr<storage::v1::Card> ReadCard(absl::string_view file, absl::string_view text);
absl::StatusOr<storage::v1::PartnerKey> ReadPartnerKey(absl::string_view file, absl::string_view text);

// The key itself, whose fingerprint was checked. FAILED_PRECONDITION where the file is of a program that
// wrote the fingerprint only.
absl::StatusOr<VerifyKey> PublicKeyOf(absl::string_view file, const storage::v1::PartnerKey& key);
storage::v1::PartnerKey MakePartnerKey(const std::string& name, const VerifyKey& key);

std::string WriteCard(const storage::v1::Card& card);
std::string WritePartnerKey(const storage::v1::PartnerKey& key);
std::string WriteOfficeConfig(const storage::v1::OfficeConfig& config);

// A name that becomes a file: from a display name, small letters, digits, '-'; "" where nothing is left.
std::string FileNameOf(absl::string_view display_name);
// 1 to 64 of a-z, 0-9, '-', beginning with a letter or digit.
absl::Status CheckFileName(absl::string_view name);

}  // namespace penc
