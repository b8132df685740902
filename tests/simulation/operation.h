// A history of a network is a list of operations: nothing else decides what happens, so a list that was
// printed can be run again, made shorter, and kept as a named case. One line an operation, for example
//   vote 3 round 0 what 2 crash-after
// Plain values.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace penc::simulation {

enum class Act {
  // An office (`who`: member).
  kCharge,    // sees the round and writes its charge
  kBuild,     // builds its contribution
  kSend,      // sends it, or sends the same again
  kAbstain,   // says that it stays away
  kLearn,     // is told how the round ended: `what` picks the evidence that a lying hub shows
  kLoseFile,  // the contribution's file is gone
  kBackUp,    // somebody copies its disk (a steward's short-lived keys are not in the copy)
  kRestore,   // the copy comes back, and nobody notices
  kAdopt,     // a restore is declared: what stewards witnessed is taken over
  kLie,       // a lying office sends something else; `what`: which lie
  // A steward (`who`: member).
  kVote,  // `what`: what a lying hub shows, or whom a lying steward votes for
  kPromise,
  kRelease,   // `what`: which certificate
  kReveal,    // `what`: for whom; a lying hub's certificate from the rest
  kLoseKeys,  // its short-lived keys are gone, by a lost disk or by time
  // The hub, the recipient, the network.
  kTick,
  kHubForgets,  // an honest hub comes back from an old copy of its folder
  kOpen,        // the recipient opens; `what`: how a lying hub or a lying steward tampers with it
  kReplay,      // message number `what` that was ever sent arrives (again)
  kCut,         // a member is unreachable, or asleep
  kHeal,
  kWait,    // `what` minutes
  kSettle,  // no more faults: everybody does what is asked until nothing changes
};

// When it strikes. "Crash": whoever acts stops; durable steps before it stay.
enum class Fault {
  kNone,
  kCrashBefore,     // before the durable step
  kCrashAfter,      // after it, before anything is sent
  kLate,            // the message is underway: it may arrive later, by kReplay
  kReplyLost,       // the hub did it, and the sender does not know
  kHubCrashBefore,  // the hub before its durable step
  kHubCrashAfter,   // the hub after it: the answer is lost
};

struct Operation {
  Act act = Act::kWait;
  uint32_t who = 0, round = 0, what = 0;
  Fault fault = Fault::kNone;
};

std::string ToText(const Operation& operation);
std::string ToText(const std::vector<Operation>& history);
// Empty lines and lines that begin with # are skipped.
absl::StatusOr<std::vector<Operation>> ReadHistory(absl::string_view text);

}  // namespace penc::simulation
