// A file's bytes in memory, handed out in small pieces so that every seam is walked.
#pragma once
#include <algorithm>
#include <string>
#include <vector>

#include "ingest/byte_source.h"
#include "ingest/csv_reader.h"
#include "ingest/text_reader.h"

namespace penc {

class MemoryFile final : public ByteSource {
 public:
  explicit MemoryFile(std::string bytes, size_t piece = 3) : bytes_(std::move(bytes)), piece_(piece) {}
  absl::StatusOr<size_t> Read(absl::Span<char> out) override {
    const size_t n = std::min({out.size(), piece_, bytes_.size() - at_});
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(at_), n, out.begin());
    at_ += n;
    return n;
  }

 private:
  std::string bytes_;
  size_t piece_, at_ = 0;
};

using CsvRows = std::vector<std::vector<std::string>>;

// All rows, the heading first.
inline absl::StatusOr<CsvRows> RowsOf(const std::string& bytes, const std::string& encoding = "",
                                      char delimiter = 0, char* used = nullptr) {
  MemoryFile file(bytes, bytes.size() < 1 << 16 ? 7 : 4093);
  absl::StatusOr<std::unique_ptr<TextReader>> text = ReadText(file, encoding);
  if (!text.ok()) return text.status();
  CsvRows rows;
  uint64_t last = 0;
  const absl::StatusOr<char> read =
      ReadCsv(**text, {delimiter, ""}, [&](uint64_t number, const std::vector<absl::string_view>& cells) {
        if (number <= last) return absl::InternalError("rows are not numbered in order");
        last = number;
        rows.emplace_back(cells.begin(), cells.end());
        return absl::OkStatus();
      });
  if (!read.ok()) return read.status();
  if (used != nullptr) *used = *read;
  return rows;
}

}  // namespace penc
