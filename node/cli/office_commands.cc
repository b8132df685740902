// Commands of an office's own people: files in, editions, budget, journal. Each builds an AdminCommand; the
// rest is RunAndReport.
#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "cli/app.h"
#include "cli/directory.h"
#include "cli/on_directory.h"
#include "cli/signature_files.h"
#include "office/card.h"

namespace penc::cli {

void AddClose(CLI::App& parent, Invocation& invocation) {
  CLI::App* app =
      parent.add_subcommand("close", "close what is staged: the edition opens, its persons get their budget");
  auto on = AddDirectory(app, "penc close office --label 2026-Q3");
  v1::CloseCommand* close = on->command.mutable_close();
  app->add_option_function<std::string>(
      "--label", [close](const std::string& l) { close->set_label(l); },
      "the edition (default: the calendar's)");
  RunPlainly(app, invocation, on);
}

void AddBatches(CLI::App& parent, Invocation& invocation) {
  CLI::App* app = parent.add_subcommand("batches", "list the imported files");
  auto on = AddDirectory(app, "penc batches office");
  on->command.mutable_batches();
  RunPlainly(app, invocation, on);
}

void AddUndo(CLI::App& parent, Invocation& invocation) {
  CLI::App* app = parent.add_subcommand("undo", "take an imported file back");
  auto on = AddDirectory(app, "penc undo office 3");
  v1::UndoCommand* undo = on->command.mutable_undo();
  app->add_option_function<uint64_t>(
         "BATCH", [undo](uint64_t batch) { undo->set_batch(batch); }, "its number in `penc batches`")
      ->required();
  RunPlainly(app, invocation, on);
}

void AddStatus(CLI::App& parent, Invocation& invocation) {
  CLI::App* app = parent.add_subcommand("status", "what this office holds and allows");
  auto on = AddDirectory(app, "penc status office");
  on->command.mutable_status();
  RunPlainly(app, invocation, on);
}

void AddCard(CLI::App& parent, Invocation& invocation) {
  CLI::App* app =
      parent.add_subcommand("card", "what a partner needs to reach this office: name, address, key");
  auto on = AddDirectory(app, "penc card office > office.card");
  v1::CardCommand* card = on->command.mutable_card();
  app->add_option_function<std::string>(
      "--address", [card](const std::string& a) { card->set_address(a); },
      "host:port that partners dial (default: where it listens)");
  RunPlainly(app, invocation, on);
}

void AddGrant(CLI::App& parent, Invocation& invocation) {
  struct Options {
    std::string key_file, share;
  };
  CLI::App* app =
      parent.add_subcommand("grant", "allow a partner to ask: writes DIR/grants/NAME.yaml, nothing else");
  auto on = AddDirectory(
      app,
      "penc grant office iom-dakar.pub --share 40% --purpose plaidoyer --table person --until 2030-12-31");
  auto options = std::make_shared<Options>();
  v1::GrantCommand* grant = on->command.mutable_grant();
  app->add_option("PARTNER.pub", options->key_file, "the partner's public key file")->required();
  app->add_option("--share", options->share, "of each cohort's budget, for example 40%")->required();
  auto each = [](auto add) {
    return [add](const std::vector<std::string>& values) {
      for (const std::string& value : values) add(value);
    };
  };
  app->add_option_function<std::vector<std::string>>(
         "--purpose", each([grant](const std::string& p) { grant->add_purposes(p); }),
         "what for; may be repeated")
      ->required();
  app->add_option_function<std::vector<std::string>>(
         "--table", each([grant](const std::string& t) { grant->add_tables(t); }),
         "which table; may be repeated")
      ->required();
  app->add_option_function<std::string>(
         "--until", [grant](const std::string& u) { grant->set_until(u); }, "last day, 2030-12-31")
      ->required();
  app->add_option_function<std::string>(
      "--name", [grant](const std::string& n) { grant->set_name(n); },
      "name of the grant (default: the partner's)");
  app->callback([on, options, grant, &invocation] {
    invocation.run = [=, &invocation](Output& output) -> ExitCode {
      absl::StatusOr<uint32_t> share = ParseShare(options->share);
      if (!share.ok()) return output.Fail(At("--share", share.status()));
      absl::StatusOr<std::string> key = ReadFile(options->key_file, 1 << 16);
      if (!key.ok()) return output.Fail(key.status());
      // Read here as well: the office is not told the file's name.
      if (const auto partner = ReadPartnerKey(options->key_file, *key); !partner.ok())
        return output.Fail(partner.status());
      grant->set_share_ppm(*share);
      grant->set_public_key(*key);
      return RunAndReport(on->dir, on->command, nullptr, on->json, invocation.outside, output);
    };
  });
}

void AddStop(CLI::App& parent, Invocation& invocation) {
  CLI::App* app = parent.add_subcommand("stop", "emergency stop: refuse every question from now on");
  auto on = AddDirectory(app, "penc stop office");
  auto signed_by = std::make_shared<std::vector<std::string>>();
  v1::StopCommand* stop = on->command.mutable_stop();
  CLI::Option* lift = app->add_flag_callback(
      "--lift", [stop] { stop->set_lift(true); },
      "answer again; where a responsable is enrolled, with that person's signature");
  app->add_option("--signed", *signed_by, "a signature (penc officer lift)")->needs(lift);
  app->callback([on, signed_by, stop, &invocation] {
    invocation.run = [=, &invocation](Output& output) -> ExitCode {
      if (absl::Status read = ReadSignatures(*signed_by, stop->mutable_signatures()); !read.ok())
        return output.Fail(read);
      return RunAndReport(on->dir, on->command, nullptr, on->json, invocation.outside, output);
    };
  });
}

void AddBudget(CLI::App& parent, Invocation& invocation) {
  CLI::App* app =
      parent.add_subcommand("budget", "what each cohort's budget has paid, and what is left for life");
  auto on = AddDirectory(app, "penc budget office");
  on->command.mutable_budget();
  RunPlainly(app, invocation, on);
}

void AddJournal(CLI::App& parent, Invocation& invocation) {
  CLI::App* app =
      parent.add_subcommand("journal", "the office's own log of every question, decision and charge");
  app->require_subcommand(1);
  app->footer("Example:\n  penc journal verify office");
  CLI::App* verify = app->add_subcommand("verify", "recompute every entry and the signed checkpoint");
  auto on_verify = AddDirectory(verify, "penc journal verify office");
  on_verify->command.mutable_journal_verify();
  RunPlainly(verify, invocation, on_verify);
  CLI::App* show = app->add_subcommand("show", "print entries");
  auto on_show = AddDirectory(show, "penc journal show office --from 0 --limit 20");
  v1::JournalShowCommand* command = on_show->command.mutable_journal_show();
  show->add_option_function<uint64_t>(
      "--from", [command](uint64_t from) { command->set_from(from); }, "first entry");
  show->add_option_function<uint32_t>(
      "--limit", [command](uint32_t limit) { command->set_limit(limit); }, "at most this many");
  RunPlainly(show, invocation, on_show);
  CLI::App* sentences =
      app->add_subcommand("sentences", "past questions in sentences, for publication (Markdown)");
  auto on_sentences = AddDirectory(sentences, "penc journal sentences office --lang fr > questions.md");
  on_sentences->command.mutable_sentences();
  RunPlainly(sentences, invocation, on_sentences);
}

void AddBackup(CLI::App& parent, Invocation& invocation) {
  CLI::App* app = parent.add_subcommand("backup", "write everything, keys included, into one file");
  auto on = AddDirectory(app, "penc backup office office-2026-09.penc");
  v1::BackupCommand* backup = on->command.mutable_backup();
  app->add_option_function<std::string>(
         "FILE",
         [backup](const std::string& file) {
           std::error_code error;
           backup->set_path(std::filesystem::absolute(file, error).string());
         },
         "a file that does not exist yet")
      ->required();
  RunPlainly(app, invocation, on);
}

}  // namespace penc::cli
