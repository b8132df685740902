#include "office/key_journal.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace penc {
namespace {

constexpr char kKey[] = "keyring";

const char* Name(const storage::v1::KeySlot& slot) {
  if (slot.has_here()) return "here";
  if (slot.has_file()) return "file";
  return slot.has_credential() ? "credential" : "stewards";
}

}  // namespace

void StageRingSaid(const Database& db, Staging& staging, uint64_t version) {
  db.Put(staging.batch(), Space::kOffice, kKey, absl::StrCat(version));
}

absl::Status SayRing(const Database& db, Committer& committer, const storage::v1::KeyRingFile& ring) {
  ASSIGN_OR_RETURN(const absl::optional<std::string> said, db.Get(Space::kOffice, kKey));
  if (said == absl::StrCat(ring.version())) return absl::OkStatus();
  return committer.Commit([&](Staging& staging) {
    storage::v1::JournalLeaf leaf;
    storage::v1::KeyMoved& moved = *leaf.mutable_key_moved();
    moved.set_version(ring.version());
    moved.set_rotated(ring.change() == storage::v1::KEY_CHANGE_ROTATED);
    for (const storage::v1::KeySlot& slot : ring.slots()) {
      moved.add_places(Name(slot));
      if (!slot.has_stewards()) continue;
      moved.set_shares(static_cast<uint32_t>(slot.stewards().holders_size()));
      moved.set_threshold(slot.stewards().threshold());
      moved.set_roster_version(slot.stewards().roster_version());
    }
    StageRingSaid(db, staging, ring.version());
    staging.Leaf(std::move(leaf));
    return absl::OkStatus();
  });
}

}  // namespace penc
