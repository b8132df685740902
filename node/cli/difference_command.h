// Of answers that are here, one table less another: `penc answer difference`.
#pragma once
#include <memory>
#include <string>

#include "cli/output.h"

namespace CLI {
class App;
}

namespace penc::cli {

struct DifferenceOptions {
  std::string file, other, tables, by;
  bool json = false, csv = false;
};

// The subcommand of `penc answer`; what it does is set by its parent.
CLI::App* AddDifference(CLI::App& answer, const std::shared_ptr<DifferenceOptions>& options);
ExitCode ShowDifference(const DifferenceOptions& options, Output& output);

}  // namespace penc::cli
