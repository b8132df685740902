// From what a file says of a person to the bucket by which the network counts different persons: HMAC-SHA-256
// of folded fields under the network's key, of which 20 bits are kept. Neither the fields nor the hash leave
// this class. What it protects and what not: federation/linkage.md.
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "codebook/codebook.h"
#include "crypto/hash.h"
#include "crypto/secret.h"
#include "ingest/mapping.h"
#include "store/record_store.h"

namespace penc {

// Folding 1, the same for ever: NFKC with cases folded, decomposed; letters and digits alone, without
// accents, signs and spaces; digits of every script as 0 to 9; letters that have no decomposition as people
// write them without their keyboard ("œ" oe, "ɓ" b, "ŋ" n, "ɛ" e, "ɔ" o). "N'Diaye-Bâ" is "ndiayeba". Empty
// where nothing is left or the text is not UTF-8.
std::string FoldedField(absl::string_view text);

// Not thread-safe: one per thread.
class BucketMaker {
 public:
  // `network_key`: null where nobody is recognised.
  BucketMaker(const Secret* network_key, const Secret& node_key);
  ~BucketMaker();

  // 0 to 2^20 - 1; nothing where a field is empty once folded, or there is no network key.
  absl::optional<uint32_t> Of(absl::Span<const absl::string_view> fields);
  // Of a person whom no other office recognises: a bucket by the office's own key.
  uint32_t Alone(const PersonKey& person);

 private:
  std::unique_ptr<HmacKey> network_;
  HmacKey own_;
  std::string buffer_;
};

// Null where the codebook links no persons of this table. INVALID_ARGUMENT, before anything is read, where
// the mapping recognises persons and the key is missing or is not the codebook's; a dry run goes without a
// key.
absl::StatusOr<std::unique_ptr<BucketMaker>> BucketsFor(const Codebook& codebook, const Mapping& mapping,
                                                        uint32_t table, bool dry_run,
                                                        const Secret* network_key, const Secret& node_key);

}  // namespace penc
