// What the journal says about the grants in force. Grants are files that people edit with whatever they like,
// so the node compares them with what it journaled last, and writes a leaf for each one that came, changed or
// went. Column family `office`: "grant/" and the file's base name -> storage.v1.Granted as last journaled.
// Not thread-safe; what it is given outlives it.
#pragma once
#include <map>
#include <string>

#include "absl/status/status.h"
#include "base/database.h"
#include "journal/committer.h"
#include "penc/storage/v1/journal.pb.h"

namespace penc {

class GrantJournal {
 public:
  using ByFile = std::map<std::string, storage::v1::Granted>;

  GrantJournal(const Database& db, Committer& committer) : db_(db), committer_(committer) {}

  // One synced write for all that differs from the last call, of this process or an earlier one; none where
  // nothing does. After an error the journal may lack what differs: see Journaled.
  absl::Status Follow(const ByFile& in_force);
  // Whether the journal already says exactly this.
  bool Journaled(const std::string& file, const storage::v1::Granted& grant) const;

 private:
  absl::Status Load();

  const Database& db_;
  Committer& committer_;
  bool loaded_ = false;
  ByFile journaled_;
};

}  // namespace penc
