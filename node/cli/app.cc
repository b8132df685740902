#include "cli/app.h"

#include <google/protobuf/stubs/logging.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "cli/french.h"
#include "cli/usage.h"

namespace penc::cli {
namespace {

constexpr AddCommand kCommands[] = {
    AddInit,    AddImport,  AddClose,    AddBatches, AddUndo,    AddStatus, AddErase,   AddCodebook,
    AddPolicy,  AddGrant,   AddCard,     AddServe,   AddStop,    AddBudget, AddJournal, AddBackup,
    AddRestore, AddPartner, AddDescribe, AddAsk,     AddRounds,  AddAnswer, AddPlan,    AddDemo,
    AddNetwork, AddHub,     AddPending,  AddApprove, AddRefuse,  AddExpire, AddPerson,  AddDossier,
    AddOfficer, AddKey,     AddInternal, AddQuality, AddPrivacy,
};

// What stands for an option's value in help. Arguments carry their name already.
void NameValues(CLI::App& app) {
  static constexpr std::pair<absl::string_view, const char*> kNames[] = {
      {"--address", "ADDRESS"},   {"--listen", "ADDRESS"},  {"--country", "COUNTRY"},
      {"--keep-until", "DATE"},   {"--until", "DATE"},      {"--edition", "EDITION"},
      {"--label", "EDITION"},     {"--bulletin", "FILE"},   {"--codebook", "FILE"},
      {"--mapping", "FILE"},      {"--policy", "FILE"},     {"--as", "FOLDER"},
      {"--grant", "NAME"},        {"--name", "NAME"},       {"--epsilon", "NUMBER"},
      {"--node", "OFFICE"},       {"--purpose", "PURPOSE"}, {"--person", "REFERENCE"},
      {"--budget", "SHARE"},      {"--share", "SHARE"},     {"--table", "TABLE"},
      {"--again", "ROUND"},       {"--hub", "NETWORK"},     {"--network", "FILE"},
      {"--region", "REGION"},     {"--save", "FILE"},       {"--within", "TIME"},
      {"--partner", "FILE"},      {"--sign", "FILE"},       {"--remove", "NAME"},
      {"--closing", "PERIOD"},    {"--because", "TEXT"},    {"--by", "NAME"},
      {"--today", "DATE"},        {"--html", "FILE"},       {"--sheet", "SHEET"},
      {"--parent", "FILE"},       {"--signed", "FILE"},     {"--dir", "DIR"},
      {"--save-mapping", "FILE"}, {"--key-from", "PLACE"},  {"--with", "PLACE"},
  };
  for (CLI::Option* option : app.get_options()) {
    if (option->get_expected_max() == 0) continue;  // a flag
    if (option->get_positional()) option->type_name("");
    if (option->get_type_name() == "UINT") option->type_name("NUMBER");
    for (const auto& [name, value] : kNames)
      if (option->get_name() == name) option->type_name(value);
  }
  for (CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) NameValues(*command);
}

// Every command that opens an office's folder can be told where its key is. `penc key show` opens nothing.
void AddKeyFrom(CLI::App& app, std::string& key_from) {
  for (CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    AddKeyFrom(*command, key_from);
    const CLI::Option* dir = command->get_option_no_throw("DIR");
    if (dir == nullptr) continue;
    const std::string& what = dir->get_description();
    const bool opens = absl::StrContains(what, "office's folder") && !absl::StrContains(what, "locked");
    if (!opens && command->get_name() != "restore") continue;
    command->add_option("--key-from", key_from,
                        "where the node key is today: a file, or credential:NAME (default: as penc key show "
                        "says)");
  }
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

int Main(int argc, const char* const* argv, const Outside& given) {
  Outside outside = given;
  ::signal(SIGPIPE, SIG_IGN);
  google::protobuf::SetLogHandler(nullptr);  // what cannot be read is said in sentences
  Invocation invocation{outside, nullptr};
  std::string lang_flag;  // read before (LangFlag); here it is known, explained and checked
  CLI::App app{
      "penc: count together without showing anything.\n"
      "Answers only differentially private aggregate questions; the records stay where they are."};
  app.name("penc");
  app.set_version_flag("--version", "penc 0.1.0");
  app.add_option("--lang", lang_flag, "fr or en (default: from the locale, French where it says nothing)")
      ->check(CLI::IsMember({"fr", "en"}).description(""))
      ->type_name("fr|en");
  app.footer(
      "Example, an office with invented records:\n"
      "  penc init /tmp/exercice --name \"Exercice\" --practice && penc status /tmp/exercice");
  app.require_subcommand(1);
  app.fallthrough();
  for (AddCommand add : kCommands) add(app, invocation);
  AddKeyFrom(app, outside.key_from);
  NameValues(app);
  const Lang lang = LangFrom(LangFlag(argc, argv));
  if (lang == Lang::kFrench) InFrench(app);
  Output output(lang, stdout, stderr);

  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::CallForAllHelp& help) {
    return app.exit(help);
  } catch (const CLI::CallForVersion& version) {
    return app.exit(version);
  } catch (const CLI::Error& error) {
    const std::string said = UsageError(app, error, lang);
    output.Say({said, said});
    return kUsage;
  }
  return output.Finish(invocation.run(output));
}

}  // namespace penc::cli
