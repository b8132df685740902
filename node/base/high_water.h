// A number that only rises and is remembered beside the data it speaks of: "at least this much is on the
// disk". Whoever opens the data and finds less knows that something was lost, also where what is left reads
// well.
//
// A file of two slots, written in turn, each in a page of its own: a pulled plug may tear the slot that was
// being written, never both. Raise does not wait for the disk, so after a power cut the mark may lag behind;
// it never runs ahead. Slot: 8 bytes magic, 8 bytes the value (little-endian), 8 bytes check. Thread-safe.
#pragma once
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "absl/status/statusor.h"

namespace penc {

class HighWater {
 public:
  // A file that does not exist is made with `first` in it, on the disk when this returns. DATA_LOSS where
  // neither slot can be read.
  static absl::StatusOr<std::unique_ptr<HighWater>> Open(const std::string& path, uint64_t first);
  ~HighWater();
  HighWater(const HighWater&) = delete;
  HighWater& operator=(const HighWater&) = delete;

  uint64_t value() const;

  // Remembers `value` if it is more than before. Call it only for what is on the disk already. A mark that
  // cannot be written stays lower, which loses only the warning.
  void Raise(uint64_t value);

  // The mark itself on the disk, as far as the disk lets it.
  void Sync();

 private:
  HighWater(int fd, uint64_t value, int next) : fd_(fd), value_(value), next_(next) {}

  const int fd_;
  mutable std::mutex mutex_;
  uint64_t value_;
  int next_;  // the slot to write: not the one that holds value_
  bool written_ = false;
};

}  // namespace penc
