// Commands of the people who sign for an office: their keys, who is enrolled, ending an emergency stop.
#include <CLI/CLI.hpp>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "cli/app.h"
#include "cli/directory.h"
#include "cli/on_directory.h"
#include "cli/signature_files.h"
#include "office/officer_file.h"
#include "office/officers.h"

namespace penc::cli {
namespace {

struct Options {
  std::string dir, file, as, name, role;
  std::vector<std::string> signed_by;
  bool only = false;
};

// What usage.cc says of a wrong value is enough.
CLI::Validator RoleValidator() {
  return CLI::Validator(
      [](std::string& typed) { return OfficerRole(typed).has_value() ? "" : std::string("role"); }, "");
}

absl::StatusOr<v1::OfficersResult> Enrolled(const Options& options, const Outside& outside, Output& output) {
  v1::AdminCommand command;
  command.mutable_officers();
  ASSIGN_OR_RETURN(const v1::AdminResult result,
                   RunOnDirectory(options.dir, command, nullptr, outside, output));
  return result.officers();
}

absl::StatusOr<std::string> Lift(const Options& options, const Outside& outside, Output& output) {
  ASSIGN_OR_RETURN(const OpenOfficer officer, OpenOfficerFolder(options.as));
  ASSIGN_OR_RETURN(const v1::OfficersResult office, Enrolled(options, outside, output));
  if (!office.stopped())
    return Fail(absl::StatusCode::kFailedPrecondition,
                {"ce nœud n'est pas arrêté: il n'y a rien à lever",
                 "this node is not stopped: there is nothing to lift"});
  return WriteDecision(Sign(LiftDecision(office.office(), office.stop_leaf()), officer.key));
}

absl::StatusOr<std::string> Vouch(const Options& options, const Outside& outside, Output& output) {
  ASSIGN_OR_RETURN(const OpenOfficer officer, OpenOfficerFolder(options.as));
  ASSIGN_OR_RETURN(const std::string text, ReadFile(options.file, 64 << 10));
  ASSIGN_OR_RETURN(const storage::v1::OfficerKey person, ReadOfficer(options.file, text));
  ASSIGN_OR_RETURN(const v1::OfficersResult office, Enrolled(options, outside, output));
  output.Say(
      {absl::StrCat("vous signez que ", person.officer(), " (", person.role(), ", ", person.key(),
                    ") pourra signer pour cette organisation", options.only ? ", seul dans ce rôle" : ""),
       absl::StrCat("you sign that ", person.officer(), " (", person.role(), ", ", person.key(),
                    ") may sign for this office", options.only ? ", alone in this role" : "")});
  return WriteDecision(
      Sign(EnrolDecision(office.office(), office.version(), person, options.only), officer.key));
}

// A command that prints a signature.
void PrintsSignature(CLI::App* app, Invocation& invocation, const std::shared_ptr<Options>& options,
                     absl::StatusOr<std::string> (*make)(const Options&, const Outside&, Output&)) {
  app->add_option("--as", options->as, "your folder (penc officer init)")->required();
  app->callback([options, make, &invocation] {
    invocation.run = [options, make, &invocation](Output& output) -> ExitCode {
      const absl::StatusOr<std::string> text = make(*options, invocation.outside, output);
      if (!text.ok()) return output.Fail(text.status());
      output.Data(*text);
      return kAnswered;
    };
  });
}

}  // namespace

void AddOfficer(CLI::App& parent, Invocation& invocation) {
  auto options = std::make_shared<Options>();
  CLI::App* app =
      parent.add_subcommand("officer", "people who sign for an office: loosening takes two of them");
  app->require_subcommand(1);
  app->footer("Example:\n  penc officer list office");
  CLI::App* init = app->add_subcommand("init", "make your key; prints the .officer file to enrol you with");
  init->add_option("FOLDER", options->as,
                   "a folder that does not exist yet, or is empty; better on your own stick")
      ->required();
  init->add_option("--name", options->name, "your name, as the office's journal keeps it")->required();
  init->add_option("--role", options->role, "responsable (signs what loosens) or administrator (applies it)")
      ->required()
      ->check(RoleValidator())
      ->type_name("ROLE");
  init->footer("Example:\n  penc officer init awa --name Awa --role responsable");
  init->callback([options, &invocation] {
    invocation.run = [options, &invocation](Output& output) -> ExitCode {
      const absl::StatusOr<std::string> file =
          CreateOfficer(options->as, options->name, *OfficerRole(options->role), invocation.outside.random);
      if (!file.ok()) return output.Fail(file.status());
      output.Say(
          {"clé créée. Gardez ce dossier sur vous, et une copie sous enveloppe; inscrivez ce fichier (penc "
           "officer trust):",
           "key made. Keep this folder with you, and a copy in an envelope; enrol this file (penc officer "
           "trust):"});
      output.Data(absl::StrCat(*file, "\n"));
      return kAnswered;
    };
  });
  CLI::App* trust = app->add_subcommand("trust",
                                        "enrol a person who may sign; from the second of a role on, a "
                                        "responsable and one of that role sign it (vouch)");
  auto on = AddDirectory(trust, "penc officer trust office awa/awa.officer");
  trust->add_option("FILE", options->file, "the person's NAME.officer")->required();
  trust->add_option("--signed", options->signed_by, "a signature (penc officer vouch); may be repeated");
  trust->add_flag("--only", options->only, "the others of this role may sign no longer");
  trust->callback([on, options, &invocation] {
    invocation.run = [on, options, &invocation](Output& output) -> ExitCode {
      const absl::StatusOr<std::string> text = ReadFile(options->file, 64 << 10);
      if (!text.ok()) return output.Fail(text.status());
      if (const auto person = ReadOfficer(options->file, *text); !person.ok())
        return output.Fail(person.status());
      v1::OfficerTrustCommand& command = *on->command.mutable_officer_trust();
      command.set_officer(*text);
      command.set_only(options->only);
      if (absl::Status read = ReadSignatures(options->signed_by, command.mutable_signatures()); !read.ok())
        return output.Fail(read);
      return RunAndReport(on->dir, on->command, nullptr, on->json, invocation.outside, output);
    };
  });
  CLI::App* list = app->add_subcommand("list", "who may sign for this office, with the keys to compare");
  auto on_list = AddDirectory(list, "penc officer list office");
  on_list->command.mutable_officers();
  RunPlainly(list, invocation, on_list);
  CLI::App* vouch = app->add_subcommand(
      "vouch", "sign that another person may sign: as a responsable, and as one of their role");
  vouch->add_option("DIR", options->dir, "the office's folder")->required();
  vouch->add_option("FILE", options->file, "the person's NAME.officer")->required();
  vouch->add_flag("--only", options->only, "the others of this role may sign no longer");
  vouch->footer("Example:\n  penc officer vouch office deputy/deputy.officer --as awa > deputy.sig");
  PrintsSignature(vouch, invocation, options, Vouch);
  CLI::App* lift = app->add_subcommand("lift", "as a responsable: sign that this emergency stop may end");
  lift->add_option("DIR", options->dir, "the office's folder")->required();
  lift->footer(
      "Example:\n  penc officer lift office --as awa > lift.sig && penc stop office --lift --signed "
      "lift.sig");
  PrintsSignature(lift, invocation, options, Lift);
}

}  // namespace penc::cli
