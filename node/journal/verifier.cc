#include "journal/verifier.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "crypto/hash.h"
#include "penc/storage/v1/journal.pb.h"

namespace penc {
namespace {

absl::Status Bad(uint64_t index, absl::string_view fr, absl::string_view en) {
  return Fail(
      absl::StatusCode::kDataLoss,
      {absl::StrCat("journal: l'entrée ", index, " ", fr, "; restaurez une sauvegarde (penc restore)"),
       absl::StrCat("journal: entry ", index, " ", en, "; restore a backup (penc restore)")});
}

// The tree's root from its definition (RFC 6962, 2.1), level by level.
std::string RootOf(std::vector<std::string> level) {
  if (level.empty()) return Sha256("");
  while (level.size() > 1) {
    std::vector<std::string> above;
    for (size_t i = 0; i + 1 < level.size(); i += 2) {
      above.push_back(Sha256({absl::string_view("\1", 1), level[i], level[i + 1]}));
    }
    if (level.size() % 2 == 1) above.push_back(level.back());
    level = std::move(above);
  }
  return level[0];
}

}  // namespace

absl::StatusOr<VerifiedJournal> VerifyJournal(const Database& db, const Checkpoint* checkpoint,
                                              const std::function<void(uint64_t)>& progress) {
  std::vector<std::string> hashes;
  absl::Status bad;
  std::string expected_key(9, 0);
  RETURN_IF_ERROR(db.Scan(Space::kJournal, "l", [&](absl::string_view key, absl::string_view leaf) {
    const uint64_t index = hashes.size();
    expected_key[0] = 'l';
    for (int i = 0; i < 8; ++i) expected_key[1 + i] = static_cast<char>(index >> (56 - 8 * i) & 0xff);
    if (key != expected_key) {
      bad = Bad(index, "manque", "is missing");
      return false;
    }
    storage::v1::JournalLeaf parsed;
    if (!parsed.ParseFromArray(leaf.data(), static_cast<int>(leaf.size())) || parsed.format() != 1 ||
        parsed.salt().size() != 16 || parsed.what_case() == storage::v1::JournalLeaf::WHAT_NOT_SET) {
      bad = Bad(index, "est illisible", "cannot be read");
      return false;
    }
    hashes.push_back(Sha256({absl::string_view("\0", 1), leaf}));
    if (progress && hashes.size() % 4096 == 0) progress(hashes.size());
    return true;
  }));
  RETURN_IF_ERROR(bad);
  const uint64_t size = hashes.size();
  VerifiedJournal verified{size, RootOf(hashes)};
  if (checkpoint != nullptr) {
    if (checkpoint->size > size) return Bad(size, "manque", "is missing");
    hashes.resize(checkpoint->size);
    if (RootOf(std::move(hashes)) != checkpoint->root) {
      return Bad(checkpoint->size, "ou une entrée d'avant diffère du point de contrôle signé",
                 "or one before it differs from the signed checkpoint");
    }
  }
  return verified;
}

}  // namespace penc
