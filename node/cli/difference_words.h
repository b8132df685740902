// A table less another, as people read it. Pure.
#pragma once
#include <string>

#include "cli/output.h"
#include "penc/v1/difference.pb.h"

namespace penc::cli {

std::string RenderDifference(const v1::TableDifference& difference, Lang lang);

}  // namespace penc::cli
