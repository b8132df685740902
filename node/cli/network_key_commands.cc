// penc network key: the key that makes buckets of persons. Files only; no folder, no hub.
#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "cli/app.h"
#include "crypto/keyfile.h"

namespace penc::cli {
namespace {

ExitCode PrintCheck(const std::string& file, Output& output) {
  const absl::StatusOr<Secret> key = LoadNetworkKey(file);
  if (!key.ok()) return output.Fail(key.status());
  output.Data(NetworkKeyCheck(*key));
  return kAnswered;
}

}  // namespace

void AddNetworkKey(CLI::App& network, Invocation& invocation) {
  auto file = std::make_shared<std::string>();
  CLI::App* app =
      network.add_subcommand("key", "the key by which members recognise the same person without a name");
  app->require_subcommand(1);
  app->footer("Example:\n  penc network key create migrafrique.networkkey");
  CLI::App* create =
      app->add_subcommand("create", "make a network's key, once; prints its check value for the codebook");
  create->add_option("FILE", *file, "a file that does not exist yet, best on a stick")->required();
  create->footer("Example:\n  penc network key create migrafrique.networkkey");
  create->callback([file, &invocation] {
    invocation.run = [file, &invocation](Output& output) -> ExitCode {
      const absl::Status made = CreateNetworkKey(*file, invocation.outside.random);
      if (!made.ok()) return output.Fail(made);
      const ExitCode printed = PrintCheck(*file, output);
      output.Say(
          {absl::StrCat("la clé du réseau est dans ", *file,
                        ". Écrivez la valeur ci-dessus dans le lexique (linkage: key_check) et remettez le "
                        "fichier aux membres de la main à la main; ni au relais, ni à un partenaire, ni par "
                        "courriel"),
           absl::StrCat("the network's key is in ", *file,
                        ". Write the value above into the codebook (linkage: key_check) and hand the file to "
                        "members from hand to hand; not to the hub, not to a partner, not by mail")});
      return printed;
    };
  });
  CLI::App* check = app->add_subcommand("check", "the check value of a key: the same for all members");
  check->add_option("FILE", *file, "the network's key")->required();
  check->footer("Example:\n  penc network key check migrafrique.networkkey");
  check->callback(
      [file, &invocation] { invocation.run = [file](Output& output) { return PrintCheck(*file, output); }; });
}

}  // namespace penc::cli
