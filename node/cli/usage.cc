#include "cli/usage.h"

#include <CLI/CLI.hpp>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "base/nearest.h"

namespace penc::cli {
namespace {

// Every subcommand that was named, from the program down.
std::vector<const CLI::App*> Path(const CLI::App& app) {
  std::vector<const CLI::App*> path = {&app};
  for (auto below = app.get_subcommands(); !below.empty(); below = path.back()->get_subcommands())
    path.push_back(below.back());
  return path;
}

std::string PathName(const std::vector<const CLI::App*>& path) {
  return absl::StrJoin(path, " ",
                       [](std::string* out, const CLI::App* app) { absl::StrAppend(out, app->get_name()); });
}

bool NeedsCommand(const std::vector<const CLI::App*>& path) {
  return path.back()->get_require_subcommand_min() > 0;
}

std::vector<std::string> CommandsOf(const std::vector<const CLI::App*>& path) {
  std::vector<std::string> names;
  for (const CLI::App* command : path.back()->get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(command->get_name());
  return names;
}

std::vector<const CLI::Option*> OptionsOf(const std::vector<const CLI::App*>& path) {
  std::vector<const CLI::Option*> options = path.back()->get_options();
  if (path.size() > 1)
    for (const CLI::Option* option : path.front()->get_options()) options.push_back(option);
  return options;
}

// Where `name` stands in `sentence` as a word of its own.
size_t WordAt(const std::string& sentence, const std::string& name) {
  const std::string padded = absl::StrCat(" ", absl::StrReplaceAll(sentence, {{":", " "}}), " ");
  return padded.find(absl::StrCat(" ", name, " "));
}

// The option that CLI11 complains of: it passes no option, only a sentence that names one before anything
// that was typed.
const CLI::Option* OptionNamed(const std::vector<const CLI::App*>& path, const std::string& sentence) {
  const CLI::Option* named = nullptr;
  size_t first = std::string::npos;
  for (const CLI::Option* option : OptionsOf(path)) {
    const size_t at = WordAt(sentence, option->get_name());
    if (at >= first) continue;
    named = option;
    first = at;
  }
  return named;
}

// " (the organisation's name, as answers show it)"
std::string Meaning(const CLI::Option* option) {
  return option->get_description().empty() ? "" : absl::StrCat(" (", option->get_description(), ")");
}

std::string Explained(const CLI::Option* option) {
  return option == nullptr ? "" : absl::StrCat(option->get_name(), Meaning(option));
}

// "penc init DIR --name NAME": what cannot be left out.
std::string Shape(const std::vector<const CLI::App*>& path, Lang lang) {
  std::string shape = PathName(path);
  const CLI::App* command = path.back();
  for (const CLI::Option* option : command->get_options()) {
    if (option->get_positional()) {
      const std::string& name = option->get_name();
      absl::StrAppend(&shape, " ", option->get_required() ? name : absl::StrCat("[", name, "]"));
    } else if (option->get_required()) {
      absl::StrAppend(&shape, " ", option->get_name(), " ",
                      command->get_formatter()->get_label(option->get_type_name()));
    }
  }
  if (NeedsCommand(path)) absl::StrAppend(&shape, lang == Lang::kFrench ? " COMMANDE" : " COMMAND");
  return shape;
}

std::string DidYouMean(const std::string& word, const std::vector<std::string>& known, Lang lang) {
  const std::string nearest = Nearest(word, known);
  if (nearest.empty()) return "";
  return lang == Lang::kFrench ? absl::StrCat("; vouliez-vous dire ", nearest, "?")
                               : absl::StrCat("; did you mean ", nearest, "?");
}

// Words that no option and no command took. CLI11 tells of what is missing first, though what is missing is
// often what was misspelt.
std::string Unknown(const CLI::App& app, const std::vector<const CLI::App*>& path, Lang lang) {
  const bool fr = lang == Lang::kFrench;
  const std::vector<std::string> words = app.remaining(true);
  for (const std::string& word : words) {
    if (!absl::StartsWith(word, "-") || word == "-" || word == "--") continue;
    std::vector<std::string> known;
    for (const CLI::Option* option : OptionsOf(path))
      if (!option->get_positional()) known.push_back(option->get_name());
    const std::string name = word.substr(0, word.find('='));
    return absl::StrCat(fr ? "argument inconnu ou de trop: " : "unknown option: ", name,
                        DidYouMean(name, known, lang));
  }
  if (words.empty() || !NeedsCommand(path)) return "";
  const std::vector<std::string> known = CommandsOf(path);
  return absl::StrCat(
      fr ? "il manque la commande, et ce n'est pas " : "a subcommand is required, and it is not ",
      words.front(), DidYouMean(words.front(), known, lang),
      fr ? "\n  commandes: " : "\n  commands: ", absl::StrJoin(known, ", "));
}

std::string Missing(const std::vector<const CLI::App*>& path, const std::string& sentence, Lang lang) {
  const bool fr = lang == Lang::kFrench;
  if (NeedsCommand(path))
    return absl::StrCat(fr ? "il manque la commande: " : "a subcommand is required: ",
                        absl::StrJoin(CommandsOf(path), ", "));
  const CLI::Option* option = OptionNamed(path, sentence);
  if (option == nullptr) return sentence;
  return fr ? absl::StrCat("il manque ", Explained(option))
            : absl::StrCat(option->get_name(), " is required", Meaning(option));
}

// What was given, in quotes.
std::string Given(const CLI::Option* option) {
  return absl::StrCat("\"", absl::StrJoin(option->results(), ","), "\"");
}

std::string Wrong(const CLI::App& app, const std::vector<const CLI::App*>& path, const CLI::Error& error,
                  Lang lang) {
  const bool fr = lang == Lang::kFrench;
  std::string sentence = error.what();
  const auto is = [&error](CLI::ExitCodes code) { return error.get_exit_code() == static_cast<int>(code); };
  if (is(CLI::ExitCodes::RequiredError) || is(CLI::ExitCodes::ExtrasError)) {
    if (std::string unknown = Unknown(app, path, lang); !unknown.empty()) return unknown;
  }
  if (is(CLI::ExitCodes::RequiredError)) return Missing(path, sentence, lang);
  if (is(CLI::ExitCodes::ExtrasError))
    return absl::StrCat(fr ? "argument inconnu ou de trop: " : "one argument too many: ",
                        absl::StrJoin(app.remaining(true), " "));
  const CLI::Option* option = OptionNamed(path, sentence);
  if (is(CLI::ExitCodes::ArgumentMismatch)) {
    if (option != nullptr && option->count() > 1)
      return absl::StrCat(fr ? "donné plusieurs fois: " : "given more than once: ", Explained(option));
    return absl::StrCat(fr ? "il manque une valeur: " : "a value is missing: ", Explained(option));
  }
  if (is(CLI::ExitCodes::ConversionError) && option != nullptr) {
    if (option->get_expected_max() == 0)
      return absl::StrCat(fr ? "ne prend pas de valeur: " : "takes no value: ", Explained(option));
    return absl::StrCat(fr ? "valeur impossible: " : "Could not convert: ", Explained(option), ": ",
                        Given(option),
                        fr ? " n'est pas un nombre entier possible" : " is not a possible whole number");
  }
  if (is(CLI::ExitCodes::ValidationError) && option != nullptr)
    return absl::StrCat(fr ? "valeur impossible: " : "impossible value: ", Explained(option), ": ",
                        Given(option));
  if (is(CLI::ExitCodes::ExcludesError))
    return absl::StrReplaceAll(sentence, {{" excludes ", fr ? " ne va pas avec " : " does not go with "}});
  if (is(CLI::ExitCodes::RequiresError))
    return absl::StrReplaceAll(sentence, {{" requires ", fr ? " ne va pas sans " : " does not go without "}});
  return sentence;
}

}  // namespace

std::string UsageError(const CLI::App& app, const CLI::Error& error, Lang lang) {
  const std::vector<const CLI::App*> path = Path(app);
  return absl::StrCat("penc: ", Wrong(app, path, error, lang), "\n  ", Shape(path, lang),
                      lang == Lang::kFrench ? "\nAide: " : "\nHelp: ", PathName(path), " --help");
}

}  // namespace penc::cli
