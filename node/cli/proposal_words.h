// A proposed mapping as people read it: what every column would become, what is still open. Pure.
#pragma once
#include "base/status.h"
#include "penc/v1/admin.pb.h"

namespace penc::cli {

// Without the last new line: for Output::Say. Classes of values, no values.
Text ReportProposal(const v1::ImportResult& proposal);

}  // namespace penc::cli
