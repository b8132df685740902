// The office's own view: exact tables, and what to mend. For its own people. Pure.
#pragma once
#include <string>

#include "cli/output.h"
#include "penc/v1/admin_view.pb.h"

namespace penc::cli {

// The marking stands before the numbers and after them.
std::string ReportInternal(const v1::InternalResult& result, Lang lang);

// One line per cell, for a spreadsheet: the marking is its first line. French: `;`, decimal comma, BOM.
std::string InternalCsv(const v1::InternalResult& result, Lang lang);

// What to mend first stands first; then how much of each column is stated.
std::string ReportQuality(const v1::QualityResult& result, Lang lang);

}  // namespace penc::cli
