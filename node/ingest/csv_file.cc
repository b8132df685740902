#include "ingest/csv_file.h"

#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "ingest/csv_reader.h"
#include "ingest/text_reader.h"

namespace penc {
namespace {

class CsvFile final : public RowFile {
 public:
  CsvFile(std::unique_ptr<ByteSource> source, std::string likely_encoding)
      : source_(std::move(source)), likely_encoding_(std::move(likely_encoding)) {}
  const std::vector<Sheet>& sheets() const override { return sheets_; }
  std::string likely_encoding() const override { return likely_encoding_; }
  bool again() const override { return false; }

 protected:
  absl::Status EachRow(const SheetForm& form, FileHeading*, const OnFileRow& on_row) override {
    PENC_CHECK(!std::exchange(read_, true));
    ASSIGN_OR_RETURN(const std::unique_ptr<TextReader> text, ReadText(*source_, form.encoding));
    return ReadCsv(*text, {form.delimiter, kReasonColumn},
                   [&](uint64_t number, const std::vector<absl::string_view>& cells) {
                     return on_row({number, cells, {}});
                   })
        .status();
  }

 private:
  std::unique_ptr<ByteSource> source_;
  std::string likely_encoding_;
  std::vector<Sheet> sheets_{Sheet{}};
  bool read_ = false;
};

}  // namespace

std::unique_ptr<RowFile> OpenCsv(std::unique_ptr<ByteSource> source, absl::string_view first, bool whole) {
  return std::make_unique<CsvFile>(std::move(source), LikelyEncoding(first, whole));
}

}  // namespace penc
