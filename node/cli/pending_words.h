// Questions before a person, as whoever decides reads them: who asks what for, what it says, what it costs,
// whom it could harm, until when it waits. Pure.
#pragma once
#include <string>

#include "cli/output.h"
#include "penc/v1/admin.pb.h"

namespace penc::cli {

std::string ReportPending(const v1::PendingResult& pending, Lang lang);

// What comes of what was decided.
std::string ReportDecided(const v1::PendingQuestion& question, Lang lang);

}  // namespace penc::cli
