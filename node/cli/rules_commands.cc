// Codebooks.
#include <CLI/CLI.hpp>
#include <memory>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "cli/app.h"
#include "cli/codebook_file.h"
#include "cli/directory.h"
#include "cli/on_directory.h"
#include "codebook/draft.h"
#include "codebook/survey.h"
#include "ingest/csv_reader.h"
#include "ingest/text_reader.h"

namespace penc::cli {
namespace {

absl::StatusOr<std::string> Draft(const std::string& path, const std::string& table) {
  ASSIGN_OR_RETURN(const std::unique_ptr<ByteSource> file, OpenFile(path));
  ASSIGN_OR_RETURN(const std::unique_ptr<TextReader> text, ReadText(*file, ""));
  std::vector<ColumnSurvey> columns;
  RETURN_IF_ERROR(
      ReadCsv(*text, {}, [&](uint64_t number, const std::vector<absl::string_view>& cells) -> absl::Status {
        const bool heading = columns.empty();
        for (size_t i = 0; i < cells.size(); ++i) {
          if (heading)
            columns.emplace_back(cells[i]);
          else if (i < columns.size())
            columns[i].Add(cells[i]);
        }
        return absl::OkStatus();
      }).status());
  return DraftCodebook(table, columns);
}

}  // namespace

void AddCodebook(CLI::App& parent, Invocation& invocation) {
  struct Options {
    std::string file, table = "records";
  };
  CLI::App* app = parent.add_subcommand("codebook", "the network's vocabulary");
  app->require_subcommand(1);
  app->footer("Example:\n  penc codebook check codebook.yaml");
  auto options = std::make_shared<Options>();
  CLI::App* draft = app->add_subcommand(
      "draft", "propose a codebook from a CSV file; its codes come from records: prune before sharing");
  draft->add_option("FILE", options->file, "a CSV file")->required();
  draft->add_option("--table", options->table, "name of the table");
  draft->footer("Example:\n  penc codebook draft survey.csv --table person > codebook.yaml");
  draft->callback([options, &invocation] {
    invocation.run = [options](Output& output) -> ExitCode {
      const absl::StatusOr<std::string> text = Draft(options->file, options->table);
      if (!text.ok()) return output.Fail(text.status());
      output.Data(*text);
      return kAnswered;
    };
  });
  CLI::App* check = app->add_subcommand("check", "read a codebook and say what is wrong, with the line");
  check->add_option("FILE", options->file, "a YAML file")->required();
  check->footer("Example:\n  penc codebook check codebook.yaml");
  check->callback([options, &invocation] {
    invocation.run = [options](Output& output) -> ExitCode {
      const absl::StatusOr<Codebook> codebook = CodebookAt(options->file);
      if (!codebook.ok()) return output.Fail(codebook.status());
      output.Say({absl::StrCat(options->file, ": lexique ", codebook->name, "@", codebook->version, ", ",
                               codebook->tables.size(), " tables, correct"),
                  absl::StrCat(options->file, ": codebook ", codebook->name, "@", codebook->version, ", ",
                               codebook->tables.size(), " tables, correct")});
      return kAnswered;
    };
  });
  CLI::App* apply =
      app->add_subcommand("apply", "put a codebook into force; additions only once records exist");
  auto on = AddDirectory(apply, "penc codebook apply office codebook.yaml");
  apply->add_option("FILE", options->file, "a YAML file")->required();
  apply->callback([on, options, &invocation] {
    invocation.run = [on, options, &invocation](Output& output) -> ExitCode {
      const absl::StatusOr<std::string> text = ReadFile(options->file);
      if (!text.ok()) return output.Fail(text.status());
      on->command.mutable_codebook_apply()->set_file_name(options->file);
      on->command.mutable_codebook_apply()->set_text(*text);
      return RunAndReport(on->dir, on->command, nullptr, on->json, invocation.outside, output);
    };
  });
}

}  // namespace penc::cli
