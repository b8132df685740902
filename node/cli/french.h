// Help in French. The commands describe themselves once, in English; French stands beside it
// in one table, and a test finds what the table lacks.
#pragma once

namespace CLI {
class App;
}  // namespace CLI

namespace penc::cli {

// Puts the whole parser, subcommands included, into French.
void InFrench(CLI::App& app);

}  // namespace penc::cli
