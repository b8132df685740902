// HXL hashtags of a tag row (hxlstandard.org 1.1): "#adm1 +code+v_pcode". Pure.
#pragma once
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace penc {

// The tag as compared: small letters, no spaces, attributes in order, each once; nothing where it is no tag.
absl::optional<std::string> CanonicalTag(absl::string_view text);

}  // namespace penc
