// A network as its secretariat and its members read it. Pure.
#pragma once
#include <string>

#include "absl/time/time.h"
#include "base/status.h"
#include "federation/roster.h"
#include "penc/v1/hub_admin.pb.h"

namespace penc::cli {

// The roster in force, who waits, who is invited, which partners there are.
Text ReportHub(const v1::HubShowResult& show, absl::Time now);
// What keeps rounds of the whole network from being asked under this roster; empty: nothing.
Text MissingForRounds(const CheckedRoster& roster, absl::Time now);
// "1 of 2 signatures"; empty where there are enough.
Text MissingSignatures(const CheckedRoster& roster);

}  // namespace penc::cli
