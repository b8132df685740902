// penc import: a file into an office, with a mapping that is given, kept from the last export, or proposed
// and asked about.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>
#include <tuple>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "cli/app.h"
#include "cli/directory.h"
#include "cli/proposal_words.h"
#include "crypto/keyfile.h"
#include "office/layout.h"

namespace penc::cli {
namespace {

struct Options {
  std::string dir, file, mapping, save, parent, network_key;
  bool json = false;
  v1::AdminCommand command;
};

class ImportRun {
 public:
  ImportRun(Options& options, const Outside& outside, Output& output)
      : options_(options),
        import_(*options.command.mutable_import_file()),
        outside_(outside),
        output_(output) {}

  ExitCode Run() {
    if (!options_.network_key.empty()) {
      const absl::StatusOr<Secret> key = LoadNetworkKey(options_.network_key);
      if (!key.ok()) return output_.Fail(key.status());
      import_.set_network_key(key->view().data(), key->size());
    }
    if (!options_.mapping.empty()) {
      absl::StatusOr<std::string> text = ReadFile(options_.mapping);
      if (!text.ok()) return output_.Fail(text.status());
      import_.set_mapping(*text);
      import_.set_mapping_name(options_.mapping);
      return Import();
    }
    // A pipe goes by once: its headings are the codebook's, or it is refused.
    if (options_.file == "-") return Import();
    const bool asks = !options_.json && ::isatty(STDIN_FILENO) != 0 && ::isatty(STDERR_FILENO) != 0;
    if (import_.dry_run() || asks) return Propose(asks);
    if (!std::filesystem::exists(Layout(options_.dir).mappings())) return Import();
    v1::ImportCommand look = import_;
    look.set_propose(true);
    look.set_headings_only(true);
    absl::StatusOr<v1::ImportResult> found = Send(look);
    if (!found.ok()) return output_.Fail(found.status());
    if (!found->mapping_used().empty()) Use(*found);
    if (!found->own_headings() && found->mapping_used().empty()) SayProblems(*found);
    return Import();
  }

 private:
  absl::StatusOr<std::unique_ptr<ByteSource>> Open() {
    const std::string path = options_.file == "-" ? "/dev/stdin" : options_.file;
    import_.set_file_name(std::filesystem::path(path).filename().string());
    return OpenFile(path);
  }

  absl::StatusOr<v1::ImportResult> Send(const v1::ImportCommand& command) {
    ASSIGN_OR_RETURN(const std::unique_ptr<ByteSource> file, Open());
    v1::AdminCommand whole;
    *whole.mutable_import_file() = command;
    whole.mutable_import_file()->set_file_name(import_.file_name());
    ASSIGN_OR_RETURN(const v1::AdminResult result,
                     RunOnDirectory(options_.dir, whole, file.get(), outside_, output_));
    return result.import_file();
  }

  ExitCode Import() {
    absl::StatusOr<std::unique_ptr<ByteSource>> file = Open();
    if (!file.ok()) return output_.Fail(file.status());
    if (options_.parent.empty())
      return RunAndReport(options_.dir, options_.command, file->get(), options_.json, outside_, output_);
    absl::StatusOr<uint64_t> length = LengthOf(options_.parent);
    if (!length.ok()) return output_.Fail(length.status());
    absl::StatusOr<std::unique_ptr<ByteSource>> parents = OpenFile(options_.parent);
    if (!parents.ok()) return output_.Fail(parents.status());
    import_.set_parent_bytes(*length);
    import_.set_parent_name(std::filesystem::path(options_.parent).filename().string());
    ChainedSource both(**parents, **file);
    return RunAndReport(options_.dir, options_.command, &both, options_.json, outside_, output_);
  }

  void Use(const v1::ImportResult& found) {
    output_.Say({absl::StrCat("mapping gardé de ce formulaire: ", found.mapping_used()),
                 absl::StrCat("mapping kept of this form: ", found.mapping_used())});
    import_.set_mapping(found.mapping());
    import_.set_mapping_name(found.mapping_used());
  }

  void SayProblems(const v1::ImportResult& found) {
    for (const v1::ImportProblem& problem : found.problems()) {
      const std::string column = problem.column().empty() ? "" : absl::StrCat("«", problem.column(), "»: ");
      output_.Say({absl::StrCat(column, problem.fr()), absl::StrCat(column, problem.en())});
    }
  }

  ExitCode Propose(bool asks) {
    v1::ImportCommand look = import_;
    look.set_propose(true);
    look.set_quote_values(asks);
    absl::StatusOr<v1::ImportResult> found;
    std::vector<std::string> asked;
    for (;;) {
      found = Send(look);
      if (!found.ok()) return output_.Fail(found.status());
      if (found->own_headings()) {
        if (import_.table().empty()) import_.set_table(found->table());
        return Import();
      }
      if (!found->mapping_used().empty()) {
        Use(*found);
        SayProblems(*found);
        return Import();
      }
      if (!asks || found->questions().empty()) break;
      for (const v1::MappingQuestion& question : found->questions()) {
        if (std::find(asked.begin(), asked.end(), question.id()) != asked.end()) continue;
        std::string option;
        if (!Ask(question, &option)) return Given();
        asked.push_back(question.id());
        v1::MappingAnswer& answer = *look.add_answers();
        answer.set_question(question.id());
        answer.set_option(option);
        // What was answered may have settled what came after it.
        if (question.id() == "sheet" || question.id() == "table") break;
      }
    }
    if (options_.json) {
      v1::AdminResult whole;
      *whole.mutable_import_file() = *found;
      output_.Data(Json(whole));
      return kAnswered;
    }
    output_.Say(ReportProposal(*found));
    SayProblems(*found);
    if (!found->questions().empty() || !asks || import_.dry_run()) {
      const ExitCode left = Leave(*found);
      // What the mapping would make of every row; its own lines are no part of a mapping on stdout.
      if (left != kAnswered || options_.save.empty() || !found->questions().empty()) return left;
    }
    import_.set_mapping(found->mapping());
    import_.set_mapping_name(import_.file_name());
    if (import_.dry_run()) return Import();
    std::string yes;
    const v1::MappingQuestion really = Really();
    if (!Ask(really, &yes) || yes != "yes") return Given();
    return Import();
  }

  static v1::MappingQuestion Really() {
    v1::MappingQuestion question;
    question.set_fr("importer ainsi ?");
    question.set_en("import like this?");
    for (const auto& [id, fr, en] : {std::tuple("yes", "oui", "yes"), std::tuple("no", "non", "no")}) {
      v1::MappingOption& option = *question.add_options();
      option.set_id(id);
      option.set_fr(fr);
      option.set_en(en);
    }
    return question;
  }

  ExitCode Given() {
    output_.Say({"rien n'est importé", "nothing was imported"});
    return kFailed;
  }

  // The mapping to a file, or as data.
  ExitCode Leave(const v1::ImportResult& found) {
    if (found.mapping().empty()) {  // it is not known yet of which sheet or table
      output_.Say({"rien à proposer avant que cela soit dit (--sheet, --table); rien n'est importé",
                   "nothing to propose before this is said (--sheet, --table); nothing was imported"});
      return kAnswered;
    }
    if (options_.save.empty()) {
      output_.Data(found.mapping());
      output_.Say(
          {"proposition, rien n'est importé. Enregistrez-la (--save-mapping FICHIER), corrigez-la, puis: "
           "penc import DIR FICHIER --mapping FICHIER.yaml",
           "a proposal, nothing was imported. Save it (--save-mapping FILE), correct it, then: penc "
           "import DIR FILE --mapping FILE.yaml"});
      return kAnswered;
    }
    if (const absl::Status saved = WriteFileAtomically(options_.save, found.mapping(), 0600); !saved.ok())
      return output_.Fail(saved);
    output_.Say({absl::StrCat("mapping proposé: ", options_.save),
                 absl::StrCat("mapping proposed: ", options_.save)});
    return kAnswered;
  }

  // False: the person leaves.
  bool Ask(const v1::MappingQuestion& question, std::string* option) {
    for (;;) {
      output_.Say({question.fr(), question.en()});
      int n = 0;
      for (const v1::MappingOption& choice : question.options())
        output_.Say({absl::StrCat("  ", ++n, "  ", choice.fr()), absl::StrCat("  ", n, "  ", choice.en())});
      output_.Say({"numéro (Entrée: arrêter, rien n'est gardé):", "number (Enter: stop, nothing is kept):"});
      std::string line;
      if (!std::getline(std::cin, line) || absl::StripAsciiWhitespace(line).empty()) return false;
      int chosen = 0;
      if (absl::SimpleAtoi(line, &chosen) && chosen >= 1 && chosen <= question.options_size()) {
        *option = question.options(chosen - 1).id();
        return true;
      }
    }
  }

  Options& options_;
  v1::ImportCommand& import_;
  const Outside& outside_;
  Output& output_;
};

}  // namespace

void AddImport(CLI::App& parent, Invocation& invocation) {
  CLI::App* app = parent.add_subcommand(
      "import", "stage a CSV or Excel file; nothing is asked of it before `penc close`");
  auto options = std::make_shared<Options>();
  v1::ImportCommand* import = options->command.mutable_import_file();
  app->add_option("DIR", options->dir, "the office's folder")->required();
  app->add_option("FILE", options->file, "a file of rows (CSV, .csv.gz, .xlsx), or - for standard input")
      ->required();
  app->add_option_function<std::string>(
      "--table", [import](const std::string& t) { import->set_table(t); }, "the codebook's table");
  app->add_option_function<std::string>(
      "--sheet", [import](const std::string& s) { import->set_sheet(s); }, "which sheet of a workbook");
  app->add_option("--mapping", options->mapping, "how the file's columns become the codebook's (YAML)");
  app->add_option("--parent", options->parent,
                  "the file of the rows that the mapping joins (households of members)");
  app->add_option("--network-key", options->network_key,
                  "the network's key, where the mapping has network_person; not kept");
  app->add_option("--save-mapping", options->save, "where a proposed mapping is written");
  app->add_flag_callback(
      "--dry-run", [import] { import->set_dry_run(true); }, "propose, preview, list problems; keep nothing");
  app->add_flag_callback(
      "--replace", [import] { import->set_replace(true); }, "the file becomes the whole table");
  app->add_flag_callback(
      "--again", [import] { import->set_again(true); },
      "rows that are there already, same person and values, are new events");
  app->add_option_function<std::string>(
      "--keep-until", [import](const std::string& day) { import->set_keep_until(day); },
      "the last day on which these rows may be kept (YYYY-MM-DD); then they leave by themselves");
  app->add_flag("--json", options->json, "print protobuf JSON");
  app->footer("Example:\n  penc import office person.csv --table person --dry-run");
  app->callback([options, &invocation] {
    invocation.run = [options, &invocation](Output& output) {
      return ImportRun(*options, invocation.outside, output).Run();
    };
  });
}

}  // namespace penc::cli
