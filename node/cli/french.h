// Help and usage errors in French. The commands describe themselves once, in English; French stands beside it
// in one table, and a test finds what the table lacks.
#pragma once
#include <string>

namespace CLI {
class App;
class Error;
}  // namespace CLI

namespace penc::cli {

// Puts the whole parser, subcommands included, into French.
void InFrench(CLI::App& app);

// What is wrong with a command line, where, and where help is.
std::string FrenchUsageError(const CLI::Error& error);

}  // namespace penc::cli
