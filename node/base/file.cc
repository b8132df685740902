#include "base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "base/sync_folder.h"

namespace penc {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

absl::Status SystemError(const std::string& path, int error) {
  switch (error) {
    case ENOTDIR:
      return Fail(absl::StatusCode::kNotFound,
                  {absl::StrCat(path, ": ce chemin passe par un fichier comme par un dossier; vérifiez-le"),
                   absl::StrCat(path, ": this path goes through a file as if it were a folder; check it")});
    case ENOENT:
      return Fail(absl::StatusCode::kNotFound,
                  {absl::StrCat(path, ": fichier introuvable; vérifiez le chemin"),
                   absl::StrCat(path, ": no such file; check the path")});
    case ENOSPC:
    case EDQUOT:
      return Fail(absl::StatusCode::kResourceExhausted,
                  {absl::StrCat(path, ": disque plein; libérez de la place et recommencez, rien n'est perdu"),
                   absl::StrCat(path, ": disk full; free some space and try again, nothing is lost")});
    case EROFS:
      return Fail(absl::StatusCode::kPermissionDenied,
                  {absl::StrCat(path, ": ce disque est en lecture seule; choisissez un autre endroit"),
                   absl::StrCat(path, ": this disk is read-only; choose another place")});
    case EACCES:
    case EPERM:
      return Fail(absl::StatusCode::kPermissionDenied,
                  {absl::StrCat(path, ": accès refusé; vérifiez les droits de ce fichier"),
                   absl::StrCat(path, ": permission denied; check the rights of this file")});
    case EISDIR:
      return Fail(absl::StatusCode::kInvalidArgument,
                  {absl::StrCat(path, ": c'est un dossier; donnez un fichier"),
                   absl::StrCat(path, ": this is a folder; give a file")});
    default:
      return Fail(absl::StatusCode::kInternal,
                  {absl::StrCat(path, ": le système refuse (", std::strerror(error), "); vérifiez le disque"),
                   absl::StrCat(path, ": the system refuses (", std::strerror(error), "); check the disk")});
  }
}

absl::Status WriteAll(int fd, absl::string_view content, const std::string& path) {
  while (!content.empty()) {
    ssize_t n = ::write(fd, content.data(), content.size());
    if (n < 0) {
      if (errno == EINTR) continue;
      return SystemError(path, errno);
    }
    content.remove_prefix(n);
  }
  if (::fsync(fd) != 0) return SystemError(path, errno);
  return absl::OkStatus();
}

std::string FolderOf(const std::string& path) {
  size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

absl::Status SyncFolderOf(const std::string& path) {
  Descriptor folder(::open(FolderOf(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0 || ::fsync(folder.get()) != 0) return SystemError(path, errno);
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadFile(const std::string& path, size_t limit_bytes) {
  Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) return SystemError(path, errno);
  std::string content;
  char buffer[65536];
  for (;;) {
    ssize_t n = ::read(fd.get(), buffer, sizeof(buffer));
    if (n == 0) return content;
    if (n < 0) {
      if (errno == EINTR) continue;
      return SystemError(path, errno);
    }
    if (content.size() + n > limit_bytes) {
      return Fail(absl::StatusCode::kOutOfRange,
                  {absl::StrCat(path, ": plus de ", limit_bytes, " octets; ce n'est pas le fichier attendu"),
                   absl::StrCat(path, ": more than ", limit_bytes, " bytes; this is not the expected file")});
    }
    content.append(buffer, n);
  }
}

absl::Status WriteFileAtomically(const std::string& path, absl::string_view content, int mode) {
  const std::string temporary = path + ".tmp";
  {
    Descriptor fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode));
    // People know the file that they get, not the one beside.
    if (fd.get() < 0) return SystemError(path, errno);
    if (::fchmod(fd.get(), mode) != 0) return SystemError(path, errno);
    if (absl::Status status = WriteAll(fd.get(), content, path); !status.ok()) {
      ::unlink(temporary.c_str());
      return status;
    }
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) return SystemError(path, errno);
  return SyncFolderOf(path);
}

absl::Status DestroyFile(const std::string& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) return errno == ENOENT ? absl::OkStatus() : SystemError(path, errno);
  // Not renamed over: the old bytes themselves are written over. Where the name is one of two for the same
  // file, the other one still needs them.
  absl::Status overwritten;
  if (S_ISREG(info.st_mode) && info.st_nlink == 1) {
    Descriptor fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    overwritten =
        fd.get() < 0 ? SystemError(path, errno) : WriteAll(fd.get(), std::string(info.st_size, '\0'), path);
  }
  if (::unlink(path.c_str()) != 0) return SystemError(path, errno);
  RETURN_IF_ERROR(SyncFolderOf(path));
  return overwritten;
}

absl::Status ReplaceFileAndDestroyOld(const std::string& path, absl::string_view content, int mode) {
  const std::string old = path + ".old";
  // A crash may have left the name of a file before: never the only name of the one in use.
  RETURN_IF_ERROR(DestroyFile(old));
  // Some file systems have no second names: the old bytes are then only let go.
  const bool held = ::link(path.c_str(), old.c_str()) == 0;
  RETURN_IF_ERROR(WriteFileAtomically(path, content, mode));
  return held ? DestroyFile(old) : absl::OkStatus();
}

bool FileExists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

}  // namespace penc
