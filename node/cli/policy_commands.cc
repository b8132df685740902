// Policies: what may be asked, who signed it, what a new one would change.
#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/plural.h"
#include "cli/app.h"
#include "cli/codebook_file.h"
#include "cli/directory.h"
#include "cli/on_directory.h"
#include "cli/policy_words.h"
#include "cli/signature_files.h"
#include "crypto/hash.h"
#include "office/officer_file.h"
#include "office/officers.h"
#include "policy/diff.h"
#include "policy/read.h"

namespace penc::cli {
namespace {

struct Options {
  std::string file, old, codebook, dir, as, sql, grant, purpose;
  std::vector<std::string> signed_by;
  bool json = false;
};

// OLD is an office's folder, or a file.
absl::StatusOr<v1::PolicyDiffResult> Diff(const Options& options, const Outside& outside, Output& output) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(options.file));
  std::error_code error;
  if (std::filesystem::is_directory(options.old, error)) {
    v1::AdminCommand command;
    command.mutable_policy_diff()->set_file_name(options.file);
    command.mutable_policy_diff()->set_text(text);
    ASSIGN_OR_RETURN(const v1::AdminResult result,
                     RunOnDirectory(options.old, command, nullptr, outside, output));
    return result.policy_diff();
  }
  ASSIGN_OR_RETURN(const Codebook codebook, CodebookAt(options.codebook));
  ASSIGN_OR_RETURN(const std::string old_text, ReadFile(options.old));
  ASSIGN_OR_RETURN(const Policy before, ReadPolicy(options.old, old_text, codebook));
  ASSIGN_OR_RETURN(const Policy after, ReadPolicy(options.file, text, codebook));
  v1::PolicyDiffResult result;
  *result.mutable_comparison() = Compare(before, after, codebook);
  result.set_in_force(before.name);
  result.set_proposed(after.name);
  result.set_old_sha256(absl::BytesToHexString(before.hash));
  result.set_new_sha256(absl::BytesToHexString(after.hash));
  return result;
}

}  // namespace

void AddPolicy(CLI::App& parent, Invocation& invocation) {
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
                               FrenchForm(policy->columns.size(),
                                          {" colonne nommée, correcte", " colonnes nommées, correcte"})),
                  absl::StrCat(options->file, ": policy ", policy->name, ", ", policy->columns.size(),
                               EnglishForm(policy->columns.size(),
                                           {" column named, correct", " columns named, correct"}))});
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
  CLI::App* diff =
      app->add_subcommand("diff", "what a new policy changes, in words, and whether it loosens or tightens");
  diff->add_option("OLD", options->old, "a YAML file, or the office's folder: the policy in force there")
      ->required();
  diff->add_option("NEW", options->file, "a YAML file")->required();
  diff->add_option("--codebook", options->codebook, "YAML (default: the migration codebook)");
  diff->add_flag("--json", options->json, "print protobuf JSON");
  diff->footer("Example:\n  penc policy diff office policy.yaml");
  diff->callback([options, &invocation] {
    invocation.run = [options, &invocation](Output& output) -> ExitCode {
      const absl::StatusOr<v1::PolicyDiffResult> result = Diff(*options, invocation.outside, output);
      if (!result.ok()) return output.Fail(result.status());
      output.Data(options->json ? Json(*result) : ReportComparison(result->comparison(), output.lang()));
      return kAnswered;
    };
  });
  CLI::App* sign = app->add_subcommand(
      "sign", "sign a new policy for an office: this text, in place of the one in force, and no other");
  sign->add_option("FILE", options->file, "a YAML file")->required();
  sign->add_option("--dir", options->old, "the office's folder")->required();
  sign->add_option("--as", options->as, "your folder (penc officer init)")->required();
  sign->footer("Example:\n  penc policy sign policy.yaml --dir office --as awa > awa.sig");
  sign->callback([options, &invocation] {
    invocation.run = [options, &invocation](Output& output) -> ExitCode {
      const absl::StatusOr<v1::PolicyDiffResult> result = Diff(*options, invocation.outside, output);
      if (!result.ok()) return output.Fail(result.status());
      const absl::StatusOr<OpenOfficer> officer = OpenOfficerFolder(options->as);
      if (!officer.ok()) return output.Fail(officer.status());
      // What is signed is what was read here, whatever the other side says.
      const absl::StatusOr<std::string> text = ReadFile(options->file);
      if (!text.ok()) return output.Fail(text.status());
      if (absl::BytesToHexString(Sha256(*text)) != result->new_sha256()) {
        return output.Fail(
            Fail(absl::StatusCode::kAborted, {"le fichier a changé pendant la lecture: recommencez",
                                              "the file changed while it was read: start again"}));
      }
      const std::string compared[] = {ReportComparison(result->comparison(), Lang::kFrench),
                                      ReportComparison(result->comparison(), Lang::kEnglish)};
      output.Say(
          {absl::StrCat("vous signez, à la place de la version ", result->version(), ":\n", compared[0],
                        "gardez la signature (> NOM.sig); elle ne vaut que pour ce texte et cette version"),
           absl::StrCat("you sign, in place of version ", result->version(), ":\n", compared[1],
                        "keep the signature (> NAME.sig); it is good for this text and version only")});
      output.Data(
          WriteDecision(Sign(PolicyDecision(result->office(), result->version() + 1,
                                            absl::HexStringToBytes(result->old_sha256()), Sha256(*text)),
                             officer->key)));
      return kAnswered;
    };
  });
  CLI::App* apply = app->add_subcommand("apply", "put a policy into force; loosening takes two signatures");
  auto on = AddDirectory(apply, "penc policy apply office policy.yaml --signed awa.sig --signed moussa.sig");
  apply->add_option("FILE", options->file, "a YAML file")->required();
  apply->add_option("--signed", options->signed_by, "a signature (penc policy sign); may be repeated");
  apply->callback([on, options, &invocation] {
    invocation.run = [on, options, &invocation](Output& output) -> ExitCode {
      const absl::StatusOr<std::string> text = ReadFile(options->file);
      if (!text.ok()) return output.Fail(text.status());
      v1::PolicyApplyCommand& command = *on->command.mutable_policy_apply();
      command.set_file_name(options->file);
      command.set_text(*text);
      if (absl::Status read = ReadSignatures(options->signed_by, command.mutable_signatures()); !read.ok())
        return output.Fail(read);
      return RunAndReport(on->dir, on->command, nullptr, on->json, invocation.outside, output);
    };
  });
  CLI::App* simulate = app->add_subcommand(
      "simulate", "the journal's past questions, decided again under a new policy; spends nothing");
  auto on_simulate = AddDirectory(simulate, "penc policy simulate office policy.yaml");
  simulate->add_option("FILE", options->file, "a YAML file")->required();
  simulate->callback([on_simulate, options, &invocation] {
    invocation.run = [on_simulate, options, &invocation](Output& output) -> ExitCode {
      const absl::StatusOr<std::string> text = ReadFile(options->file);
      if (!text.ok()) return output.Fail(text.status());
      on_simulate->command.mutable_policy_simulate()->set_file_name(options->file);
      on_simulate->command.mutable_policy_simulate()->set_text(*text);
      return RunAndReport(on_simulate->dir, on_simulate->command, nullptr, on_simulate->json,
                          invocation.outside, output);
    };
  });
  CLI::App* versions = app->add_subcommand(
      "versions", "every policy that was in force: when, who signed, whether it loosened");
  auto on_versions = AddDirectory(versions, "penc policy versions office");
  on_versions->command.mutable_policy_versions();
  RunPlainly(versions, invocation, on_versions);
  CLI::App* show = app->add_subcommand("show", "the text of a version (default: the one in force)");
  auto on_show = AddDirectory(show, "penc policy show office 1");
  v1::PolicyTextCommand* shown = on_show->command.mutable_policy_text();
  show->add_option_function<uint64_t>(
      "VERSION", [shown](uint64_t version) { shown->set_version(version); },
      "its number in `penc policy versions`");
  RunPlainly(show, invocation, on_show);
}

}  // namespace penc::cli
