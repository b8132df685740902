// What an office does for the persons in its records: erasing, retention, a person's sheet, the
// data-protection dossier.
#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "cli/app.h"
#include "cli/directory.h"
#include "cli/dossier_page.h"
#include "cli/on_directory.h"
#include "cli/person_page.h"

namespace penc::cli {
namespace {

// A page to a file, for its owner's eyes only; how it becomes a PDF is said.
absl::Status WritePage(const Page& page, const std::string& file, Output& output) {
  RETURN_IF_ERROR(WriteFileAtomically(file, page.Html(), 0600));
  output.Say({absl::StrCat(file, " est écrit: ouvrez-le dans un navigateur; «Imprimer» en fait aussi un PDF"),
              absl::StrCat(file, " is written: open it in a browser; \"Print\" makes a PDF of it, too")});
  return absl::OkStatus();
}

// A sheet is handed over; the office's folder is no place for one, in the clear and in every backup.
absl::Status CheckOutside(const std::string& file, const std::string& dir) {
  if (file.empty()) return absl::OkStatus();
  std::error_code error;
  const std::filesystem::path folder = std::filesystem::weakly_canonical(dir, error),
                              there = std::filesystem::weakly_canonical(file, error),
                              relative = there.lexically_relative(folder);
  if (relative.empty() || *relative.begin() == "..") return absl::OkStatus();
  return Fail(absl::StatusCode::kInvalidArgument,
              {absl::StrCat("--html ", file,
                            ": ce fichier serait dans le dossier de l'organisation; une fiche "
                            "se remet à la personne, écrivez-la ailleurs"),
               absl::StrCat("--html ", file,
                            ": that file would be inside the office's folder; a sheet is "
                            "handed to the person, write it elsewhere")});
}

void AddReference(CLI::App* app, google::protobuf::RepeatedPtrField<std::string>* person) {
  app->add_option_function<std::vector<std::string>>(
         "--person",
         [person](const std::vector<std::string>& parts) {
           for (const std::string& part : parts) *person->Add() = part;
         },
         "the local reference; its parts one after another where the mapping's is composite")
      ->required();
}

}  // namespace

void AddErase(CLI::App& parent, Invocation& invocation) {
  CLI::App* app = parent.add_subcommand("erase", "remove every row of one person, everywhere, and verify it");
  auto on = AddDirectory(app, "penc erase office --person BKO-0042");
  AddReference(app, on->command.mutable_erase()->mutable_person());
  RunPlainly(app, invocation, on);
}

void AddExpire(CLI::App& parent, Invocation& invocation) {
  CLI::App* app = parent.add_subcommand(
      "expire", "take out rows that may be kept no longer; the node does so by itself every day");
  auto on = AddDirectory(app, "penc expire office");
  v1::ExpireCommand* expire = on->command.mutable_expire();
  app->add_option_function<std::string>(
      "--today", [expire](const std::string& day) { expire->set_today(day); },
      "where the clock looks wrong and is right: today, from a calendar (YYYY-MM-DD)");
  RunPlainly(app, invocation, on);
}

void AddPerson(CLI::App& parent, Invocation& invocation) {
  CLI::App* group = parent.add_subcommand("person", "what one person may ask of the office");
  group->require_subcommand(1);
  group->footer("Example:\n  penc person sheet office --person BKO-0042 --html sheet.html");
  CLI::App* app = group->add_subcommand("sheet", "all that is kept of one person, to be printed for them");
  auto on = AddDirectory(app, "penc person sheet office --person BKO-0042 --html sheet.html");
  v1::PersonSheetCommand* command = on->command.mutable_person_sheet();
  AddReference(app, command->mutable_person());
  auto html = std::make_shared<std::string>();
  app->add_option("--html", *html, "write a page that prints on A4 (default: text on the screen)");
  app->callback([on, html, command, &invocation] {
    invocation.run = [=, &invocation](Output& output) -> ExitCode {
      const absl::Status outside = CheckOutside(*html, on->dir);
      if (!outside.ok()) return output.Fail(outside);
      const absl::StatusOr<v1::AdminResult> result =
          RunOnDirectory(on->dir, on->command, nullptr, invocation.outside, output);
      if (!result.ok()) return output.Fail(result.status());
      const v1::PersonSheetResult& sheet = result->person_sheet();
      if (sheet.unknown()) {
        if (on->json) output.Data(Json(*result));
        // A sheet for a reference that was mistyped would be handed to the wrong person.
        return output.Fail(Fail(
            absl::StatusCode::kNotFound,
            {"personne n'est dans les dossiers sous cette référence, aucune fiche n'est faite: vérifiez "
             "qu'elle "
             "est écrite comme dans le fichier importé",
             "nobody is in the records under this reference, no sheet was made: nothing is kept under this "
             "reference, check that it is written as in the imported file"}));
      }
      const Page page =
          PersonPage(sheet, {command->person().begin(), command->person().end()}, output.lang());
      if (on->json) output.Data(Json(*result));
      if (!html->empty()) {
        const absl::Status written = WritePage(page, *html, output);
        if (!written.ok()) return output.Fail(written);
      } else if (!on->json) {
        output.Data(page.Text());
      }
      return kAnswered;
    };
  });
}

void AddDossier(CLI::App& parent, Invocation& invocation) {
  CLI::App* app = parent.add_subcommand(
      "dossier", "the data-protection dossier, from what is true here now: Markdown, or a page to print");
  auto on = AddDirectory(app, "penc dossier office --html dossier.html");
  on->command.mutable_dossier();
  auto html = std::make_shared<std::string>();
  app->add_option("--html", *html, "write a page that prints on A4 (default: Markdown on the screen)");
  app->callback([on, html, &invocation] {
    invocation.run = [=, &invocation](Output& output) -> ExitCode {
      const absl::StatusOr<v1::AdminResult> result =
          RunOnDirectory(on->dir, on->command, nullptr, invocation.outside, output);
      if (!result.ok()) return output.Fail(result.status());
      const Page page = DossierPage(result->dossier(), output.lang());
      if (on->json) output.Data(Json(*result));
      if (!html->empty()) {
        const absl::Status written = WritePage(page, *html, output);
        if (!written.ok()) return output.Fail(written);
      } else if (!on->json) {
        output.Data(page.Markdown());
      }
      return kAnswered;
    };
  });
}

}  // namespace penc::cli
