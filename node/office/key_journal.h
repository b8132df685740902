// What the journal says of the node key: each version of the ring has its leaf. The ring is a file and the
// journal is not, so a version that a crash left unsaid is said at the next opening. Internal to the office.
#pragma once
#include "absl/status/status.h"
#include "base/database.h"
#include "journal/committer.h"
#include "penc/storage/v1/keys.pb.h"

namespace penc {

// Space `office`, key "keyring": the version that was said last, in decimal.
void StageRingSaid(const Database& db, Staging& staging, uint64_t version);
// Leaf and mark in one write; nothing where this version has its leaf.
absl::Status SayRing(const Database& db, Committer& committer, const storage::v1::KeyRingFile& ring);

}  // namespace penc
