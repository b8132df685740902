// A row on disk: its bytes and the first 8 bytes of their SHA-256 bound to the key that it lies under, so
// that a damaged or misplaced row is noticed whatever the database says. Pure.
#pragma once
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace penc {

std::string CheckedRow(absl::string_view key, absl::string_view bytes);
// The row's own bytes; nothing where it is damaged. The view is of `stored`.
absl::optional<absl::string_view> OpenCheckedRow(absl::string_view key, absl::string_view stored);

// The message in a row. False where the row is damaged, the message cannot be read, or has another format.
template <typename Message>
bool ReadCheckedRow(absl::string_view key, absl::string_view stored, uint32_t format, Message& message) {
  const absl::optional<absl::string_view> bytes = OpenCheckedRow(key, stored);
  return bytes.has_value() && message.ParseFromArray(bytes->data(), static_cast<int>(bytes->size())) &&
         message.format() == format;
}

}  // namespace penc
