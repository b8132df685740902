#include "office/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <memory>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace penc {
namespace {

namespace fs = std::filesystem;

struct FreeWriter {
  void operator()(archive* a) const { archive_write_free(a); }
};
struct FreeReader {
  void operator()(archive* a) const { archive_read_free(a); }
};
struct FreeEntry {
  void operator()(archive_entry* e) const { archive_entry_free(e); }
};
using Writer = std::unique_ptr<archive, FreeWriter>;
using Reader = std::unique_ptr<archive, FreeReader>;
using Entry = std::unique_ptr<archive_entry, FreeEntry>;

// A descriptor that closes itself.
class File {
 public:
  explicit File(int fd) : fd_(fd) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (fd_ >= 0) close(fd_);
  }
  int fd() const { return fd_; }

 private:
  int fd_;
};

absl::Status CannotRead(const std::string& path) {
  return Fail(absl::StatusCode::kDataLoss,
              {absl::StrCat("lecture impossible: ", path, "; vérifiez le disque"),
               absl::StrCat("cannot read ", path, "; check the disk")});
}

absl::Status CannotWrite(const std::string& path) {
  return Fail(
      absl::StatusCode::kResourceExhausted,
      {absl::StrCat("écriture impossible: ", path,
                    "; libérez de la place ou choisissez un autre endroit; rien "
                    "n'est perdu"),
       absl::StrCat("cannot write ", path, "; free some space or choose another place; nothing is lost")});
}

absl::Status NotABackup(const std::string& file) {
  return Fail(absl::StatusCode::kInvalidArgument,
              {absl::StrCat(file, " n'est pas une sauvegarde de penc: donnez un fichier de penc backup"),
               absl::StrCat(file, " is not a backup made by penc: give a file from penc backup")});
}

absl::Status CutOff(const std::string& file) {
  return Fail(absl::StatusCode::kDataLoss,
              {absl::StrCat(file, " est incomplet ou abîmé: prenez une autre copie; rien n'a été restauré"),
               absl::StrCat(file, " is incomplete or damaged: take another copy; nothing was restored")});
}

absl::Status AddEntry(archive* out, const ArchiveItem& item) {
  struct stat found;
  if (lstat(item.path.c_str(), &found) != 0) return CannotRead(item.path);
  Entry entry(archive_entry_new());
  archive_entry_set_pathname(entry.get(), item.name.c_str());
  archive_entry_set_mtime(entry.get(), found.st_mtim.tv_sec, 0);
  if (S_ISDIR(found.st_mode)) {
    archive_entry_set_filetype(entry.get(), AE_IFDIR);
    archive_entry_set_perm(entry.get(), 0700);
    return archive_write_header(out, entry.get()) == ARCHIVE_OK ? absl::OkStatus() : CannotWrite(item.name);
  }
  if (!S_ISREG(found.st_mode)) return absl::OkStatus();  // sockets
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  archive_entry_set_perm(entry.get(), found.st_mode & 0600);
  archive_entry_set_size(entry.get(), found.st_size);
  if (archive_write_header(out, entry.get()) != ARCHIVE_OK) return CannotWrite(item.name);
  File in(open(item.path.c_str(), O_RDONLY | O_CLOEXEC));
  if (in.fd() < 0) return CannotRead(item.path);
  std::array<char, 64 << 10> buffer;
  for (ssize_t n; (n = read(in.fd(), buffer.data(), buffer.size())) != 0;) {
    if (n < 0) return CannotRead(item.path);
    if (archive_write_data(out, buffer.data(), static_cast<size_t>(n)) != n) return CannotWrite(item.name);
  }
  return absl::OkStatus();
}

absl::Status AddTree(archive* out, const ArchiveItem& item) {
  RETURN_IF_ERROR(AddEntry(out, item));
  std::error_code error;
  if (!fs::is_directory(item.path, error)) return absl::OkStatus();
  for (const fs::directory_entry& child : fs::directory_iterator(item.path, error)) {
    std::string name = child.path().filename().string();
    RETURN_IF_ERROR(AddTree(out, {child.path().string(), absl::StrCat(item.name, "/", name)}));
  }
  return error ? CannotRead(item.path) : absl::OkStatus();
}

absl::Status WriteAll(int fd, const std::string& file, const std::vector<ArchiveItem>& items) {
  Writer out(archive_write_new());
  archive_write_set_format_pax_restricted(out.get());
  if (archive_write_open_fd(out.get(), fd) != ARCHIVE_OK) return CannotWrite(file);
  for (const ArchiveItem& item : items) RETURN_IF_ERROR(AddTree(out.get(), item));
  if (archive_write_close(out.get()) != ARCHIVE_OK || fsync(fd) != 0) return CannotWrite(file);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<uint64_t> WriteArchive(const std::string& file, const std::vector<ArchiveItem>& items) {
  File out(open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (out.fd() < 0 && errno == EEXIST) {
    return Fail(absl::StatusCode::kAlreadyExists,
                {absl::StrCat(file, " existe déjà: donnez un autre nom; rien n'a été écrit"),
                 absl::StrCat(file, " exists already: give another name; nothing was written")});
  }
  if (out.fd() < 0) return CannotWrite(file);
  absl::Status written = WriteAll(out.fd(), file, items);
  if (!written.ok()) {
    unlink(file.c_str());
    return written;
  }
  struct stat found;
  fstat(out.fd(), &found);
  return static_cast<uint64_t>(found.st_size);
}

absl::Status ReadArchive(const std::string& file, const std::string& dir) {
  Reader in(archive_read_new());
  archive_read_support_format_tar(in.get());
  if (archive_read_open_filename(in.get(), file.c_str(), 64 << 10) != ARCHIVE_OK) {
    return access(file.c_str(), R_OK) == 0 ? NotABackup(file) : CannotRead(file);
  }
  Writer out(archive_write_disk_new());
  archive_write_disk_set_options(out.get(), ARCHIVE_EXTRACT_PERM | ARCHIVE_EXTRACT_SECURE_SYMLINKS |
                                                ARCHIVE_EXTRACT_SECURE_NODOTDOT |
                                                ARCHIVE_EXTRACT_NO_OVERWRITE);
  bool first = true;
  for (archive_entry* entry;; first = false) {
    int next = archive_read_next_header(in.get(), &entry);
    if (next == ARCHIVE_EOF) return first ? NotABackup(file) : absl::OkStatus();
    if (next != ARCHIVE_OK) return first ? NotABackup(file) : CutOff(file);
    std::string name = archive_entry_pathname(entry);
    auto type = archive_entry_filetype(entry);
    if ((type != AE_IFREG && type != AE_IFDIR) || name.empty() || name.front() == '/')
      return NotABackup(file);
    if (archive_entry_hardlink(entry) != nullptr) return NotABackup(file);
    archive_entry_set_pathname(entry, absl::StrCat(dir, "/", name).c_str());
    archive_entry_set_perm(entry, type == AE_IFDIR ? 0700 : 0600);
    if (archive_write_header(out.get(), entry) != ARCHIVE_OK) return CannotWrite(name);
    const void* block;
    size_t size;
    la_int64_t offset;
    int more;
    while ((more = archive_read_data_block(in.get(), &block, &size, &offset)) == ARCHIVE_OK) {
      if (archive_write_data_block(out.get(), block, size, offset) != ARCHIVE_OK) return CannotWrite(name);
    }
    if (more != ARCHIVE_EOF) return CutOff(file);
    if (archive_write_finish_entry(out.get()) != ARCHIVE_OK) return CannotWrite(name);
  }
}

}  // namespace penc
