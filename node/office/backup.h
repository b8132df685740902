// Backup and restore. A backup is one tar file (0600) of everything in an office's folder: keys,
// configuration, applied rules, grants, and a consistent checkpoint of the database. Whoever has the file has
// the office: it is as secret as the folder itself.
//
// The backup does not know what was answered after it was made, and forgotten spending is a broken promise. A
// restored member of a network is silent until stewards have told it what it had spent (office/region); any
// other office forfeits all the budget that was left. People closed in later editions bring new budget.
#pragma once
#include <string>

#include "absl/status/statusor.h"
#include "office/environment.h"
#include "office/office.h"

namespace penc {

// Size in bytes of the file written. ALREADY_EXISTS where `path` exists; nothing is left behind on failure.
absl::StatusOr<uint64_t> Backup(Office& office, const std::string& path);

struct Restored {
  std::string name;      // of the office
  bool silent = false;   // it waits for stewards; nothing was forfeited
  uint64_t cohorts = 0;  // whose remaining budget was forfeited
};
// Makes the office in `dir`, which must not exist or be empty; on failure it is as before. INVALID_ARGUMENT
// where `path` is not a backup, DATA_LOSS where it is damaged. `forfeit`: a member of a network forfeits as
// well, and answers at once for people to come.
absl::StatusOr<Restored> Restore(const std::string& path, const std::string& dir, bool forfeit,
                                 const Environment& environment);

}  // namespace penc
