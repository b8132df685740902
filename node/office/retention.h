// How long rows are kept: a last day for each imported file, after which its rows leave by themselves, if the clock can
// be believed. A clock that is years ahead must not empty an office.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/types/optional.h"
#include "base/status.h"
#include "codebook/period.h"
#include "office/office.h"
#include "penc/v1/admin_persons.pb.h"

namespace penc {

// The last day of rows that are imported on `day` and kept for "5y", "18m" or "90d". INVALID_ARGUMENT otherwise.
absl::StatusOr<absl::CivilDay> LastDayOf(absl::string_view kept, absl::CivilDay day);

// Whether to believe a clock that says `now`. `seen`: what it said when it was believed last. Days may have gone by since,
// or the months between two closings; more than a period after the last edition is a wrong clock, or an office that
// slept and can say so itself.
bool ClockIsBelieved(absl::Time now, absl::Time seen, Closing closing, absl::optional<Edition> last_edition);

struct Expired {
  std::vector<uint64_t> batches;
  std::vector<Text> notices;  // for people: what left, or why nothing did
};

// Takes out what is due. Call it under office.writing(). `today`: a person confirms the day that the clock says;
// INVALID_ARGUMENT where it says another.
absl::StatusOr<Expired> ExpireDue(Office& office, absl::optional<absl::CivilDay> today = absl::nullopt);

// The command.
absl::StatusOr<v1::ExpireResult> Expire(Office& office, const v1::ExpireCommand& command,
                                        std::vector<Text>& notices);

}  // namespace penc
