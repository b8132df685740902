#include "ingest/byte_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace penc {
namespace {

class FileSource final : public ByteSource {
 public:
  // `size`: of the file as it lies on the disk; 0: a pipe.
  FileSource(std::string path, gzFile file, int64_t size) : path_(std::move(path)), file_(file), size_(size) {
    gzbuffer(file_, 1 << 18);
  }
  ~FileSource() override { gzclose(file_); }
  absl::StatusOr<size_t> Read(absl::Span<char> out) override {
    const int n = gzread(file_, out.data(), static_cast<unsigned>(std::min<size_t>(out.size(), 1 << 30)));
    int code = Z_OK;
    const char* why = gzerror(file_, &code);
    if (n < 0 || (n == 0 && code == Z_BUF_ERROR)) {
      return Fail(absl::StatusCode::kDataLoss, {absl::StrCat(path_, ": fichier tronqué ou abîmé (", why,
                                                             "); exportez-le de nouveau, rien n'est importé"),
                                                absl::StrCat(path_, ": truncated or damaged file (", why,
                                                             "); export it again, nothing was imported")});
    }
    if (size_ > 0) at_ = std::clamp<int64_t>(gzoffset(file_), 0, size_);
    return static_cast<size_t>(n);
  }
  absl::optional<uint32_t> ReadPpm() const override {
    if (size_ == 0) return absl::nullopt;
    return static_cast<uint32_t>(static_cast<__int128>(at_.load()) * 1000000 / size_);
  }

 private:
  std::string path_;
  gzFile file_;
  const int64_t size_;
  std::atomic<int64_t> at_{0};
};

}  // namespace

absl::StatusOr<absl::string_view> PeekedSource::Peek() {
  first_.resize(kPeeked);
  size_t have = 0;
  while (have < first_.size()) {
    ASSIGN_OR_RETURN(const size_t n, from_.Read(absl::MakeSpan(first_).subspan(have)));
    if (n == 0) break;
    have += n;
  }
  first_.resize(have);
  return absl::string_view(first_);
}

absl::StatusOr<size_t> PeekedSource::Read(absl::Span<char> out) {
  if (given_ == first_.size()) return from_.Read(out);
  const size_t n = std::min(out.size(), first_.size() - given_);
  std::memcpy(out.data(), first_.data() + given_, n);
  given_ += n;
  return n;
}

absl::StatusOr<std::unique_ptr<ByteSource>> OpenFile(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat info {};
  if (fd < 0 || ::fstat(fd, &info) != 0) {
    const int why = errno;
    if (fd >= 0) ::close(fd);
    if (why == EACCES)
      return Fail(absl::StatusCode::kPermissionDenied,
                  {absl::StrCat(path, ": accès refusé; vérifiez les droits de ce fichier"),
                   absl::StrCat(path, ": access denied; check the rights of this file")});
    if (why == ENOENT || why == ENOTDIR)
      return Fail(absl::StatusCode::kNotFound,
                  {absl::StrCat(path, ": fichier introuvable; vérifiez le chemin"),
                   absl::StrCat(path, ": no such file; check the path")});
    return Fail(absl::StatusCode::kNotFound,
                {absl::StrCat(path, ": impossible de lire ce fichier (", std::strerror(why), ")"),
                 absl::StrCat(path, ": cannot read this file (", std::strerror(why), ")")});
  }
  if (S_ISDIR(info.st_mode)) {
    ::close(fd);
    return Fail(absl::StatusCode::kInvalidArgument,
                {absl::StrCat(path, ": c'est un dossier; donnez un fichier CSV ou Excel"),
                 absl::StrCat(path, ": this is a folder; give a CSV or Excel file")});
  }
  gzFile file = gzdopen(fd, "rb");
  PENC_CHECK(file != nullptr);
  const int64_t size = S_ISREG(info.st_mode) ? info.st_size : 0;
  return std::unique_ptr<ByteSource>(std::make_unique<FileSource>(path, file, size));
}

absl::StatusOr<uint64_t> LengthOf(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode)) {
    return Fail(absl::StatusCode::kInvalidArgument,
                {absl::StrCat(path, ": donnez un fichier, pas un tube: il est lu deux fois"),
                 absl::StrCat(path, ": give a file, no pipe: it is read twice")});
  }
  ASSIGN_OR_RETURN(const std::unique_ptr<ByteSource> file, OpenFile(path));
  std::string piece(1 << 18, '\0');
  for (uint64_t length = 0;;) {
    ASSIGN_OR_RETURN(const size_t n, file->Read(absl::MakeSpan(piece)));
    if (n == 0) return length;
    length += n;
  }
}

absl::StatusOr<size_t> ChainedSource::Read(absl::Span<char> out) {
  if (!first_ended_) {
    ASSIGN_OR_RETURN(const size_t n, first_.Read(out));
    if (n > 0) return n;
    first_ended_ = true;
  }
  return second_.Read(out);
}

absl::StatusOr<size_t> BeginningOfSource::Read(absl::Span<char> out) {
  if (left_ == 0) return size_t{0};
  ASSIGN_OR_RETURN(const size_t n, from_.Read(out.first(std::min<uint64_t>(out.size(), left_))));
  left_ -= n;
  return n;
}

}  // namespace penc
