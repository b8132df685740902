// Columns that must never be stored: names, phones, e-mails, document numbers, coordinates, device ids.
// Judged by heading words (French and English). Pure.
#pragma once
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "base/status.h"

namespace penc {

// What a heading looks like ("un nom de personne"), or nothing.
absl::optional<Text> LooksSensitive(absl::string_view heading);

}  // namespace penc
