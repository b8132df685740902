#include "cli/codebook_file.h"

#include "base/file.h"
#include "base/status.h"
#include "codebook/read.h"
#include "embedded/embedded.h"

namespace penc::cli {

absl::StatusOr<Codebook> CodebookAt(const std::string& path) {
  if (path.empty()) return ReadCodebook("migration.yaml", *embedded::File("codebook/migration.yaml"));
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  return ReadCodebook(path, text);
}

}  // namespace penc::cli
