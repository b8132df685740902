#include "cli/app.h"

#include <CLI/CLI.hpp>
#include <csignal>

#include "absl/strings/str_cat.h"

namespace penc::cli {
namespace {

constexpr AddCommand kCommands[] = {
    AddInit,    AddImport,  AddClose,    AddBatches, AddUndo, AddStatus, AddErase,   AddCodebook,
    AddPolicy,  AddGrant,   AddCard,     AddServe,   AddStop, AddBudget, AddJournal, AddBackup,
    AddRestore, AddPartner, AddDescribe, AddAsk,     AddPlan, AddDemo,
};

// CLI11 says what is wrong in English; the French sentence says where to look.
Text UsageError(const CLI::Error& error) {
  return {
      absl::StrCat("penc: commande mal formée: ", error.what(), "\nAide: penc --help, penc COMMANDE --help"),
      absl::StrCat("penc: bad command line: ", error.what(), "\nHelp: penc --help, penc COMMAND --help")};
}

}  // namespace

int Main(int argc, const char* const* argv, const Outside& outside) {
  ::signal(SIGPIPE, SIG_IGN);
  Invocation invocation{outside, "", nullptr};
  CLI::App app{
      "penc: compter ensemble sans rien montrer.\n"
      "Answers only differentially private aggregate questions; the records stay where they are."};
  app.name("penc");
  app.set_version_flag("--version", "penc 0.1.0");
  app.add_option("--lang", invocation.lang_flag,
                 "fr or en (default: from the locale, French where it says nothing)")
      ->check(CLI::IsMember({"fr", "en"}));
  app.footer(
      "Example, an office with invented records:\n"
      "  penc init /tmp/exercice --name \"Exercice\" --practice && penc status /tmp/exercice");
  app.require_subcommand(1);
  app.fallthrough();
  for (AddCommand add : kCommands) add(app, invocation);

  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::CallForAllHelp& help) {
    return app.exit(help);
  } catch (const CLI::CallForVersion& version) {
    return app.exit(version);
  } catch (const CLI::Error& error) {
    Output output(LangFrom(invocation.lang_flag), stdout, stderr);
    output.Say(UsageError(error));
    return kUsage;
  }
  Output output(LangFrom(invocation.lang_flag), stdout, stderr);
  return invocation.run(output);
}

}  // namespace penc::cli
