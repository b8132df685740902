// Rows of the ledger on disk: a message in a checked row (crypto/checked_row.h).
#pragma once
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "crypto/checked_row.h"

namespace penc {

inline constexpr uint32_t kLedgerFormat = 1;

// DATA_LOSS, in the words that people read.
absl::Status LedgerDamaged();

// The message's bytes. DATA_LOSS where they were altered, or belong to another key.
absl::StatusOr<absl::string_view> UncheckedRow(absl::string_view key, absl::string_view value);

// DATA_LOSS also where the message cannot be read or has another format.
template <typename Message>
absl::Status ParseRow(absl::string_view key, absl::string_view value, Message& message) {
  return ReadCheckedRow(key, value, kLedgerFormat, message) ? absl::OkStatus() : LedgerDamaged();
}

}  // namespace penc
