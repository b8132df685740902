// The program's commands: one table row each (app.cc), grouped by who uses them. Every command builds its
// part of the CLI11 parser and leaves behind what to run.
#pragma once
#include <functional>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "base/steps.h"
#include "cli/output.h"

namespace CLI {
class App;
}

namespace penc::cli {

// What main builds and everything borrows.
struct Outside {
  const Clock& clock;
  RandomSource& random;
  Steps& steps;
  std::string key_from = {};  // --key-from
};

// One invocation. `run` is set by the subcommand that was named.
struct Invocation {
  const Outside& outside;
  std::function<ExitCode(Output&)> run;
};

using AddCommand = void (*)(CLI::App& parent, Invocation& invocation);

// node/cli/*_commands.cc and *_command.cc
void AddInit(CLI::App&, Invocation&);
void AddImport(CLI::App&, Invocation&);
void AddClose(CLI::App&, Invocation&);
void AddBatches(CLI::App&, Invocation&);
void AddUndo(CLI::App&, Invocation&);
void AddStatus(CLI::App&, Invocation&);
void AddErase(CLI::App&, Invocation&);
void AddExpire(CLI::App&, Invocation&);
void AddPerson(CLI::App&, Invocation&);
void AddDossier(CLI::App&, Invocation&);
void AddServe(CLI::App&, Invocation&);
void AddCard(CLI::App&, Invocation&);
void AddGrant(CLI::App&, Invocation&);
void AddStop(CLI::App&, Invocation&);
void AddPending(CLI::App&, Invocation&);
void AddApprove(CLI::App&, Invocation&);
void AddRefuse(CLI::App&, Invocation&);
void AddBackup(CLI::App&, Invocation&);
void AddRestore(CLI::App&, Invocation&);
void AddCodebook(CLI::App&, Invocation&);
void AddPolicy(CLI::App&, Invocation&);
void AddOfficer(CLI::App&, Invocation&);
void AddBudget(CLI::App&, Invocation&);
void AddInternal(CLI::App&, Invocation&);
void AddQuality(CLI::App&, Invocation&);
void AddJournal(CLI::App&, Invocation&);
void AddPlan(CLI::App&, Invocation&);
void AddPartner(CLI::App&, Invocation&);
void AddDescribe(CLI::App&, Invocation&);
void AddAsk(CLI::App&, Invocation&);
void AddRounds(CLI::App&, Invocation&);
void AddAnswer(CLI::App&, Invocation&);
void AddDemo(CLI::App&, Invocation&);
void AddNetwork(CLI::App&, Invocation&);
void AddNetworkKey(CLI::App&, Invocation&);  // of penc network
void AddHub(CLI::App&, Invocation&);
void AddKey(CLI::App&, Invocation&);
void AddPrivacy(CLI::App&, Invocation&);

// The whole program apart from what main builds. `argv` as for main; an exit code.
int Main(int argc, const char* const* argv, const Outside& outside);

}  // namespace penc::cli
