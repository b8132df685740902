// Bytes of a file on their way in, front to back, once: files, pipes, uploads. A file is never held whole.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"

namespace penc {

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // Up to out.size() bytes; 0 at the end. Not thread-safe.
  virtual absl::StatusOr<size_t> Read(absl::Span<char> out) = 0;
  // How much of it was read, in parts per million; nothing where its length is not known (pipes). From any
  // thread.
  virtual absl::optional<uint32_t> ReadPpm() const { return absl::nullopt; }
};

// A source whose first bytes can be looked at before they are read.
class PeekedSource final : public ByteSource {
 public:
  static constexpr size_t kPeeked = 256 << 10;
  // `from` outlives this.
  explicit PeekedSource(ByteSource& from) : from_(from) {}
  // kPeeked bytes, fewer only where the source ends before; once, before anything is read.
  absl::StatusOr<absl::string_view> Peek();
  absl::StatusOr<size_t> Read(absl::Span<char> out) override;

 private:
  ByteSource& from_;
  std::string first_;
  size_t given_ = 0;
};

// A file or a pipe; gzip is recognised by its content. NOT_FOUND; DATA_LOSS where a compressed file ends
// early.
absl::StatusOr<std::unique_ptr<ByteSource>> OpenFile(const std::string& path);

// How many bytes OpenFile gives of a file: read once to know it. INVALID_ARGUMENT for a pipe, which cannot be
// read twice.
absl::StatusOr<uint64_t> LengthOf(const std::string& path);

// One source behind another. Both outlive this.
class ChainedSource final : public ByteSource {
 public:
  ChainedSource(ByteSource& first, ByteSource& second) : first_(first), second_(second) {}
  absl::StatusOr<size_t> Read(absl::Span<char> out) override;
  absl::optional<uint32_t> ReadPpm() const override { return second_.ReadPpm(); }

 private:
  ByteSource &first_, &second_;
  bool first_ended_ = false;
};

// The first bytes of a source as a file of its own; the source then stands behind them.
class BeginningOfSource final : public ByteSource {
 public:
  // `from` outlives this.
  BeginningOfSource(ByteSource& from, uint64_t bytes) : from_(from), left_(bytes) {}
  absl::StatusOr<size_t> Read(absl::Span<char> out) override;
  // False: the source ended before.
  bool whole() const { return left_ == 0; }

 private:
  ByteSource& from_;
  uint64_t left_;
};

}  // namespace penc
