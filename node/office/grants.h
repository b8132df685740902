// The grants of an office: DIR/grants/*.yaml, one per partner, read again when a file changes. A file that
// cannot be read is a named error and its key is denied; so are two files for one key. A grant is in force
// once the journal says so, and not before: a full disk gives nobody access. Thread-safe.
#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/status.h"
#include "codebook/codebook.h"
#include "office/grant_journal.h"
#include "policy/policy.h"

namespace penc {

class Grants {
 public:
  struct Bad {
    std::string file;  // base name
    absl::Status why;
  };

  // `db` and `committer` outlive it.
  Grants(std::string folder, const Database& db, Committer& committer)
      : folder_(std::move(folder)), journal_(db, committer) {}

  // The grant of a key; null where there is none. Looks at the folder at most twice a second.
  std::shared_ptr<const Grant> Find(absl::string_view fingerprint, const Codebook& codebook);
  std::shared_ptr<const Grant> FindByName(absl::string_view name, const Codebook& codebook);

  // Reads again now, whatever the folder looks like.
  void Reload(const Codebook& codebook);

  std::vector<std::shared_ptr<const Grant>> All(const Codebook& codebook);
  std::vector<Bad> Errors(const Codebook& codebook);

 private:
  // What a file looked like; a change in any of it means: read again.
  struct Seen {
    int64_t modified_ns = 0, changed_ns = 0;
    uint64_t size = 0, inode = 0;
    friend bool operator==(const Seen&, const Seen&) = default;
  };
  using Listing = std::map<std::string, Seen>;  // by base name

  Listing List() const;
  void RefreshLocked(const Codebook& codebook, bool force);
  void ReadAllLocked(const Codebook& codebook);
  void DropLocked(const std::string& key);

  const std::string folder_;
  std::mutex mutex_;
  absl::Time looked_ = absl::InfinitePast();
  GrantJournal journal_;
  bool read_ = false;
  Listing listing_;
  std::vector<std::shared_ptr<const Grant>> grants_;
  std::map<std::string, std::shared_ptr<const Grant>, std::less<>> by_key_;
  std::vector<Bad> bad_;
};

}  // namespace penc
