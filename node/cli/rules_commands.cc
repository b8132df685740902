// Codebooks and plans.
#include <CLI/CLI.hpp>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/file.h"
#include "cli/app.h"
#include "cli/codebook_file.h"
#include "cli/directory.h"
#include "cli/on_directory.h"
#include "cli/render.h"
#include "cli/report.h"
#include "codebook/draft.h"
#include "codebook/survey.h"
#include "ingest/csv_reader.h"
#include "ingest/text_reader.h"
#include "question/answer.h"
#include "question/bulletin.h"
#include "release/release.h"

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

std::string PlanTable(const Plan& plan, const Codebook& codebook, const std::vector<uint64_t>& sizes,
                      Lang lang) {
  const bool fr = lang == Lang::kFrench;
  std::vector<std::string> heading = {"question", fr ? "cases" : "cells", fr ? "marge" : "margin"};
  for (uint64_t size : sizes)
    heading.push_back(absl::StrCat(Number(static_cast<double>(size), lang),
                                   fr ? " pers./case moyenne" : " people/average cell"));
  TextTable table(heading);
  for (const v1::ExplainedQuestion& question : ExplainPlan(plan, codebook)) {
    const double margin = question.margins_size() > 0 ? question.margins(0) : 0;
    std::vector<std::string> row = {question.title().empty() ? question.question() : question.title(),
                                    Number(static_cast<double>(question.cells()), lang),
                                    margin > 0 ? absl::StrCat("±", Number(margin, lang))
                                               : std::string(fr ? "selon la réponse" : "by the answer")};
    for (uint64_t size : sizes) {
      const double cell = static_cast<double>(size) / static_cast<double>(question.cells());
      row.push_back(margin > 0
                        ? absl::StrCat(Number(cell, lang, 1), " (±", Number(100 * margin / cell, lang), " %)")
                        : Number(cell, lang, 1));
    }
    table.Add(std::move(row));
  }
  return table.Text();
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

void AddPlan(CLI::App& parent, Invocation& invocation) {
  struct Options {
    std::string file, codebook, edition, budget = "60%";
    std::vector<uint64_t> sizes = {1500, 4400, 28000};
  };
  auto options = std::make_shared<Options>();
  CLI::App* app = parent.add_subcommand(
      "plan", "margins and price of a bulletin, from sizes that you state; touches no record");
  app->add_option("BULLETIN.yaml", options->file, "the questions")->required();
  app->add_option("--sizes", options->sizes, "numbers of people, for example 1500,4400")->delimiter(',');
  app->add_option("--budget", options->budget, "share of the budget for the whole bulletin");
  app->add_option("--edition", options->edition,
                  "the edition that it counts its periods from ($Q, $Y, $M), in place of its own");
  app->add_option("--codebook", options->codebook, "YAML (default: the migration codebook)");
  app->footer("Example:\n  penc plan policy/questions/bulletin.yaml --sizes 4400 --budget 60%");
  app->callback([options, &invocation] {
    invocation.run = [options](Output& output) -> ExitCode {
      const absl::StatusOr<Codebook> codebook = CodebookAt(options->codebook);
      if (!codebook.ok()) return output.Fail(codebook.status());
      const absl::StatusOr<std::string> text = ReadFile(options->file);
      if (!text.ok()) return output.Fail(text.status());
      const absl::StatusOr<v1::Bulletin> bulletin = ReadBulletin(options->file, *text, options->edition);
      if (!bulletin.ok()) return output.Fail(bulletin.status());
      const absl::StatusOr<uint32_t> share = ParseShare(options->budget);
      if (!share.ok()) return output.Fail(share.status());
      v1::Price price;
      price.set_share_ppm(*share);
      const absl::StatusOr<Planned> planned = PlanQuestions(*bulletin, price, *codebook);
      if (!planned.ok()) return output.Fail(planned.status());
      if (planned->refused) {
        output.Say(ReportRefusal(planned->refusal));
        return kRefused;
      }
      output.Data(PlanTable(planned->plan, *codebook, options->sizes, output.lang()));
      const bool fr = output.lang() == Lang::kFrench;
      output.Data(absl::StrCat(fr ? "prix: " : "price: ", Percent(*share, output.lang()),
                               fr ? " du crédit de confidentialité\n" : " of the privacy budget\n"));
      return kAnswered;
    };
  });
}

}  // namespace penc::cli
