// From a local reference to a person key: HMAC-SHA-256 under a key of the node, 128 bits kept. The reference
// itself is not stored. Normalised first (version 1): NFKC, case folded, trimmed, inner spaces collapsed;
// '007' is not '7'.
#pragma once
#include <array>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "crypto/hash.h"
#include "crypto/secret.h"
#include "store/record_store.h"

namespace penc {

// Not thread-safe: one per thread.
class PersonKeyMaker {
 public:
  explicit PersonKeyMaker(const Secret& node_key);
  // False where every part is empty after normalising, or one is not UTF-8.
  bool Make(absl::Span<const absl::string_view> parts, PersonKey* key);
  // The person of a row that is a person of its own; `row` says which row. Never a referenced person's key.
  PersonKey MakeForRow(absl::string_view row);

 private:
  HmacKey hmac_;
  std::string buffer_;
};

// Appends the normalised text; false where it is not UTF-8.
bool AppendNormalised(absl::string_view text, std::string* out);

// The text without accents ("Démo" -> "Demo"); what is not UTF-8 as it is.
std::string WithoutAccents(absl::string_view text);

}  // namespace penc
