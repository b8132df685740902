#include "ingest/row_cut.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "base/file.h"
#include "base/status.h"
#include "ingest/byte_source.h"
#include "ingest/heading_rows.h"
#include "ingest/xlsx/sheet_writer.h"
#include "ingest/xlsx/zip_parts.h"

namespace penc {
namespace {

// A file and what it is read from.
struct Opened {
  std::unique_ptr<ByteSource> source;
  std::unique_ptr<RowFile> file;
  SheetForm Form(size_t sheet) const {
    SheetForm form;
    form.encoding = file->likely_encoding();
    form.at = sheet;
    return form;
  }
};

absl::StatusOr<Opened> Open(const std::string& path) {
  Opened opened;
  ASSIGN_OR_RETURN(opened.source, OpenFile(path));
  ASSIGN_OR_RETURN(opened.file, OpenRowFile(*opened.source));
  return opened;
}

bool Blank(const FileRow& row) {
  return std::all_of(row.cells.begin(), row.cells.end(),
                     [](absl::string_view cell) { return absl::StripAsciiWhitespace(cell).empty(); });
}

void AppendCsv(absl::Span<const absl::string_view> cells, std::string& out) {
  bool first = true;
  for (const absl::string_view cell : cells) {
    if (!std::exchange(first, false)) out.push_back(';');
    out.push_back('"');
    for (char c : cell) {
      if (c == '"') out.push_back('"');
      out.push_back(c);
    }
    out.push_back('"');
  }
  out.push_back('\n');
}

absl::Status ChooseInSheet(const Opened& opened, size_t sheet, const RowTest& test, FileHeading& heading,
                           RowChoice& choice) {
  const SheetForm form = opened.Form(sheet);
  bool marked = false, any = false;
  const auto judge = [&](const FileHeading* of, const FileRow& row) {
    if (test(of, row)) {
      choice.rows[sheet].insert(row.number);
      ++choice.taken;
    } else {
      ++choice.kept;
    }
    return absl::OkStatus();
  };
  const OnHeading on_heading = [](const FileHeading&) { return absl::OkStatus(); };
  const OnFileRow below = [&](const FileRow& row) { return judge(&heading, row); };
  HeadingRows rows(form, heading, on_heading, below);
  RETURN_IF_ERROR(opened.file->ReadPlain(form, [&](const FileRow& row) {
    if (Blank(row)) return absl::OkStatus();
    if (!std::exchange(any, true)) marked = absl::StripAsciiWhitespace(row.cells[0]) == kReasonColumn;
    return marked ? rows.Add(row) : judge(nullptr, row);
  }));
  choice.sheets += any;
  return marked ? rows.Finish() : absl::OkStatus();
}

}  // namespace

absl::StatusOr<RowChoice> ChooseRows(const std::string& path, const RowTest& test) {
  ASSIGN_OR_RETURN(const Opened opened, Open(path));
  RowChoice choice;
  std::vector<FileHeading> headings(opened.file->sheets().size());
  for (size_t sheet = 0; sheet < headings.size(); ++sheet)
    RETURN_IF_ERROR(ChooseInSheet(opened, sheet, test, headings[sheet], choice));
  return choice;
}

absl::StatusOr<std::string> WithoutRows(const std::string& path, const RowChoice& choice) {
  ASSIGN_OR_RETURN(const Opened opened, Open(path));
  const auto others = [&](size_t sheet, const std::function<absl::Status(const FileRow&, uint64_t)>& with) {
    const auto found = choice.rows.find(sheet);
    uint64_t gone = 0;
    return opened.file->ReadPlain(opened.Form(sheet), [&](const FileRow& row) {
      if (found == choice.rows.end() || found->second.count(row.number) == 0)
        return with(row, row.number - gone);
      ++gone;
      return absl::OkStatus();
    });
  };
  if (!opened.file->again()) {
    std::string content = "\xEF\xBB\xBF";
    RETURN_IF_ERROR(others(0, [&](const FileRow& row, uint64_t) {
      AppendCsv(row.cells, content);
      return absl::OkStatus();
    }));
    return content;
  }
  const std::vector<Sheet>& sheets = opened.file->sheets();
  SheetWriter writer(path + ".cut", sheets[0].name, sheets[0].hidden);
  for (size_t sheet = 0; sheet < sheets.size(); ++sheet) {
    if (sheet > 0) writer.NextSheet(sheets[sheet].name, sheets[sheet].hidden);
    RETURN_IF_ERROR(others(sheet, [&](const FileRow& row, uint64_t number) {
      writer.SkipTo(number);
      return writer.Row(row.cells, row.kinds);
    }));
  }
  RETURN_IF_ERROR(writer.Close());
  return ReadFile(writer.temporary(), HeldFile::kMost);
}

}  // namespace penc
