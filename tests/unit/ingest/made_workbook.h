// Workbooks part by part, as no spreadsheet would write them too: the XML of a sheet's rows is the test's
// own.
#pragma once
#include <zip.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace penc {

// A zip of these parts.
inline std::string Zipped(const std::vector<std::pair<std::string, std::string>>& parts) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* out = zip_source_buffer_create(nullptr, 0, 0, &error);
  zip_source_keep(out);
  zip_t* zip = zip_open_from_source(out, ZIP_TRUNCATE, &error);
  for (const auto& [name, bytes] : parts) {
    zip_source_t* part = zip_source_buffer(zip, bytes.data(), bytes.size(), 0);
    zip_file_add(zip, name.c_str(), part, ZIP_FL_ENC_UTF_8);
  }
  zip_close(zip);
  zip_source_open(out);
  zip_source_seek(out, 0, SEEK_END);
  std::string bytes(static_cast<size_t>(zip_source_tell(out)), '\0');
  zip_source_seek(out, 0, SEEK_SET);
  zip_source_read(out, bytes.data(), bytes.size());
  zip_source_close(out);
  zip_source_free(out);
  zip_error_fini(&error);
  return bytes;
}

struct MadeSheet {
  std::string name;
  std::string rows;  // what stands in <sheetData>
  std::string state = "visible";
  std::string after;  // what follows it: merged cells
};

struct MadeWorkbook {
  std::vector<MadeSheet> sheets;
  std::string shared;   // <si> elements
  std::string formats;  // <numFmt> elements; cell formats 1, 2, ... use them in order of `uses`
  std::vector<int> uses;
  bool from_1904 = false;

  std::vector<std::pair<std::string, std::string>> Parts() const {
    const std::string head = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";
    const std::string space = " xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"";
    const std::string office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    std::string book, relations, styles = "<xf numFmtId=\"0\"/>";
    std::vector<std::pair<std::string, std::string>> parts;
    for (size_t i = 0; i < sheets.size(); ++i) {
      absl::StrAppend(&book, "<sheet name=\"", sheets[i].name, "\" sheetId=\"", i + 1, "\" state=\"",
                      sheets[i].state, "\" r:id=\"rId", i + 1, "\"/>");
      absl::StrAppend(&relations, "<Relationship Id=\"rId", i + 1, "\" Type=\"", office,
                      "/worksheet\" Target=\"worksheets/sheet", i + 1, ".xml\"/>");
      parts.emplace_back(absl::StrCat("xl/worksheets/sheet", i + 1, ".xml"),
                         absl::StrCat(head, "<worksheet", space, "><sheetData>", sheets[i].rows,
                                      "</sheetData>", sheets[i].after, "</worksheet>"));
    }
    for (const int format : uses) absl::StrAppend(&styles, "<xf numFmtId=\"", format, "\"/>");
    absl::StrAppend(&relations, "<Relationship Id=\"s\" Type=\"", office,
                    "/styles\" Target=\"styles.xml\"/>");
    absl::StrAppend(&relations, "<Relationship Id=\"t\" Type=\"", office,
                    "/sharedStrings\" Target=\"/xl/sharedStrings.xml\"/>");
    parts.emplace_back("[Content_Types].xml", head + "<Types/>");
    parts.emplace_back("_rels/.rels",
                       absl::StrCat(head, "<Relationships><Relationship Id=\"r\" Type=\"", office,
                                    "/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"));
    parts.emplace_back("xl/workbook.xml", absl::StrCat(head, "<workbook", space, " xmlns:r=\"", office,
                                                       "\"><workbookPr date1904=\"", from_1904 ? "1" : "0",
                                                       "\"/><sheets>", book, "</sheets></workbook>"));
    parts.emplace_back("xl/_rels/workbook.xml.rels",
                       absl::StrCat(head, "<Relationships>", relations, "</Relationships>"));
    parts.emplace_back("xl/styles.xml",
                       absl::StrCat(head, "<styleSheet", space, "><numFmts>", formats,
                                    "</numFmts><cellStyleXfs><xf numFmtId=\"14\"/></cellStyleXfs><cellXfs>",
                                    styles, "</cellXfs></styleSheet>"));
    parts.emplace_back("xl/sharedStrings.xml", absl::StrCat(head, "<sst", space, ">", shared, "</sst>"));
    return parts;
  }
  std::string Bytes() const { return Zipped(Parts()); }
};

// A row of inline texts; empty ones are left out.
inline std::string TextRow(int number, const std::vector<std::string>& cells) {
  std::string row = absl::StrCat("<row r=\"", number, "\">");
  for (size_t i = 0; i < cells.size(); ++i) {
    if (cells[i].empty()) continue;
    absl::StrAppend(&row, "<c r=\"", std::string(1, static_cast<char>('A' + i)), number,
                    "\" t=\"inlineStr\"><is><t>", cells[i], "</t></is></c>");
  }
  return row + "</row>";
}

}  // namespace penc
