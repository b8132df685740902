#include "base/folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace penc {
namespace {

namespace fs = std::filesystem;

absl::Status CannotMake(const std::string& path) {
  auto code = errno == ENOSPC ? absl::StatusCode::kResourceExhausted : absl::StatusCode::kPermissionDenied;
  return Fail(code,
              {absl::StrCat("impossible de créer ", path, ": vérifiez le chemin, les droits et la place"),
               absl::StrCat("cannot make ", path, ": check the path, its permissions and the space")});
}

absl::Status SyncFolder(const std::string& path) {
  int fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  bool synced = fd >= 0 && fsync(fd) == 0;
  if (fd >= 0) close(fd);
  return synced ? absl::OkStatus() : CannotMake(path);
}

}  // namespace

absl::Status MakePrivateFolder(const std::string& path) {
  return mkdir(path.c_str(), 0700) == 0 ? absl::OkStatus() : CannotMake(path);
}

absl::StatusOr<NewFolder> NewFolder::Beside(const std::string& destination, RandomSource& random) {
  fs::path clean = fs::path(destination).lexically_normal();
  if (!clean.has_filename()) clean = clean.parent_path();  // "office/" is "office"
  std::error_code error;
  if (fs::exists(fs::symlink_status(clean, error)) &&
      !(fs::is_directory(clean, error) && fs::is_empty(clean, error))) {
    return Fail(
        absl::StatusCode::kAlreadyExists,
        {absl::StrCat(destination,
                      " existe déjà et n'est pas un dossier vide: donnez un autre chemin; rien n'a "
                      "été modifié"),
         absl::StrCat(destination,
                      " exists already and is not an empty folder: give another path; nothing was changed")});
  }
  std::array<uint8_t, 6> bytes;
  random.Fill(absl::MakeSpan(bytes));
  std::string suffix =
      absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  std::string path = absl::StrCat(clean.string(), ".new-", suffix);
  // People know the name that they gave and the folder around it, not the one beside.
  if (const fs::path parent = clean.has_parent_path() ? clean.parent_path() : fs::path(".");
      !fs::is_directory(parent, error)) {
    return Fail(absl::StatusCode::kNotFound,
                {absl::StrCat("le dossier ", parent.string(), " n'existe pas: créez-le d'abord (mkdir -p)"),
                 absl::StrCat("there is no folder ", parent.string(), ": make it first (mkdir -p)")});
  }
  if (destination.empty() || mkdir(path.c_str(), 0700) != 0) return CannotMake(destination);
  return NewFolder(clean.string(), std::move(path));
}

NewFolder::NewFolder(NewFolder&& other) noexcept
    : destination_(std::move(other.destination_)), path_(std::exchange(other.path_, "")) {}

NewFolder::~NewFolder() {
  std::error_code ignored;
  if (!path_.empty()) fs::remove_all(path_, ignored);
}

absl::Status NewFolder::MoveIntoPlace() {
  for (const char* below : {"", "/keys"}) {
    std::error_code error;
    if (fs::is_directory(path_ + below, error)) RETURN_IF_ERROR(SyncFolder(path_ + below));
  }
  if (std::rename(path_.c_str(), destination_.c_str()) != 0) return CannotMake(destination_);
  path_.clear();
  fs::path parent = fs::path(destination_).parent_path();
  return SyncFolder(parent.empty() ? "." : parent.string());
}

}  // namespace penc
