// The journal as people read it: a line per entry, its kind and what it says in words. Hashes and salts are
// for `penc journal verify` and --json.
#pragma once
#include <string>

#include "cli/output.h"
#include "penc/v1/admin.pb.h"

namespace penc::cli {

std::string JournalLine(const v1::JournalEntry& entry, Lang lang);

}  // namespace penc::cli
