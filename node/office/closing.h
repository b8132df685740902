// Which edition a closing opens. The label moves by the network's calendar, whether or not data changed; a
// clock that was set wrong must not open one silently, because editions never go back. Pure.
#pragma once
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "codebook/period.h"

namespace penc {

// `label` empty: the calendar period of `now`, when that is the one after `last` (or the first).
// FAILED_PRECONDITION where that edition is closed already or the clock looks set back or forward: it says to
// name the edition. `label` given: any edition after `last`, at most eight periods after both the clock and
// `last`.
absl::StatusOr<Edition> ChooseEdition(Closing closing, absl::optional<Edition> last, absl::string_view label,
                                      absl::Time now);

}  // namespace penc
