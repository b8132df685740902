// Files into a real store, and what was set aside back again as a person brings it.
#pragma once
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/file.h"
#include "ingest/importer.h"
#include "ingest/xlsx/sheet_writer.h"
#include "tests/support/small_store.h"
#include "tests/unit/ingest/read_rows.h"

namespace penc {

class Importing : public SmallStore {
 protected:
  Importing() {
    Open();
    std::filesystem::create_directory(waiting_);
  }
  ~Importing() override { std::filesystem::remove_all(waiting_); }

  absl::StatusOr<ImportReport> Import(const std::string& bytes, const std::string& name = "file.csv",
                                      bool replace = false, bool dry_run = false,
                                      const Mapping* mapping = nullptr, const char* table = "move") {
    ImportOptions options;
    options.file_name = name;
    options.mapping = mapping;
    options.replace = replace;
    options.dry_run = dry_run;
    return Import(bytes, std::move(options), table);
  }
  absl::StatusOr<ImportReport> Import(const std::string& bytes, ImportOptions options, const char* table) {
    MemoryFile file(bytes, bytes.size() < 1 << 12 ? 11 : 40009);
    NoSteps steps;
    options.table = *codebook_.FindTable(table);
    options.now = clock_.Now();
    options.quarantine_file = quarantine_;
    return ImportFile(file, codebook_, *store_, key_, steps, options);
  }
  static std::string WhyNot(const absl::StatusOr<ImportReport>& report) {
    return report.ok() ? "imported all the same" : Explain(report.status()).en;
  }

  // A quarantine file's rows, the heading first.
  static CsvRows Kept(const std::string& path) {
    const AllRows read = ReadAll(ReadFile(path).value());
    EXPECT_TRUE(read.status.ok()) << read.status;
    CsvRows rows = {read.heading.names};
    rows.insert(rows.end(), read.rows.begin(), read.rows.end());
    return rows;
  }

  // The file as somebody saves it from Excel who has changed some cells.
  std::string Corrected(const std::string& path, const std::map<std::string, std::string>& cells) const {
    AllRows read = ReadAll(ReadFile(path).value());
    EXPECT_TRUE(read.status.ok()) << read.status;
    const std::string saved = waiting_ + "/saved.xlsx";
    SheetWriter writer(saved, "Feuil1");
    writer.Heading(read.heading.names);
    int changed = 0;
    for (size_t r = 0; r < read.rows.size(); ++r) {
      for (std::string& cell : read.rows[r]) {
        const auto found = cells.find(cell);
        if (found == cells.end()) continue;
        cell = found->second;
        ++changed;
      }
      const std::vector<absl::string_view> views(read.rows[r].begin(), read.rows[r].end());
      EXPECT_TRUE(writer.Row(views, read.kinds[r]).ok());
    }
    EXPECT_GT(changed, 0);
    EXPECT_TRUE(writer.Close().ok() && writer.Keep().ok());
    std::string bytes = ReadFile(saved).value();
    std::filesystem::remove(saved);
    return bytes;
  }

  // As CSV, as some programs save it.
  static std::string AsCsv(const std::string& workbook, char delimiter) {
    const AllRows read = ReadAll(workbook);
    EXPECT_TRUE(read.status.ok()) << read.status;
    CsvRows rows = {read.heading.names};
    rows.insert(rows.end(), read.rows.begin(), read.rows.end());
    std::string out;
    for (const std::vector<std::string>& row : rows) {
      for (size_t i = 0; i < row.size(); ++i)
        absl::StrAppend(&out, i == 0 ? "" : std::string(1, delimiter), "\"",
                        absl::StrReplaceAll(row[i], {{"\"", "\"\""}}), "\"");
      out += "\r\n";
    }
    return out;
  }

  const std::string waiting_ = folder_ + ".waiting", quarantine_ = waiting_ + "/file.xlsx";
};

}  // namespace penc
