#include "ingest/csv_file.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "base/status.h"
#include "ingest/csv_reader.h"
#include "ingest/text_reader.h"

namespace penc {
namespace {

class CsvFile final : public RowFile {
 public:
  CsvFile(std::unique_ptr<ByteSource> source, std::string likely_encoding, bool judged)
      : source_(std::move(source)), likely_encoding_(std::move(likely_encoding)), judged_(judged) {}
  const std::vector<Sheet>& sheets() const override { return sheets_; }
  std::string likely_encoding() const override { return likely_encoding_; }
  bool again() const override { return false; }

 protected:
  absl::Status EachRow(const SheetForm& form, FileHeading*, const OnFileRow& on_row) override {
    PENC_CHECK(!std::exchange(read_, true));
    ASSIGN_OR_RETURN(const std::unique_ptr<TextReader> text,
                     ReadText(*source_, judged_ ? likely_encoding_ : form.encoding));
    return ReadCsv(*text, {form.delimiter, kReasonColumn},
                   [&](uint64_t number, const std::vector<absl::string_view>& cells) {
                     return on_row({number, cells, {}});
                   })
        .status();
  }

 private:
  std::unique_ptr<ByteSource> source_;
  std::string likely_encoding_;
  const bool judged_;  // likely is what it is, whatever the mapping says of other files
  std::vector<Sheet> sheets_{Sheet{}};
  bool read_ = false;
};

// Rows set aside that somebody saved as CSV: in whichever encoding their spreadsheet has.
bool IsSetAside(absl::string_view first) {
  absl::ConsumePrefix(&first, "\xEF\xBB\xBF");
  if (absl::StartsWithIgnoreCase(first, "sep="))
    first.remove_prefix(std::min(first.size(), first.find('\n') + 1));
  absl::ConsumePrefix(&first, "\"");
  return absl::StartsWith(first, kReasonColumn);
}

bool IsAscii(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 128; });
}

}  // namespace

std::unique_ptr<RowFile> OpenCsv(std::unique_ptr<ByteSource> source, absl::string_view first, bool whole) {
  return std::make_unique<CsvFile>(std::move(source), LikelyEncoding(first, whole),
                                   IsSetAside(first) && !IsAscii(first));
}

}  // namespace penc
