// The charge log: an RFC 6962 tree over everything that an office was ever charged, which stewards witness
// round by round, so that an office that came back from an old backup cannot find its budget full again
// (FORMAT.md, "The charge log"). A log that was lost cannot be extended: whoever takes over a witnessed head
// begins a further generation, an empty tree whose first entry says so.
//
// Entries are only appended, each in the caller's own write. Memory holds the frontier; everything else is
// read from the rows. Not thread-safe: everything is called on the committer's thread under the ledger's
// lock; where the log stands (generation, size, root) may be asked from other threads under that lock.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "codebook/period.h"
#include "journal/merkle.h"
#include "penc/storage/v1/ledger.pb.h"
#include "penc/v1/round.pb.h"

namespace penc {

class Database;
class Staging;

class ChargeLog {
 public:
  explicit ChargeLog(Database& db) : db_(db) {}  // outlives it

  // Reads where the log stands. DATA_LOSS where its rows do not belong together.
  absl::Status Load();
  // A write begins of which nothing is on the disk yet.
  void BeginGroup() { recent_.clear(); }

  uint64_t generation() const { return row_.generation(); }
  uint64_t size() const { return frontier_.size(); }
  std::string root() const { return frontier_.Root(); }
  const v1::AdoptedHead* adopted() const { return row_.has_adopted() ? &row_.adopted() : nullptr; }

  // Fills format and salt, and returns the entry's leaf hash. Cannot fail.
  std::string Append(Staging& staging, storage::v1::ChargeLogEntry entry);
  // The same for a forfeit: what was charged so far is never taken off again.
  std::string AppendForfeit(Staging& staging);
  // Begins the generation after this one and the head's, with `head` as its first entry; `retaken_until`: see
  // Retakes.
  std::string Adopt(Staging& staging, const v1::AdoptedHead& head, absl::optional<Edition> retaken_until);

  // Whether a charge at this generation and place (from 1) is still a part of the sums that were charged
  // since: not where they were replaced by a bound.
  bool InSums(uint64_t generation, uint64_t place) const {
    return place > 0 && generation == row_.generation() && place > row_.forfeited();
  }
  // Whether a cohort that opens now starts from what was taken over: it may hold people of a cohort that was
  // lost. Stages that the closing of `edition` was the last such one.
  bool Retakes(Staging& staging, Edition edition);

  // Is the head (of any generation) part of this log, or of what this log took over?
  absl::StatusOr<bool> Contains(uint64_t generation, uint64_t size, absl::string_view root) const;
  bool TookOver(const v1::AdoptedHead& head) const;

  // Where the log stands, with links to heads given before; stages that it was given. The amounts are the
  // caller's.
  absl::StatusOr<v1::ChargeLogHead> Give(Staging& staging);

  // The last head of this generation that is known to be witnessed; 0: none.
  uint64_t witnessed() const { return given_.witnessed().size(); }
  void SetWitnessed(Staging& staging, uint64_t size, absl::string_view root);

  // Entries of this generation from the one at index `from` on.
  absl::Status ForEach(uint64_t from,
                       const std::function<void(const storage::v1::ChargeLogEntry&)>& visit) const;

 private:
  absl::StatusOr<storage::v1::ChargeLogEntryRow> Entry(uint64_t index) const;
  absl::StatusOr<std::string> Node(int level, uint64_t index) const;
  absl::Status CheckFrontier() const;
  void Put(Staging& staging);
  void PutGiven(Staging& staging);

  Database& db_;
  storage::v1::ChargeLogRow row_;  // size and peaks are the frontier's
  merkle::Frontier frontier_;
  storage::v1::GivenHeadsRow given_;
  std::map<uint64_t, storage::v1::ChargeLogEntryRow> recent_;  // by index: staged in the write being made up
};

}  // namespace penc
