// The parts of a zip file that lies in memory: the shell of XLSX and ODS workbooks. Nothing is written to
// disk. Parts that swell like a zip bomb are refused while they are read.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ingest/byte_source.h"
#include "ingest/read_budget.h"

namespace penc {

// A file's bytes in pieces, so that its growth copies nothing.
class HeldFile {
 public:
  static constexpr size_t kMost = 128 << 20;
  // To the end of `source`. RESOURCE_EXHAUSTED: larger than kMost.
  static absl::StatusOr<HeldFile> Read(ByteSource& source);
  const std::vector<std::string>& pieces() const { return pieces_; }
  // Whether these bytes stand in it, across pieces too.
  bool Contains(absl::string_view bytes) const;

 private:
  std::vector<std::string> pieces_;
};

class ZipParts {
 public:
  // A part may swell to so many times its size once it is larger than kSmall, and to kLargest in all.
  static constexpr uint64_t kMostSwelling = 250, kSmall = 16 << 20, kLargest = uint64_t{4} << 30;
  static constexpr int64_t kMostParts = 10000;

  // `budget`: of all that is unpacked, not null. INVALID_ARGUMENT: no zip file, damaged, truncated, with a
  // password.
  static absl::StatusOr<std::unique_ptr<ZipParts>> Open(HeldFile file, std::shared_ptr<ReadBudget> budget);
  virtual ~ZipParts() = default;
  virtual std::vector<std::string> names() const = 0;
  // By name, whatever its case; null where there is none. The part is decompressed as it is read;
  // INVALID_ARGUMENT: damaged, or a bomb; as ReadBudget::Spend. The zip outlives it.
  virtual absl::StatusOr<std::unique_ptr<ByteSource>> Part(const std::string& name) = 0;
};

}  // namespace penc
