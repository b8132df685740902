// The office's own view of its records: exact tables, and what to mend. On its folder or through its own
// socket only.
#include <CLI/CLI.hpp>
#include <memory>

#include "cli/app.h"
#include "cli/bulletin_file.h"
#include "cli/directory.h"
#include "cli/on_directory.h"
#include "cli/view_words.h"

namespace penc::cli {
namespace {

struct InternalOptions {
  std::string sql, bulletin, edition;
  bool csv = false;
};

ExitCode ShowInternal(OnDirectory& on, const InternalOptions& options, const Outside& outside,
                      Output& output) {
  if (on.json && options.csv)
    return output.Fail(Fail(absl::StatusCode::kInvalidArgument,
                            {"donnez un seul de --json, --csv", "give only one of --json, --csv"}));
  absl::StatusOr<v1::Bulletin> bulletin = QuestionsOf(options.sql, options.bulletin, options.edition);
  if (!bulletin.ok()) return output.Fail(bulletin.status());
  *on.command.mutable_internal()->mutable_bulletin() = *std::move(bulletin);
  if (!options.csv) return RunAndReport(on.dir, on.command, nullptr, on.json, outside, output);
  const absl::StatusOr<v1::AdminResult> result = RunOnDirectory(on.dir, on.command, nullptr, outside, output);
  if (!result.ok()) return output.Fail(result.status());
  output.Data(InternalCsv(result->internal(), output.lang()));
  return kAnswered;
}

}  // namespace

void AddInternal(CLI::App& parent, Invocation& invocation) {
  CLI::App* app = parent.add_subcommand(
      "internal", "exact tables of the office's own records, for its own people: not to be passed on");
  auto on = AddDirectory(
      app,
      "penc internal office \"SELECT from_country, count(DISTINCT person) FROM return_case GROUP BY "
      "from_country\"");
  auto options = std::make_shared<InternalOptions>();
  app->add_flag_callback(
      "--staged", [on] { on->command.mutable_internal()->set_staged(true); },
      "count what is staged, too, as if it were closed now");
  app->add_option("--bulletin", options->bulletin, "several questions in a YAML file");
  app->add_option("--edition", options->edition,
                  "the edition that the bulletin counts its periods from ($Q, $Y, $M), in place of its own");
  app->add_flag("--csv", options->csv, "print CSV (with --lang fr: for a French Excel)");
  app->add_option("SQL", options->sql, "the question");
  app->callback([on, options, &invocation] {
    invocation.run = [on, options, &invocation](Output& output) {
      return ShowInternal(*on, *options, invocation.outside, output);
    };
  });
}

void AddQuality(CLI::App& parent, Invocation& invocation) {
  CLI::App* app = parent.add_subcommand(
      "quality",
      "what to mend in the records: gaps, contradictions, doubles, changes since the last edition");
  auto on = AddDirectory(app, "penc quality office");
  on->command.mutable_quality();
  RunPlainly(app, invocation, on);
}

}  // namespace penc::cli
