// Making, serving, restoring an office; invented records.
#include <CLI/CLI.hpp>
#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "cli/app.h"
#include "cli/codebook_file.h"
#include "cli/directory.h"
#include "cli/stop_signal.h"
#include "codebook/period.h"
#include "codebook/read.h"
#include "demo/records.h"
#include "embedded/embedded.h"
#include "office/backup.h"
#include "office/card.h"
#include "office/office.h"
#include "release/approvals.h"
#include "rpc/server.h"

namespace penc::cli {
namespace {

std::string Shipped(absl::string_view name) { return std::string(*embedded::File(name)); }

// The last complete quarter: demo records reach up to it.
int64_t LastQuarter(const Clock& clock) { return EditionAt(Closing::kQuarter, clock.Now()) - 1; }

// Imports and closes invented records, so that an exercise can begin at once.
absl::Status FillPractice(const std::string& dir, const Codebook& codebook, const Outside& outside,
                          Output& output) {
  const std::string folder = absl::StrCat(dir, "/invented");
  ASSIGN_OR_RETURN(
      const std::vector<DemoFile> files,
      WriteDemoRecords(codebook, {.persons = 2000, .last_quarter = LastQuarter(outside.clock)}, folder));
  for (const DemoFile& written : files) {
    ASSIGN_OR_RETURN(const std::unique_ptr<ByteSource> file, OpenFile(written.path));
    v1::AdminCommand command;
    command.mutable_import_file()->set_file_name(written.table + ".csv");
    command.mutable_import_file()->set_table(written.table);
    RETURN_IF_ERROR(RunOnDirectory(dir, command, file.get(), outside, output).status());
  }
  std::filesystem::remove_all(folder);
  v1::AdminCommand close;
  close.mutable_close();
  return RunOnDirectory(dir, close, nullptr, outside, output).status();
}

// Says that answers miss their reply slot, once a minute at most: whoever asks could tell by it how much
// there is to read.
std::function<void(absl::Duration, absl::Duration)> LateAnswers(const Clock& clock, Output& output) {
  auto quiet_until = std::make_shared<std::atomic<int64_t>>(INT64_MIN);
  return [&clock, &output, quiet_until](absl::Duration slot, absl::Duration) {
    const int64_t now = absl::ToUnixMicros(clock.Now());
    int64_t until = quiet_until->load();
    if (now < until || !quiet_until->compare_exchange_strong(until, now + 60'000'000)) return;
    const std::string due = absl::FormatDuration(slot);
    output.Say(
        {absl::StrCat("une réponse n'était pas prête à son heure (", due,
                      ") et part à la suivante. Si cela se répète: déclarez plus de lignes (capacity_rows "
                      "dans office.yaml, puis relancez) ou allégez cet ordinateur"),
         absl::StrCat("an answer was not ready when it was due (", due,
                      ") and leaves at the next time. If this goes on: declare more rows (capacity_rows in "
                      "office.yaml, then start again) or lighten this computer's load")});
  };
}

}  // namespace

void AddInit(CLI::App& parent, Invocation& invocation) {
  struct Options {
    std::string dir, name, codebook, policy, listen = "127.0.0.1:7411";
    bool practice = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* app = parent.add_subcommand("init", "make an office: keys, codebook, policy, an empty store");
  app->add_option("DIR", options->dir, "a folder that does not exist yet, or is empty")->required();
  app->add_option("--name", options->name, "the organisation's name, as answers show it")->required();
  app->add_option("--codebook", options->codebook, "YAML (default: the migration codebook)");
  app->add_option("--policy", options->policy, "YAML (default: the standard policy, local answers closed)");
  app->add_option("--listen", options->listen, "host:port for partners");
  app->add_flag("--practice", options->practice, "an exercise: invented records, marked in every answer");
  app->footer("Example:\n  penc init office --name \"ALCRER\"");
  app->callback([options, &invocation] {
    invocation.run = [options, &invocation](Output& output) -> ExitCode {
      InitOptions init;
      init.name = options->name;
      init.practice = options->practice;
      init.listen = options->listen;
      init.codebook_text = Shipped("codebook/migration.yaml");
      init.policy_text = Shipped(options->practice ? "profiles/demo.yaml" : "profiles/standard.yaml");
      for (auto [path, text, file] :
           {std::tuple(&options->codebook, &init.codebook_text, &init.codebook_file),
            std::tuple(&options->policy, &init.policy_text, &init.policy_file)}) {
        if (path->empty()) continue;
        absl::StatusOr<std::string> read = ReadFile(*path);
        if (!read.ok()) return output.Fail(read.status());
        *text = *read;
        *file = *path;
      }
      absl::Status status = Office::Create(options->dir, init, EnvironmentOf(invocation.outside, output));
      if (!status.ok()) return output.Fail(status);
      if (options->practice && options->codebook.empty()) {
        const absl::StatusOr<Codebook> codebook = ReadCodebook(init.codebook_file, init.codebook_text);
        status = codebook.ok() ? FillPractice(options->dir, *codebook, invocation.outside, output)
                               : codebook.status();
        if (!status.ok()) {
          std::error_code ignored;  // all of it or nothing
          std::filesystem::remove_all(options->dir, ignored);
          return output.Fail(status);
        }
      }
      output.Say({absl::StrCat("l'organisation «", options->name, "» est prête dans ", options->dir,
                               ". Ensuite: penc import, penc close, penc serve"),
                  absl::StrCat("office \"", options->name, "\" is ready in ", options->dir,
                               ". Next: penc import, penc close, penc serve")});
      return kAnswered;
    };
  });
}

void AddServe(CLI::App& parent, Invocation& invocation) {
  struct Options {
    std::string dir, listen;
  };
  auto options = std::make_shared<Options>();
  CLI::App* app = parent.add_subcommand("serve", "answer granted partners until Ctrl-C");
  app->add_option("DIR", options->dir, "the office's folder")->required();
  app->add_option("--listen", options->listen, "host:port (default: the office's own)");
  app->footer("Example:\n  penc serve office --listen 127.0.0.1:7411");
  app->callback([options, &invocation] {
    invocation.run = [options, &invocation](Output& output) -> ExitCode {
      CatchStopSignals();
      absl::StatusOr<std::unique_ptr<Office>> office =
          Office::Open(options->dir, EnvironmentOf(invocation.outside, output, Patience::kUntilStopped));
      if (!office.ok() && StopSignalCame()) {
        output.Say(Explain(office.status()));
        return kAnswered;
      }
      if (!office.ok()) return output.Fail(office.status());
      rpc::ServerOptions server_options;
      if (!options->listen.empty()) {
        const absl::Status address = CheckAddress(options->listen);
        if (!address.ok()) return output.Fail(At("--listen", address));
        (*office)->ListenAt(options->listen);
      }
      server_options.listen = (*office)->config().listen();
      server_options.certificate_trouble = [&output](const absl::Status& why) { output.Say(Explain(why)); };
      server_options.tell = [&output](const Text& text) { output.Say(text); };
      (*office)->approvals().OnAsked([&output, dir = options->dir] {
        output.Say({absl::StrCat("une question attend la décision d'une personne: penc pending ", dir),
                    absl::StrCat("a question waits for a person to decide: penc pending ", dir)});
      });
      server_options.node.overrun = LateAnswers(invocation.outside.clock, output);
      absl::StatusOr<std::unique_ptr<rpc::NodeServer>> server =
          rpc::NodeServer::Start(**office, invocation.outside.clock, server_options);
      if (!server.ok()) return output.Fail(server.status());
      output.Say({absl::StrCat((*office)->config().office(), " répond sur ", server_options.listen,
                               " (Ctrl-C pour arrêter)"),
                  absl::StrCat((*office)->config().office(), " answers on ", server_options.listen,
                               " (Ctrl-C stops it)")});
      WaitForStopSignal();
      output.Say({"arrêt: les questions en cours se terminent", "stopping: open questions are finished"});
      (*server)->Stop(absl::Seconds(10));
      return kAnswered;
    };
  });
}

void AddRestore(CLI::App& parent, Invocation& invocation) {
  struct Options {
    std::string file, dir;
    bool forfeit = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* app = parent.add_subcommand(
      "restore", "make an office from a backup; what was answered since is not forgotten");
  app->add_flag("--forfeit", options->forfeit,
                "a member of a network: give up all remaining budget instead of waiting for stewards");
  app->add_option("FILE", options->file, "what `penc backup` wrote")->required();
  app->add_option("DIR", options->dir, "a folder that does not exist yet, or is empty")->required();
  app->footer("Example:\n  penc restore office-2026-09.penc office-restored");
  app->callback([options, &invocation] {
    invocation.run = [options, &invocation](Output& output) -> ExitCode {
      const absl::StatusOr<Restored> restored =
          Restore(options->file, options->dir, options->forfeit, EnvironmentOf(invocation.outside, output));
      if (!restored.ok()) return output.Fail(restored.status());
      output.Say(
          {"qui fut effacé, ou retira son accord, depuis cette sauvegarde y est de nouveau: effacez ces "
           "personnes "
           "encore une fois (penc erase)",
           "who was erased, or withdrew consent, since this backup is in it again: erase these persons once "
           "more "
           "(penc erase)"});
      if (restored->silent) {
        output.Say({absl::StrCat(restored->name, " est rétablie dans ", options->dir,
                                 ". Elle ne répond pas encore: les témoins du réseau lui diront ce qu'elle "
                                 "avait dépensé. Laissez-la tourner (penc serve) quinze jours."),
                    absl::StrCat(restored->name, " is restored in ", options->dir,
                                 ". It does not answer yet: the network's stewards will tell it what it had "
                                 "spent. Let it run (penc serve) for fifteen days.")});
        return kAnswered;
      }
      output.Say({absl::StrCat(restored->name, " est rétablie dans ", options->dir, ". Le crédit restant de ",
                               restored->cohorts,
                               " cohorte(s) est perdu: nul ne sait ce qui a été répondu depuis la "
                               "sauvegarde. Les nouvelles personnes apportent un crédit neuf."),
                  absl::StrCat(restored->name, " is restored in ", options->dir, ". The remaining budget of ",
                               restored->cohorts,
                               " cohort(s) is forfeited: nobody knows what was answered since the backup. "
                               "New people bring new budget.")});
      return kAnswered;
    };
  });
}

void AddDemo(CLI::App& parent, Invocation& invocation) {
  struct Options {
    std::string folder, codebook;
    DemoOptions demo;
  };
  auto options = std::make_shared<Options>();
  CLI::App* app = parent.add_subcommand("demo", "invented records to try things with");
  app->require_subcommand(1);
  app->footer("Example:\n  penc demo records invented --persons 2000 --seed 7");
  CLI::App* records = app->add_subcommand("records", "write a CSV file for every table");
  records->add_option("FOLDER", options->folder, "where to")->required();
  records->add_option("--persons", options->demo.persons, "how many people (about 6.5 rows each)");
  records->add_option("--seed", options->demo.seed, "the same seed gives the same files");
  records->add_option("--country", options->demo.country, "where the imaginary office is, ISO code");
  records->add_option("--prefix", options->demo.prefix, "of the invented references");
  records->add_option("--codebook", options->codebook,
                      "codebook FILE; with linkage people get names too (default: the migration codebook)");
  records->footer("Example:\n  penc demo records invented --persons 2000 --seed 7");
  records->callback([options, &invocation] {
    invocation.run = [options, &invocation](Output& output) -> ExitCode {
      const absl::StatusOr<Codebook> codebook = CodebookAt(options->codebook);
      if (!codebook.ok()) return output.Fail(codebook.status());
      options->demo.last_quarter = LastQuarter(invocation.outside.clock);
      const absl::StatusOr<std::vector<DemoFile>> files =
          WriteDemoRecords(*codebook, options->demo, options->folder);
      if (!files.ok()) return output.Fail(files.status());
      for (const DemoFile& file : *files) output.Data(absl::StrCat(file.path, "\t", file.rows));
      return kAnswered;
    };
  });
}

}  // namespace penc::cli
