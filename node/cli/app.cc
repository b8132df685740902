#include "cli/app.h"

#include <CLI/CLI.hpp>
#include <csignal>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "cli/french.h"

namespace penc::cli {
namespace {

constexpr AddCommand kCommands[] = {
    AddInit,    AddImport,  AddClose,    AddBatches, AddUndo, AddStatus, AddErase,   AddCodebook,
    AddPolicy,  AddGrant,   AddCard,     AddServe,   AddStop, AddBudget, AddJournal, AddBackup,
    AddRestore, AddPartner, AddDescribe, AddAsk,     AddPlan, AddDemo,
};

Text UsageError(const CLI::Error& error) {
  return {FrenchUsageError(error),
          absl::StrCat("penc: bad command line: ", error.what(), "\nHelp: penc --help, penc COMMAND --help")};
}

// The language is needed before the command line is parsed: help is part of parsing.
std::string LangFlag(int argc, const char* const* argv) {
  for (int i = 1; i < argc; ++i) {
    absl::string_view word = argv[i];
    if (word == "--lang" && i + 1 < argc) return argv[i + 1];
    if (absl::ConsumePrefix(&word, "--lang=")) return std::string(word);
  }
  return "";
}

}  // namespace

int Main(int argc, const char* const* argv, const Outside& outside) {
  ::signal(SIGPIPE, SIG_IGN);
  Invocation invocation{outside, "", nullptr};
  CLI::App app{
      "penc: count together without showing anything.\n"
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
  if (LangFrom(LangFlag(argc, argv)) == Lang::kFrench) InFrench(app);

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
