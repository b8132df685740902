// Codebooks, policies and plans.
#include <CLI/CLI.hpp>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/file.h"
#include "cli/app.h"
#include "cli/directory.h"
#include "cli/render.h"
#include "cli/report.h"
#include "codebook/draft.h"
#include "codebook/read.h"
#include "codebook/survey.h"
#include "embedded/embedded.h"
#include "ingest/csv_reader.h"
#include "ingest/text_reader.h"
#include "policy/read.h"
#include "question/answer.h"
#include "question/bulletin.h"
#include "release/release.h"

namespace penc::cli {
namespace {

absl::StatusOr<Codebook> CodebookAt(const std::string& path) {
  if (path.empty()) return ReadCodebook("migration.yaml", *embedded::File("codebook/migration.yaml"));
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  return ReadCodebook(path, text);
}

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

// A command whose answer is a file on a directory: policy apply, codebook apply.
template <typename Fill>
void AddApply(CLI::App* group, const char* what, const char* example, Invocation& invocation, Fill fill) {
  struct Options {
    std::string dir, file;
  };
  auto options = std::make_shared<Options>();
  CLI::App* app = group->add_subcommand("apply", what);
  app->add_option("DIR", options->dir, "the office's folder")->required();
  app->add_option("FILE", options->file, "a YAML file")->required();
  app->footer(absl::StrCat("Example:\n  ", example));
  app->callback([options, fill, &invocation] {
    invocation.run = [options, fill, &invocation](Output& output) -> ExitCode {
      const absl::StatusOr<std::string> text = ReadFile(options->file);
      if (!text.ok()) return output.Fail(text.status());
      v1::AdminCommand command;
      fill(command, options->file, *text);
      return RunAndReport(options->dir, command, nullptr, false, invocation.outside, output);
    };
  });
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
  AddApply(app, "put a codebook into force; additions only once records exist",
           "penc codebook apply office codebook.yaml", invocation,
           [](v1::AdminCommand& command, const std::string& file, const std::string& text) {
             command.mutable_codebook_apply()->set_file_name(file);
             command.mutable_codebook_apply()->set_text(text);
           });
}

void AddPolicy(CLI::App& parent, Invocation& invocation) {
  struct Options {
    std::string file, codebook, dir, sql, grant, purpose;
    bool json = false;
  };
  CLI::App* app = parent.add_subcommand("policy", "what may be asked");
  app->require_subcommand(1);
  app->footer("Example:\n  penc policy check policy.yaml");
  auto options = std::make_shared<Options>();
  CLI::App* check = app->add_subcommand("check", "read a policy and say what is wrong, with the line");
  check->add_option("FILE", options->file, "a YAML file")->required();
  check->add_option("--codebook", options->codebook, "YAML (default: the migration codebook)");
  check->footer("Example:\n  penc policy check policy.yaml");
  check->callback([options, &invocation] {
    invocation.run = [options](Output& output) -> ExitCode {
      const absl::StatusOr<Codebook> codebook = CodebookAt(options->codebook);
      if (!codebook.ok()) return output.Fail(codebook.status());
      const absl::StatusOr<std::string> text = ReadFile(options->file);
      if (!text.ok()) return output.Fail(text.status());
      const absl::StatusOr<Policy> policy = ReadPolicy(options->file, *text, *codebook);
      if (!policy.ok()) return output.Fail(policy.status());
      output.Say({absl::StrCat(options->file, ": politique ", policy->name, ", ", policy->columns.size(),
                               " colonnes nommées, correcte"),
                  absl::StrCat(options->file, ": policy ", policy->name, ", ", policy->columns.size(),
                               " columns named, correct")});
      return kAnswered;
    };
  });
  CLI::App* explain = app->add_subcommand(
      "explain", "would this question pass, why, at what price and margin; touches no record");
  explain->add_option("DIR", options->dir, "the office's folder")->required();
  explain->add_option("SQL", options->sql, "the question")->required();
  explain->add_option("--grant", options->grant, "for which grant (default: as if granted)");
  explain->add_option("--purpose", options->purpose, "what for");
  explain->add_flag("--json", options->json, "print protobuf JSON");
  explain->footer(
      "Example:\n  penc policy explain office \"SELECT sex, count(DISTINCT person) FROM person GROUP BY "
      "sex\"");
  explain->callback([options, &invocation] {
    invocation.run = [options, &invocation](Output& output) -> ExitCode {
      v1::AdminCommand command;
      v1::ExplainCommand& request = *command.mutable_explain();
      request.mutable_bulletin()->add_questions()->set_sql(options->sql);
      request.set_grant(options->grant);
      request.set_purpose(options->purpose);
      return RunAndReport(options->dir, command, nullptr, options->json, invocation.outside, output);
    };
  });
  AddApply(app, "put a policy into force", "penc policy apply office policy.yaml", invocation,
           [](v1::AdminCommand& command, const std::string& file, const std::string& text) {
             command.mutable_policy_apply()->set_file_name(file);
             command.mutable_policy_apply()->set_text(text);
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
