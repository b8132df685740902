// A row on disk: its bytes and the first 8 bytes of their SHA-256 bound to the key that it lies under, so
// that a damaged or misplaced row is noticed whatever the database says. Pure.
#pragma once
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace penc {

std::string CheckedRow(absl::string_view key, absl::string_view bytes);
// The row's own bytes; nothing where it is damaged. The view is of `stored`.
absl::optional<absl::string_view> OpenCheckedRow(absl::string_view key, absl::string_view stored);

}  // namespace penc
