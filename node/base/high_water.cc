#include "base/high_water.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "base/file.h"
#include "base/status.h"

namespace penc {
namespace {

constexpr char kMagic[] = "penc hw1";
constexpr size_t kWord = 8;
constexpr size_t kSlotBytes = 3 * kWord;
constexpr off_t kSlotAt[] = {0, 4096};

// One to one, and each bit of the result hangs on all of `x`: no flipped byte of a slot goes unnoticed.
// (Steele, Lea, Flood: Fast splittable pseudorandom number generators, the finalizer.)
uint64_t Check(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

void PutWord(uint64_t value, std::string& out) {
  for (size_t i = 0; i < kWord; ++i) out.push_back(static_cast<char>(value >> (8 * i) & 0xff));
}

uint64_t WordAt(absl::string_view bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < kWord; ++i)
    value |= static_cast<uint64_t>(static_cast<uint8_t>(bytes[i])) << (8 * i);
  return value;
}

std::string Encode(uint64_t value) {
  std::string slot(kMagic, kWord);
  PutWord(value, slot);
  PutWord(Check(value), slot);
  return slot;
}

absl::optional<uint64_t> Read(int fd, off_t at) {
  char bytes[kSlotBytes];
  if (::pread(fd, bytes, sizeof(bytes), at) != static_cast<ssize_t>(sizeof(bytes))) return absl::nullopt;
  const absl::string_view slot(bytes, sizeof(bytes));
  const uint64_t value = WordAt(slot.substr(kWord));
  if (slot != Encode(value)) return absl::nullopt;
  return value;
}

}  // namespace

absl::StatusOr<std::unique_ptr<HighWater>> HighWater::Open(const std::string& path, uint64_t first) {
  if (!FileExists(path)) {
    std::string both = Encode(first);
    both.resize(kSlotAt[1], 0);
    RETURN_IF_ERROR(WriteFileAtomically(path, both + Encode(first), 0600));
  }
  const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) {
    return Fail(absl::StatusCode::kPermissionDenied,
                {absl::StrCat(path, ": ", std::strerror(errno), "; vérifiez les droits de ce fichier"),
                 absl::StrCat(path, ": ", std::strerror(errno), "; check the rights of this file")});
  }
  const absl::optional<uint64_t> slots[] = {Read(fd, kSlotAt[0]), Read(fd, kSlotAt[1])};
  if (!slots[0] && !slots[1]) {
    ::close(fd);
    return Fail(absl::StatusCode::kDataLoss,
                {absl::StrCat(path, ": abîmé; restaurez une sauvegarde (penc restore)"),
                 absl::StrCat(path, ": damaged; restore a backup (penc restore)")});
  }
  const int highest = !slots[0] || (slots[1] && *slots[1] > *slots[0]) ? 1 : 0;
  return std::unique_ptr<HighWater>(new HighWater(fd, *slots[highest], 1 - highest));
}

HighWater::~HighWater() { ::close(fd_); }

uint64_t HighWater::value() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return value_;
}

void HighWater::Raise(uint64_t value) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (value <= value_) return;
  const std::string slot = Encode(value);
  if (::pwrite(fd_, slot.data(), slot.size(), kSlotAt[next_]) != static_cast<ssize_t>(slot.size())) return;
  value_ = value;
  next_ = 1 - next_;
  written_ = true;
}

void HighWater::Sync() {
  std::lock_guard<std::mutex> lock(mutex_);
  if (written_ && ::fdatasync(fd_) == 0) written_ = false;
}

}  // namespace penc
