// What an erasure did and showed, and what it cannot reach. Pure.
#pragma once
#include <string>

#include "cli/output.h"
#include "penc/v1/admin.pb.h"

namespace penc::cli {

std::string ReportErase(const v1::EraseResult& erased, Lang lang);

}  // namespace penc::cli
