// The sheet of one person, as it is handed over. Pure.
#pragma once
#include <string>
#include <vector>

#include "cli/page.h"
#include "penc/v1/admin_persons.pb.h"

namespace penc::cli {

// `reference`: as it was typed, its parts; the sheet says for whom it is.
Page PersonPage(const v1::PersonSheetResult& sheet, const std::vector<std::string>& reference, Lang lang);

}  // namespace penc::cli
