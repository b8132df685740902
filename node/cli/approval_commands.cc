// Commands of whoever decides of questions that wait for a person.
#include <CLI/CLI.hpp>

#include "cli/app.h"
#include "cli/on_directory.h"

namespace penc::cli {
namespace {

// What approving and refusing have in common.
v1::DecideCommand* AddDecision(CLI::App* app, OnDirectory& on) {
  v1::DecideCommand* decide = on.command.mutable_decide();
  app->add_option_function<uint64_t>(
         "ID", [decide](uint64_t number) { decide->set_number(number); }, "its number in `penc pending`")
      ->required();
  app->add_option_function<std::string>(
      "--by", [decide](const std::string& by) { decide->set_by(by); },
      "who decides; stays in the office's journal");
  return decide;
}

}  // namespace

void AddPending(CLI::App& parent, Invocation& invocation) {
  CLI::App* app = parent.add_subcommand(
      "pending", "questions that wait for a person: who asks what, at what price, whom it could harm");
  auto on = AddDirectory(app, "penc pending office");
  v1::PendingCommand* pending = on->command.mutable_pending();
  app->add_flag_callback(
      "--decided", [pending] { pending->set_decided(true); }, "also what was decided and still holds");
  RunPlainly(app, invocation, on);
}

void AddApprove(CLI::App& parent, Invocation& invocation) {
  CLI::App* app = parent.add_subcommand(
      "approve", "let a question that waits be answered: charged when the partner asks it again");
  auto on = AddDirectory(app, "penc approve office 1 --by Awa");
  v1::DecideCommand* decide = AddDecision(app, *on);
  decide->set_approve(true);
  app->add_option_function<std::string>(
      "--because", [decide](const std::string& because) { decide->set_because(because); },
      "why, for the office's journal");
  RunPlainly(app, invocation, on);
}

void AddRefuse(CLI::App& parent, Invocation& invocation) {
  CLI::App* app = parent.add_subcommand("refuse", "decline a question that waits, or that was approved");
  auto on = AddDirectory(app, "penc refuse office 2 --because \"not while arrests go on\" --by Awa");
  v1::DecideCommand* decide = AddDecision(app, *on);
  app->add_option_function<std::string>(
         "--because", [decide](const std::string& because) { decide->set_because(because); },
         "why; the partner reads it (of a round: only the office's journal); must say nothing of the records")
      ->required();
  RunPlainly(app, invocation, on);
}

}  // namespace penc::cli
