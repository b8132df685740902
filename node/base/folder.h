// Folders that appear whole or not at all.
#pragma once
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/random.h"

namespace penc {

// Mode 0700. PERMISSION_DENIED, RESOURCE_EXHAUSTED.
absl::Status MakePrivateFolder(const std::string& path);

// A folder that is filled beside its destination and then renamed; gone if it is not.
class NewFolder {
 public:
  // ALREADY_EXISTS where `destination` is there and is not an empty folder.
  static absl::StatusOr<NewFolder> Beside(const std::string& destination, RandomSource& random);
  NewFolder(NewFolder&& other) noexcept;
  NewFolder& operator=(NewFolder&&) = delete;
  ~NewFolder();

  const std::string& path() const { return path_; }
  // Synced; whoever opens `destination` from now on sees all of it.
  absl::Status MoveIntoPlace();

 private:
  NewFolder(std::string destination, std::string path)
      : destination_(std::move(destination)), path_(std::move(path)) {}
  std::string destination_;
  std::string path_;  // empty: moved
};

}  // namespace penc
