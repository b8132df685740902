#include "cli/on_directory.h"

#include <CLI/CLI.hpp>

#include "absl/strings/str_cat.h"
#include "cli/directory.h"

namespace penc::cli {

std::shared_ptr<OnDirectory> AddDirectory(CLI::App* app, const char* example) {
  auto on = std::make_shared<OnDirectory>();
  app->add_option("DIR", on->dir, "the office's folder")->required();
  app->add_flag("--json", on->json, "print protobuf JSON");
  app->footer(absl::StrCat("Example:\n  ", example));
  return on;
}

void RunPlainly(CLI::App* app, Invocation& invocation, const std::shared_ptr<OnDirectory>& on) {
  app->callback([on, &invocation] {
    invocation.run = [on, &invocation](Output& output) {
      return RunAndReport(on->dir, on->command, nullptr, on->json, invocation.outside, output);
    };
  });
}

}  // namespace penc::cli
