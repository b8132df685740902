// A command line that cannot be run: what is wrong with it, what the argument means, what to write instead.
#pragma once
#include <string>

#include "cli/output.h"

namespace CLI {
class App;
class Error;
}  // namespace CLI

namespace penc::cli {

// After a parse of `app` that ended in `error`. The descriptions that it quotes are the parser's own, so the
// parser is in `lang` already. Ends with the shape of the command and the place of its help.
std::string UsageError(const CLI::App& app, const CLI::Error& error, Lang lang);

}  // namespace penc::cli
