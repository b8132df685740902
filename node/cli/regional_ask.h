// `penc ask --hub`: from a question to a signed descriptor, to the hub, and to the table once the round has
// opened. Whoever leaves meanwhile takes it up again with `penc answer`.
#pragma once
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cli/app.h"
#include "cli/hub_line.h"
#include "cli/output.h"
#include "penc/v1/question.pb.h"

namespace penc::cli {

struct RegionalWish {
  v1::Bulletin bulletin;
  v1::Price price;
  std::string purpose;
  std::string edition;  // as EditionFor gives it
  std::string region;
  std::string within;  // "5m", "72h", "3d"; empty: three days
  std::string again;   // a void round's id: the same question once more, everything else from there
};

struct Shown {
  bool json = false, csv = false, details = false;
};

// How waiting waits: sleeps so long; false where the person wants to leave.
using Pause = std::function<bool(absl::Duration)>;
// Until Ctrl-C, which is then no longer the end of the program.
Pause PauseUntilCtrlC();

// "5m", "72h", "3d", "90s". INVALID_ARGUMENT outside of ten seconds to eleven days (a round lasts at most
// fourteen, its stewards need three).
absl::StatusOr<absl::Duration> ParseWithin(const std::string& text);

// The edition that a round asks: as given, else the period of today, as `penc close` has it.
// INVALID_ARGUMENT where it is none of it. Brings the network's rosters.
absl::StatusOr<std::string> EditionFor(HubLine& line, const std::string& given, absl::Time now);

// Until the hub answers: for two minutes where `wait`, else once or twice; says so on the side. UNAVAILABLE
// or DEADLINE_EXCEEDED where it did not, or the person left.
absl::Status ReachHub(HubLine& line, bool wait, const Pause& pause, Output& output);

// What would be asked, at what price, with which margins; submits nothing.
ExitCode ExplainRegional(HubLine& line, const RegionalWish& wish, bool json, const Outside& outside,
                         Output& output);
ExitCode AskRegional(HubLine& line, const RegionalWish& wish, const Shown& shown, bool wait,
                     const Pause& pause, const Outside& outside, Output& output);

// Waits for a round of this partner to end, saying what changes, and prints its answer. kWaiting where the
// person left, or `wait` is false and it has not ended; kRefused where it did not open.
ExitCode AwaitAnswer(HubLine& line, ListedRound round, const Shown& shown, bool wait, const Pause& pause,
                     const Outside& outside, Output& output);
// Prints an answer, with what is to be said of it on the side.
ExitCode ShowAnswer(const RegionalAnswer& answer, const std::vector<Text>& remarks, const Shown& shown,
                    Output& output);

}  // namespace penc::cli
