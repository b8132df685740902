// Results of office commands as sentences and tables (people.md: steps and counts, and when it is safe to
// unplug). Pure.
#pragma once
#include <string>

#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "cli/output.h"
#include "penc/v1/admin.pb.h"

namespace penc::cli {

std::string Report(const v1::AdminResult& result, Lang lang);
std::string ReportExplain(const v1::ExplainResponse& explained, Lang lang);
std::string ReportDescribe(const v1::DescribeResponse& described, Lang lang);
std::string ReportShare(const v1::GetBudgetResponse& budget, Lang lang);
// Without the last new line: for Output::Say.
Text ReportRefusal(const v1::RefusalDetail& refusal);
// How far a step is, how fast it goes, how long it will still take. `elapsed`: since the step began;
// `read_ppm`: of the file, where that is known.
Text ReportProgress(const v1::AdminProgress& progress, absl::Duration elapsed,
                    absl::optional<uint32_t> read_ppm);

}  // namespace penc::cli
