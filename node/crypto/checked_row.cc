#include "crypto/checked_row.h"

#include "absl/strings/str_cat.h"
#include "crypto/hash.h"

namespace penc {
namespace {

constexpr size_t kCheck = 8;

std::string CheckOf(absl::string_view key, absl::string_view bytes) {
  return Sha256({key, bytes}).substr(0, kCheck);
}

}  // namespace

std::string CheckedRow(absl::string_view key, absl::string_view bytes) {
  return absl::StrCat(CheckOf(key, bytes), bytes);
}

absl::optional<absl::string_view> OpenCheckedRow(absl::string_view key, absl::string_view stored) {
  if (stored.size() < kCheck || CheckOf(key, stored.substr(kCheck)) != stored.substr(0, kCheck))
    return absl::nullopt;
  return stored.substr(kCheck);
}

}  // namespace penc
