// What every DIR command has: DIR, --json, and the command that its options fill.
#pragma once
#include <memory>
#include <string>

#include "cli/app.h"
#include "penc/v1/admin.pb.h"

namespace penc::cli {

struct OnDirectory {
  std::string dir;
  bool json = false;
  v1::AdminCommand command;
};

// `example`: ends its help.
std::shared_ptr<OnDirectory> AddDirectory(CLI::App* app, const char* example);

// Runs the command as it was filled, and prints its result.
void RunPlainly(CLI::App* app, Invocation& invocation, const std::shared_ptr<OnDirectory>& on);

}  // namespace penc::cli
