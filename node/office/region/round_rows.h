// What a member remembers of regional rounds, in its database: as an office, as a steward, as a witness of
// other offices' charge logs (storage/v1/region.proto). Every write is synced before it returns; a row that
// is damaged is DATA_LOSS, never taken for "not there". Thread-safe.
#pragma once
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "federation/round.h"
#include "federation/steward.h"
#include "penc/storage/v1/region.pb.h"

namespace penc {

class Committer;
class Database;

class RoundRows {
 public:
  // References outlive it.
  RoundRows(const Database& db, Committer& committer) : db_(db), committer_(committer) {}

  absl::StatusOr<absl::optional<storage::v1::OfficeRoundRow>> Office(const Round& round) const;
  absl::Status Save(const Round& round, const storage::v1::OfficeRoundRow& row);
  absl::Status Save(absl::string_view qid, uint32_t attempt, const storage::v1::OfficeRoundRow& row);
  // Of all rounds that were ever taken up, in no order.
  absl::StatusOr<std::vector<storage::v1::OfficeRoundRow>> AllOffice() const;

  // An empty row where nothing is remembered.
  absl::StatusOr<storage::v1::StewardRow> Steward(const Round& round) const;
  // The row and the witnesses in one write.
  absl::Status Save(const storage::v1::StewardRow& row, const WitnessRows& witnesses);
  absl::StatusOr<WitnessRows> Witnesses() const;

 private:
  const Database& db_;
  Committer& committer_;
};

}  // namespace penc
