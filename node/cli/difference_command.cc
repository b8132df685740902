// penc answer difference: of answers that are here, one table less another. Asks nobody.
#include <google/protobuf/util/json_util.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/file.h"
#include "base/status.h"
#include "cli/difference_command.h"
#include "cli/difference_words.h"
#include "cli/directory.h"
#include "cli/render.h"
#include "federation/record_file.h"
#include "federation/regional_answer.h"
#include "question/subtract.h"

namespace penc::cli {
namespace {

// The record of a round with all its proofs, or what `--json` printed.
absl::StatusOr<v1::Answer> LoadAnswer(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path, kLongestRecord));
  const size_t start = bytes.find_first_not_of(" \t\r\n");
  if (start == std::string::npos || bytes[start] != '{') {
    ASSIGN_OR_RETURN(const v1::RoundRecord record, ReadRecord(path, bytes));
    ASSIGN_OR_RETURN(RegionalAnswer answer, AnswerOf(record, {}));
    return std::move(answer.answer);
  }
  v1::Answer answer;
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  if (!google::protobuf::util::JsonStringToMessage(bytes, &answer, options).ok()) {
    return Fail(absl::StatusCode::kInvalidArgument,
                {absl::StrCat(path,
                              ": ce n'est pas une réponse; donnez ce que `penc ask --json` a écrit, ou un "
                              "fichier de `penc answer --save`"),
                 absl::StrCat(path,
                              ": this is no answer; give what `penc ask --json` printed, or a file of "
                              "`penc answer --save`")});
  }
  return answer;
}

// "2,1" to places counted from 0.
absl::StatusOr<std::vector<int>> ParseTables(const std::string& text, size_t wanted) {
  std::vector<int> tables;
  for (absl::string_view one : absl::StrSplit(text, ',')) {
    int number = 0;
    if (absl::SimpleAtoi(one, &number) && number >= 1 && number <= 64) tables.push_back(number - 1);
  }
  const auto given = static_cast<size_t>(std::count(text.begin(), text.end(), ',')) + 1;
  if (tables.size() == wanted && given == wanted) return tables;
  return wanted == 2
             ? Fail(absl::StatusCode::kInvalidArgument,
                    {"--tables: donnez deux numéros, par exemple 2,1: le deuxième tableau moins le premier",
                     "--tables: give two numbers, for example 2,1: the second table less the first"})
             : Fail(absl::StatusCode::kInvalidArgument,
                    {"--tables: avec --by donnez un seul numéro", "--tables: with --by give one number"});
}

absl::Status ManyTables(int tables, bool by) {
  return Fail(absl::StatusCode::kInvalidArgument,
              {absl::StrCat("dites quels tableaux: il y en a ", tables,
                            by ? "; par exemple --tables 1"
                               : "; par "
                                 "exemple --tables 2,1: le deuxième moins le premier"),
               absl::StrCat("say which tables: there are ", tables,
                            by ? "; for example --tables 1"
                               : "; for "
                                 "example --tables 2,1: the second less the first")});
}

absl::StatusOr<v1::TableDifference> Take(const DifferenceOptions& options) {
  if (!options.by.empty() && !options.other.empty()) {
    return Fail(absl::StatusCode::kInvalidArgument,
                {"--by prend un seul fichier: chaque valeur de la clé moins celle qui la précède",
                 "--by takes one file: each value of the key less the one before it"});
  }
  ASSIGN_OR_RETURN(const v1::Answer answer, LoadAnswer(options.file));
  if (!options.by.empty()) {
    std::vector<int> tables = {0};
    if (!options.tables.empty()) {
      ASSIGN_OR_RETURN(tables, ParseTables(options.tables, 1));
    } else if (answer.tables_size() > 1) {
      return ManyTables(answer.tables_size(), true);
    }
    return SubtractAlong({answer, tables[0]}, options.by);
  }
  v1::Answer second;
  if (!options.other.empty()) {
    ASSIGN_OR_RETURN(second, LoadAnswer(options.other));
  }
  const v1::Answer& other = options.other.empty() ? answer : second;
  std::vector<int> tables;
  if (!options.tables.empty()) {
    ASSIGN_OR_RETURN(tables, ParseTables(options.tables, 2));
  } else if (options.other.empty() ? answer.tables_size() == 2
                                   : answer.tables_size() <= 1 && other.tables_size() <= 1) {
    tables = {0, options.other.empty() ? 1 : 0};
  } else if (options.other.empty() && answer.tables_size() <= 1 && !answer.has_refusal()) {
    return Fail(absl::StatusCode::kInvalidArgument,
                {"un seul tableau: donnez un second fichier, ou --by CLÉ (chaque valeur moins la précédente)",
                 "only one table: give a second file, or --by KEY (each value less the one before)"});
  } else {
    return ManyTables(std::max(answer.tables_size(), other.tables_size()), false);
  }
  return Subtract({answer, tables[0]}, {other, tables[1]});
}

}  // namespace

ExitCode ShowDifference(const DifferenceOptions& options, Output& output) {
  if (options.json && options.csv) {
    return output.Fail(Fail(absl::StatusCode::kInvalidArgument,
                            {"donnez un seul de --json, --csv", "give only one of --json, --csv"}));
  }
  const absl::StatusOr<v1::TableDifference> difference = Take(options);
  if (!difference.ok()) return output.Fail(difference.status());
  if (options.csv) {
    v1::Answer table;
    *table.add_tables() = difference->table();
    output.Data(RenderCsv(table, output.lang()));
  } else {
    output.Data(options.json ? Json(*difference) : RenderDifference(*difference, output.lang()));
  }
  return kAnswered;
}

CLI::App* AddDifference(CLI::App& answer, const std::shared_ptr<DifferenceOptions>& options) {
  CLI::App* app = answer.add_subcommand(
      "difference", "one table less another, of answers that are here; asks nothing, costs nothing");
  app->add_option("FILE", options->file, "what `penc ask --json` or `penc answer --save` wrote")->required();
  app->add_option("OTHER", options->other, "a second answer: its table is taken from the first's");
  app->add_option(
      "--tables", options->tables,
      "which tables: 2,1 is the second less the first (two files: of each; with --by one number)");
  app->add_option("--by", options->by,
                  "within one table: each value of this key less the one before, for example entered");
  app->add_flag("--json", options->json, "print penc.v1.TableDifference as JSON");
  app->add_flag("--csv", options->csv, "print CSV (with --lang fr: for a French Excel)");
  app->footer(
      "Example:\n  penc answer difference trend.penc --tables 2,1\n  penc answer difference trend.penc "
      "--tables 3 "
      "--by entered");
  return app;
}

}  // namespace penc::cli
