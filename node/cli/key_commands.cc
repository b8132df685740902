// Where the node key is, and moving it.
#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "cli/app.h"
#include "cli/directory.h"
#include "cli/key_words.h"
#include "crypto/keyfile.h"
#include "office/key_places.h"
#include "office/keys.h"
#include "office/layout.h"

namespace penc::cli {
namespace {

namespace fs = std::filesystem;

uint32_t FilesIn(const std::string& folder) {
  uint32_t files = 0;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error))
    files += entry.is_regular_file(error);
  return files;
}

// Before anything is written: a key on a stick that is of no folder would look like one that is.
absl::Status CheckFolder(const std::string& dir) {
  if (FileExists(Layout(dir).config())) return absl::OkStatus();
  return Fail(absl::StatusCode::kNotFound,
              {absl::StrCat(dir, " n'est pas un dossier de penc: vérifiez le chemin"),
               absl::StrCat(dir, " is not a folder of penc: check the path")});
}

// Only what anybody sees who has the folder: no key is needed for it.
absl::StatusOr<v1::KeyShowResult> ShowKeys(const std::string& dir) {
  const Layout layout(dir);
  v1::KeyShowResult shown;
  RETURN_IF_ERROR(CheckFolder(dir));
  if (!FileExists(layout.ring()) && FileExists(layout.tls_key())) {
    shown.add_places()->set_here(true);  // of format 1
  } else {
    ASSIGN_OR_RETURN(const storage::v1::KeyRingFile ring, ReadRing(layout.ring()));
    for (v1::KeyPlace& place : PlacesOf(ring)) *shown.add_places() = std::move(place);
  }
  shown.set_quarantine_files(FilesIn(layout.quarantine()));
  shown.set_answers(FilesIn(layout.answers()));
  return shown;
}

void AddShow(CLI::App& keys, Invocation& invocation) {
  struct Options {
    std::string dir;
    bool json = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* app = keys.add_subcommand("show", "where the node key is; what a thief could read");
  app->add_option("DIR", options->dir, "an office's folder, open or locked")->required();
  app->add_flag("--json", options->json, "print protobuf JSON");
  app->footer("Example:\n  penc key show office");
  app->callback([options, &invocation] {
    invocation.run = [options](Output& output) -> ExitCode {
      const absl::StatusOr<v1::KeyShowResult> shown = ShowKeys(options->dir);
      if (!shown.ok()) return output.Fail(shown.status());
      output.Data(options->json ? Json(*shown) : KeyReport(*shown, options->dir, output.lang()));
      return kAnswered;
    };
  });
}

void AddNew(CLI::App& keys, Invocation& invocation) {
  auto file = std::make_shared<std::string>();
  CLI::App* app = keys.add_subcommand("new", "write a fresh key to a file, for systemd-creds or a stick");
  app->add_option("FILE", *file, "a file that does not exist yet")->required();
  app->footer("Example:\n  penc key new /media/usb/spare.key");
  app->callback([file, &invocation] {
    invocation.run = [file, &invocation](Output& output) -> ExitCode {
      const absl::Status made = CreateNodeKey(*file, invocation.outside.random);
      if (!made.ok()) return output.Fail(made);
      output.Say(
          {absl::StrCat("nouvelle clé dans ", *file,
                        "; elle n'ouvre rien tant que penc key wrap ne "
                        "l'a pas prise"),
           absl::StrCat("a new key is in ", *file, "; it opens nothing until penc key wrap takes it")});
      return kAnswered;
    };
  });
}

bool OnTheSameDisk(const std::string& file, const std::string& dir) {
  struct stat a {
  }, b{};
  return ::stat(file.c_str(), &a) == 0 && ::stat(dir.c_str(), &b) == 0 && a.st_dev == b.st_dev;
}

// The key that is to lie there: what is there already, else a fresh one, written down before anything
// depends on it.
absl::Status FillIn(v1::KeyPlace& place, const std::string& dir, const Outside& outside, Output& output) {
  if (!place.has_file() && !place.has_credential()) return absl::OkStatus();
  if (place.has_file()) RETURN_IF_ERROR(CheckOutside(Layout(dir), place.file()));
  const KeySource source = KeySourceOf(outside);
  absl::StatusOr<Secret> key = ReadKeyAt(place, source.credentials_folder);
  if (absl::IsNotFound(key.status()) && place.has_file()) {
    Secret fresh = Secret::Random(outside.random, 32);
    RETURN_IF_ERROR(SaveNodeKey(place.file(), fresh));
    RETURN_IF_ERROR(ClaimKeyFile(Layout(dir), place.file()));
    key = std::move(fresh);
  } else if (key.ok() && place.has_file()) {
    RETURN_IF_ERROR(CheckOwnKeyFile(Layout(dir), place.file()));
    output.Say(
        {absl::StrCat("à savoir: ", place.file(), " contenait déjà une clé, qui devient celle de ce dossier"),
         absl::StrCat("to be known: ", place.file(), " held a key already, which becomes this folder's")});
    RETURN_IF_ERROR(ClaimKeyFile(Layout(dir), place.file()));
  }
  if (absl::IsNotFound(key.status())) return CredentialNotLent(place.credential());
  RETURN_IF_ERROR(key.status());
  if (place.has_file() && OnTheSameDisk(place.file(), dir)) {
    output.Say({absl::StrCat("attention: ", place.file(),
                             " est sur le même disque que les dossiers; qui vole l'ordinateur a les deux"),
                absl::StrCat("beware: ", place.file(),
                             " is on the same disk as the records; whoever steals the computer has both")});
  }
  place.set_key(std::string(key->view()));
  return absl::OkStatus();
}

// Stewards alone: a network that is gone, or too many of them at once, would take the records with them.
absl::Status CheckSpare(const std::vector<v1::KeyPlace>& places, bool without_spare) {
  if (places.size() != 1 || !places[0].has_stewards() || without_spare) return absl::OkStatus();
  return Fail(
      absl::StatusCode::kInvalidArgument,
      {"prévoyez une clé de secours, au coffre: ajoutez --with file:CHEMIN (une clé USB). Sans elle, "
       "si trop de témoins disparaissent, les dossiers sont perdus (--without-spare pour s'en passer)",
       "provide a spare key, for the safe: add --with file:PATH (a USB stick). Without it the records "
       "are lost where too many stewards are gone (--without-spare does without)"});
}

ExitCode Move(const std::string& dir, v1::KeyWrapCommand wrap, const Outside& outside, Output& output) {
  v1::AdminCommand command;
  *command.mutable_key_wrap() = std::move(wrap);
  const absl::StatusOr<v1::AdminResult> moved = RunOnDirectory(dir, command, nullptr, outside, output);
  if (!moved.ok()) return output.Fail(moved.status());
  output.Say(KeyMovedSentence(moved->key_wrap()));
  return kAnswered;
}

void AddWrap(CLI::App& keys, Invocation& invocation) {
  struct Options {
    std::string dir;
    std::vector<std::string> with;
    bool without_spare = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* app = keys.add_subcommand("wrap", "keep the node key elsewhere: a stolen computer tells nothing");
  app->add_option("DIR", options->dir, "the office's folder")->required();
  app->add_option("--with", options->with,
                  "file:PATH (a USB stick), credential:NAME (systemd), stewards, or here; again for a spare")
      ->required()
      ->expected(1, 4);
  app->add_flag("--without-spare", options->without_spare, "stewards alone, with no spare key in a safe");
  app->footer("Example:\n  penc key wrap office --with file:/media/usb/alcrer.key");
  app->callback([options, &invocation] {
    invocation.run = [options, &invocation](Output& output) -> ExitCode {
      std::vector<v1::KeyPlace> places;
      for (const std::string& text : options->with) {
        absl::StatusOr<v1::KeyPlace> place = ParseKeyPlace(text);
        if (!place.ok()) return output.Fail(place.status());
        places.push_back(*std::move(place));
      }
      absl::Status ready = CheckFolder(options->dir);
      if (ready.ok()) ready = CheckSpare(places, options->without_spare);
      v1::KeyWrapCommand wrap;
      for (v1::KeyPlace& place : places) {
        if (ready.ok()) ready = FillIn(place, options->dir, invocation.outside, output);
        *wrap.add_places() = std::move(place);
      }
      if (!ready.ok()) return output.Fail(ready);
      return Move(options->dir, std::move(wrap), invocation.outside, output);
    };
  });
}

// For each place that the ring names, a new key: in files beside the old one until the ring has it.
absl::StatusOr<v1::KeyWrapCommand> NewKeys(const std::string& dir, const Outside& outside) {
  RETURN_IF_ERROR(CheckFolder(dir));
  const Layout layout(dir);
  ASSIGN_OR_RETURN(const storage::v1::KeyRingFile ring, ReadRing(layout.ring()));
  for (const storage::v1::KeySlot& slot : ring.slots())
    if (slot.has_file()) RETURN_IF_ERROR(CheckOwnKeyFile(layout, slot.file()));
  v1::KeyWrapCommand wrap;
  wrap.set_rotated(true);
  for (const storage::v1::KeySlot& slot : ring.slots()) {
    v1::KeyPlace& place = *wrap.add_places();
    if (slot.has_here()) place.set_here(true);
    if (slot.has_stewards()) place.set_stewards(true);
    if (slot.has_credential()) {
      return Fail(absl::StatusCode::kFailedPrecondition,
                  {absl::StrCat("la clé est le secret «", slot.credential(),
                                "» de systemd, que penc ne change pas: faites-en une autre (penc key new), "
                                "confiez-la à systemd sous un autre nom, puis penc key wrap"),
                   absl::StrCat("the key is systemd's credential \"", slot.credential(),
                                "\", which penc does not change: make another one (penc key new), give it "
                                "to systemd under another name, then penc key wrap")});
    }
    if (!slot.has_file()) continue;
    RETURN_IF_ERROR(DropNextKeyFile(slot.file(), slot.key_id()));
    RETURN_IF_ERROR(ClaimKeyFile(layout, slot.file()));
    const Secret key = Secret::Random(outside.random, 32);
    RETURN_IF_ERROR(SaveNodeKey(NextKeyFile(slot.file()), key));
    place.set_file(slot.file());
    place.set_key(std::string(key.view()));
  }
  return wrap;
}

void AddRotate(CLI::App& keys, Invocation& invocation) {
  auto dir = std::make_shared<std::string>();
  CLI::App* app =
      keys.add_subcommand("rotate", "another node key in the same places: a lost stick opens nothing");
  app->add_option("DIR", *dir, "the office's folder")->required();
  app->footer("Example:\n  penc key rotate office");
  app->callback([dir, &invocation] {
    invocation.run = [dir, &invocation](Output& output) -> ExitCode {
      const absl::StatusOr<v1::KeyWrapCommand> wrap = NewKeys(*dir, invocation.outside);
      if (!wrap.ok()) return output.Fail(wrap.status());
      const ExitCode code = Move(*dir, *wrap, invocation.outside, output);
      if (code != kAnswered) return code;
      // A node that serves may not be allowed to write to the stick.
      for (const v1::KeyPlace& place : wrap->places()) {
        if (!place.has_file()) continue;
        const absl::Status finished = FinishKeyFile(place.file(), NodeKeyId(Secret(place.key())));
        if (!finished.ok()) return output.Fail(finished);
      }
      return kAnswered;
    };
  });
}

}  // namespace

void AddKey(CLI::App& parent, Invocation& invocation) {
  CLI::App* app =
      parent.add_subcommand("key", "where the node key is: in the folder, on a stick, with stewards");
  app->require_subcommand(1);
  app->footer("Example:\n  penc key show office");
  AddShow(*app, invocation);
  AddWrap(*app, invocation);
  AddRotate(*app, invocation);
  AddNew(*app, invocation);
}

}  // namespace penc::cli
