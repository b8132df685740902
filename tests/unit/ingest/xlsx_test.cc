// Workbooks: what cells mean, which sheet is read, and workbooks that are damaged, hostile or something else.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <random>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/status.h"
#include "ingest/read_budget.h"
#include "ingest/row_file.h"
#include "ingest/xlsx/serial_date.h"
#include "ingest/xlsx/workbook.h"
#include "tests/unit/ingest/made_workbook.h"
#include "tests/unit/ingest/read_rows.h"

namespace penc {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::string OneSheet(const std::string& rows, const std::string& after = "") {
  MadeWorkbook book;
  book.sheets = {{"Feuil1", rows, "visible", after}};
  return book.Bytes();
}

TEST(Workbooks, CellsArriveAsTheyAreMeant) {
  MadeWorkbook book;
  book.shared =
      "<si><t>nom</t></si><si><r><t>deux </t></r><r><rPr/><t>mots</t></r><rPh><t>aide</t></rPh></si>"
      "<si><t>ligne_x000D_\n2 _x005F_x000D_</t></si>";
  book.formats = "<numFmt numFmtId=\"164\" formatCode=\"dd/mm/yyyy\"/>";
  book.uses = {164, 22};
  book.sheets = {
      {"Feuil1", TextRow(1, {"a", "b", "c", "d", "e", "f", "g", "h"}) +
                     "<row r=\"3\"><c r=\"A3\" t=\"s\"><v>1</v></c><c r=\"B3\" t=\"s\"><v>2</v></c>"
                     "<c r=\"C3\"><v>0.30000000000000004</v></c><c r=\"D3\" s=\"1\"><v>45352</v></c>"
                     "<c r=\"E3\" s=\"2\"><v>45352.5</v></c><c r=\"F3\" t=\"b\"><v>1</v></c>"
                     "<c r=\"G3\" t=\"e\"><f>A1/0</f><v>#DIV/0!</v></c><c r=\"H3\"><f>SUM(A1)</f></c></row>"
                     "<row r=\"4\"><c r=\"B4\" t=\"str\"><f>\"x\"</f><v>calculé</v></c>"
                     "<c r=\"C4\"><f>1+1</f><v>2</v></c></row>"}};
  const AllRows read = ReadAll(book.Bytes());
  ASSERT_TRUE(read.status.ok()) << read.status;
  EXPECT_EQ(read.heading.sheet, "Feuil1");
  EXPECT_THAT(read.numbers, ElementsAre(3, 4));
  EXPECT_THAT(read.rows[0], ElementsAre("deux mots", "ligne\r\n2 _x000D_", "0.3", "2024-03-01",
                                        "2024-03-01T12:00:00", "TRUE", "#DIV/0!", ""));
  EXPECT_THAT(read.kinds[0],
              ElementsAre(CellKind::kText, CellKind::kText, CellKind::kNumber, CellKind::kDate,
                          CellKind::kDate, CellKind::kText, CellKind::kError, CellKind::kUncomputed));
  EXPECT_THAT(read.rows[1], ElementsAre("", "calculé", "2", "", "", "", "", ""));
}

TEST(Workbooks, DatesCountFromBothEpochsAndNoDayThatNeverWas) {
  EXPECT_EQ(TextOfSerial(1, false), "1900-01-01");
  EXPECT_EQ(TextOfSerial(59, false), "1900-02-28");
  EXPECT_EQ(TextOfSerial(60, false), absl::nullopt) << "29 February 1900";
  EXPECT_EQ(TextOfSerial(61, false), "1900-03-01");
  EXPECT_EQ(TextOfSerial(43890.999999, false), "2020-03-01") << "to the nearest second";
  EXPECT_EQ(TextOfSerial(0, true), "1904-01-01");
  EXPECT_EQ(TextOfSerial(43890 - 1462, true), TextOfSerial(43890, false));
  EXPECT_EQ(TextOfSerial(0.25, false), "06:00:00");
  EXPECT_EQ(TextOfSerial(2958466, false), absl::nullopt);
  EXPECT_EQ(TextOfSerial(-1, false), absl::nullopt);
  MadeWorkbook book;
  book.from_1904 = true;
  book.uses = {14};
  book.sheets = {{"f", TextRow(1, {"jour"}) + "<row r=\"2\"><c r=\"A2\" s=\"1\"><v>42428</v></c></row>"}};
  const AllRows read = ReadAll(book.Bytes());
  EXPECT_THAT(read.rows, ElementsAre(ElementsAre("2020-02-29")));
  EXPECT_TRUE(read.heading.serials_from_1904);
}

TEST(Workbooks, NumberFormatsSayWhatIsADate) {
  for (const char* date : {"dd/mm/yyyy", "[$-40C]d mmmm yyyy;@", "yyyy\\-mm\\-dd", "m/d/yy h:mm",
                           "[Red]dd/mm", "mm:ss.0", "DD.MM.YYYY"})
    EXPECT_EQ(MeaningOfFormat(date), FormatMeans::kDate) << date;
  for (const char* number : {"General", "Standard", "0.00", "#,##0\\ \"jours\"", "0\\ d", "[h]:mm:ss", "@",
                             "\"d\"0", "_-* #,##0", "\"open", "[open"})
    EXPECT_EQ(MeaningOfFormat(number), FormatMeans::kNumber) << number;
  EXPECT_EQ(MeaningOfFormat(14u), FormatMeans::kDate);
  EXPECT_EQ(MeaningOfFormat(46u), FormatMeans::kNumber) << "a duration";
}

TEST(Workbooks, MergedCellsCountForEachRowThatTheyCover) {
  const AllRows read =
      ReadAll(OneSheet(TextRow(1, {"ref", "pays"}) + TextRow(2, {"p1", "ML"}) + TextRow(3, {"p1", ""}) +
                           TextRow(4, {"", "SN"}) + TextRow(5, {"p2", ""}),
                       "<mergeCells><mergeCell ref=\"B2:B3\"/><mergeCell ref=\"A3:A4\"/>"
                       "<mergeCell ref=\"A1:B1\"/></mergeCells>"));
  ASSERT_TRUE(read.status.ok()) << read.status;
  EXPECT_THAT(read.rows, ElementsAre(ElementsAre("p1", "ML"), ElementsAre("p1", "ML"),
                                     ElementsAre("p1", "SN"), ElementsAre("p2", "")));
}

TEST(Workbooks, TheOnlySheetWithRowsIsReadAndSeveralAreAskedAbout) {
  MadeWorkbook book;
  const std::string rows = TextRow(1, {"a"}) + TextRow(2, {"1"});
  book.sheets = {
      {"vide", "<row r=\"1\"><c r=\"A1\" s=\"0\"/></row>"}, {"cachée", rows, "hidden"}, {"membres", rows}};
  EXPECT_EQ(ReadAll(book.Bytes()).heading.sheet, "membres");
  EXPECT_EQ(ReadAll(book.Bytes(), {.sheet = "cachée"}).heading.sheet, "cachée");
  book.sheets.push_back({"menages", rows});
  EXPECT_THAT(ReadAll(book.Bytes()).why(),
              AllOf(HasSubstr("membres, menages"), HasSubstr("--sheet"), Not(HasSubstr("vide"))));
  EXPECT_EQ(ReadAll(book.Bytes(), {.sheet = "MEMBRES"}).heading.sheet, "membres");
  EXPECT_THAT(ReadAll(book.Bytes(), {.sheet = "autre"}).why(),
              AllOf(HasSubstr("no sheet \"autre\""), HasSubstr("menages")));
  EXPECT_THAT(ReadAll(book.Bytes(), {.sheet = "vide"}).why(), HasSubstr("empty"));
}

TEST(Workbooks, ASheetIsFoundByALongerNameThanExcelKeeps) {
  MadeWorkbook book;
  const std::string rows = TextRow(1, {"a"}) + TextRow(2, {"1"});
  book.sheets = {{"enquete_sur_les_retours_forces_", rows}, {"autre", rows}};
  EXPECT_EQ(ReadAll(book.Bytes(), {.sheet = "enquete_sur_les_retours_forces_2024"}).heading.sheet,
            "enquete_sur_les_retours_forces_");
}

TEST(Workbooks, ArabicHeadingsAreNamesLikeOthers) {
  const AllRows read = ReadAll(OneSheet(TextRow(1, {"الجنس", "البلد "}) + TextRow(2, {"أنثى", "مالي"})));
  ASSERT_TRUE(read.status.ok()) << read.status;
  EXPECT_EQ(read.heading.Find("الجنس"), 0u);
  EXPECT_EQ(read.heading.Find("البلد"), 1u);
}

TEST(Workbooks, TheContentDecidesNotTheName) {
  const std::string ole = "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1" + std::string(600, '\0');
  const auto utf16 = [](absl::string_view name) {
    std::string out;
    for (char c : name) out.append({c, '\0'});
    return out;
  };
  const std::pair<std::string, std::string> cases[] = {
      {ole + utf16("Workbook"), "old Excel workbook (.xls)"},
      {ole + utf16("EncryptedPackage"), "with a password"},
      {ole + utf16("WordDocument"), "a Word document"},
      {Zipped({{"donnees.csv", "a,b\n1,2\n"}}), "extract \"donnees.csv\""},
      {Zipped({{"mimetype", "application/vnd.oasis.opendocument.spreadsheet"}, {"content.xml", "<x/>"}}),
       "OpenDocument"},
      {Zipped({{"xl/workbook.bin", "x"}}), ".xlsb"},
      {Zipped({{"photo.jpg", "x"}}), "no Excel workbook"},
      {"<html><table><tr><td>a</td></tr></table></html>", "a web page"},
      {"\xEF\xBB\xBF\n<?xml version=\"1.0\"?><Workbook/>", "a web page or XML"},
      {"%PDF-1.4", "a PDF"},
      {"PK\x03\x04 torn", "damaged or truncated"},
  };
  for (const auto& [bytes, says] : cases) EXPECT_THAT(ReadAll(bytes).why(), HasSubstr(says));
}

TEST(Workbooks, HostileXmlIsRefusedByName) {
  MadeWorkbook book;
  book.sheets = {{"f", TextRow(1, {"a"})}};
  auto parts = book.Parts();
  const auto with = [&](absl::string_view part, const std::string& xml) {
    auto changed = parts;
    for (auto& [name, bytes] : changed) {
      if (name == part) bytes = xml;
    }
    return ReadAll(Zipped(changed)).why();
  };
  EXPECT_THAT(
      with("xl/sharedStrings.xml",
           "<!DOCTYPE sst [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><sst><si><t>&e;</t></si></sst>"),
      HasSubstr("declares XML entities"));
  EXPECT_THAT(
      with("xl/worksheets/sheet1.xml", absl::StrCat("<worksheet>", std::string(400, '\n'),
                                                    "<!DOCTYPE x [<!ENTITY a \"aaaa\">]></worksheet>")),
      HasSubstr("unreadable content"));
  std::string deep = "<worksheet>";
  for (int i = 0; i < 100; ++i) deep += "<x>";
  EXPECT_THAT(with("xl/worksheets/sheet1.xml", deep), HasSubstr("nested without end"));
  EXPECT_THAT(with("xl/worksheets/sheet1.xml", absl::StrCat("<worksheet a=\"", std::string(3 << 20, 'x'))),
              HasSubstr("without end"));
}

TEST(Workbooks, AZipBombIsRefusedWhileItIsRead) {
  MadeWorkbook book;
  book.sheets = {{"f", TextRow(1, {"a"}) + std::string(18 << 20, ' ')}};
  EXPECT_THAT(ReadAll(book.Bytes()).why(), HasSubstr("zip bomb"));
  MadeWorkbook texts;
  texts.sheets = {{"f", TextRow(1, {"a"})}};
  texts.shared = absl::StrCat("<si><t>x</t></si>", std::string(18 << 20, ' '));
  EXPECT_THAT(ReadAll(texts.Bytes()).why(), HasSubstr("zip bomb"));
  texts.shared = absl::StrCat("<si><t>", std::string(1 << 20, 'x'), "</t></si>");
  EXPECT_THAT(ReadAll(texts.Bytes()).why(), HasSubstr("longer than a cell"));
  MadeWorkbook sheets;
  for (int i = 0; i < 1001; ++i) sheets.sheets.push_back({absl::StrCat("f", i), ""});
  EXPECT_THAT(ReadAll(sheets.Bytes()).why(), HasSubstr("more than 1000 sheets"));
}

// Reads a workbook once under a budget, as an import does.
absl::Status ReadUnder(const std::string& bytes, std::shared_ptr<ReadBudget> budget, int* rows) {
  MemoryFile file(bytes, 40009);
  ASSIGN_OR_RETURN(const std::unique_ptr<RowFile> book, OpenRowFile(file, std::move(budget)));
  return book->Read(
      {}, [](const FileHeading&) { return absl::OkStatus(); },
      [&](const FileRow&) {
        ++*rows;
        return absl::OkStatus();
      });
}

std::string ManyRows(int rows) {
  std::string all = TextRow(1, {"a", "b"});
  for (int row = 2; row <= rows; ++row) all += TextRow(row, {absl::StrCat("x", row), absl::StrCat(row * 7)});
  return all;
}

TEST(Workbooks, OneUploadIsReadSoFarAndNoFurtherInAllItsPassesTogether) {
  const std::string bytes = OneSheet(ManyRows(20000));
  int rows = 0;
  EXPECT_TRUE(ReadUnder(bytes, std::make_shared<ReadBudget>(nullptr, 16 << 20), &rows).ok());
  EXPECT_EQ(rows, 19999);
  // No pass alone is too long for this one.
  const uint64_t one_pass = ManyRows(20000).size() + (64 << 10);
  rows = 0;
  const absl::Status far = ReadUnder(bytes, std::make_shared<ReadBudget>(nullptr, one_pass), &rows);
  EXPECT_EQ(far.code(), absl::StatusCode::kResourceExhausted) << far;
  EXPECT_THAT(Explain(far).en, HasSubstr("save the sheet that matters as CSV"));
  EXPECT_LT(rows, 19999);
}

TEST(Workbooks, NobodyReadsOnForSomebodyWhoLeft) {
  const std::string bytes = OneSheet(ManyRows(20000));
  int rows = 0;
  const auto left = [&] { return rows > 100; };
  const absl::Status status = ReadUnder(bytes, std::make_shared<ReadBudget>(left), &rows);
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled) << status;
  EXPECT_LT(rows, 2000);
}

TEST(Workbooks, WhatDescribesAWorkbookIsSmall) {
  MadeWorkbook book;
  book.sheets = {{"f", TextRow(1, {"a"}) + TextRow(2, {"1"})}};
  std::string filling;
  for (uint64_t i = 0; filling.size() <= Workbook::kLargestPart; ++i)
    absl::StrAppend(&filling, "<x y=\"", i * 7919, "\"/>");
  for (const auto& [part, end] : {std::pair("xl/workbook.xml", "</workbook>"),
                                  std::pair("xl/_rels/workbook.xml.rels", "</Relationships>"),
                                  std::pair("xl/styles.xml", "</styleSheet>")}) {
    auto parts = book.Parts();
    for (auto& [name, bytes] : parts)
      if (name == part) bytes = absl::StrReplaceAll(bytes, {{end, filling + end}});
    EXPECT_THAT(ReadAll(Zipped(parts)).why(), AllOf(HasSubstr(part), HasSubstr("more than 64 MiB"))) << part;
  }
}

TEST(Workbooks, SheetsLargerThanExcelsAreRefusedWithTheirPlace) {
  EXPECT_THAT(
      ReadAll(OneSheet(TextRow(1, {"a"}) + "<row r=\"1048577\"><c r=\"A1048577\"><v>1</v></c></row>")).why(),
      AllOf(HasSubstr("Feuil1"), HasSubstr("1048576")));
  EXPECT_THAT(ReadAll(OneSheet("<row r=\"1\"><c r=\"XFE1\"><v>1</v></c></row>")).why(),
              AllOf(HasSubstr("row 1"), HasSubstr("16384")));
  std::string wide = "<row r=\"1\">";
  for (int i = 0; i < 16384; ++i) absl::StrAppend(&wide, "<c t=\"inlineStr\"><is><t>c", i, "</t></is></c>");
  EXPECT_THAT(ReadAll(OneSheet(wide + "</row>")).why(),
              AllOf(HasSubstr("Feuil1"), HasSubstr("row 1: 16384 columns, at most 16380")));
  for (int i = 16384; i < 17000; ++i)
    absl::StrAppend(&wide, "<c t=\"inlineStr\"><is><t>c", i, "</t></is></c>");
  EXPECT_THAT(ReadAll(OneSheet(wide + "</row>")).why(),
              AllOf(HasSubstr("Feuil1"), HasSubstr("row 1: 17000 columns")));
}

TEST(Workbooks, RowsAndCellsOutOfOrderAreDamage) {
  EXPECT_THAT(ReadAll(OneSheet(TextRow(2, {"a"}) + TextRow(2, {"b"}))).why(), HasSubstr("not in order"));
  EXPECT_THAT(ReadAll(OneSheet("<row r=\"1\"><c r=\"B1\"><v>1</v></c><c r=\"A1\"><v>1</v></c></row>")).why(),
              HasSubstr("not in order"));
  EXPECT_THAT(ReadAll(OneSheet("<row r=\"1\"><c r=\"A1\" t=\"s\"><v>9</v></c></row>")).why(),
              AllOf(HasSubstr("column A"), HasSubstr("missing")));
}

TEST(Workbooks, CellsWithoutPlacesFollowOneAnother) {
  const AllRows read = ReadAll(
      OneSheet("<row><c t=\"inlineStr\"><is><t>a</t></is></c><c t=\"inlineStr\"><is><t>b</t></is></c></row>"
               "<row><c><v>1</v></c><c><v>2</v></c></row>"));
  ASSERT_TRUE(read.status.ok()) << read.status;
  EXPECT_THAT(read.heading.names, ElementsAre("a", "b"));
  EXPECT_THAT(read.rows, ElementsAre(ElementsAre("1", "2")));
}

// Whatever happens to a file on its way, it is read or refused, soon, and nothing else.
TEST(Workbooks, FlippedAndTruncatedOnesAreReadOrRefused) {
  MadeWorkbook book;
  book.shared = "<si><t>p1</t></si><si><t>ML</t></si>";
  book.formats = "<numFmt numFmtId=\"164\" formatCode=\"dd/mm/yyyy\"/>";
  book.uses = {164};
  std::string rows = TextRow(1, {"ref", "pays", "jour", "n"});
  for (int r = 2; r < 60; ++r) {
    absl::StrAppend(&rows, "<row r=\"", r, "\"><c r=\"A", r, "\" t=\"s\"><v>0</v></c><c r=\"B", r,
                    "\" t=\"s\"><v>1</v></c><c r=\"C", r, "\" s=\"1\"><v>", 45000 + r * 7,
                    ".5</v></c><c r=\"D", r, "\"><f>1+1</f><v>", r * r, "</v></c></row>");
  }
  book.sheets = {{"f", rows, "visible", "<mergeCells><mergeCell ref=\"B2:B9\"/></mergeCells>"}};
  const std::string good = book.Bytes();
  ASSERT_TRUE(ReadAll(good).status.ok()) << ReadAll(good).status;
  std::mt19937 random(4);
  int refused = 0;
  for (int i = 0; i < 500; ++i) {
    std::string bad = good;
    const size_t at = random() % bad.size();
    if (i % 5 == 0) {
      bad.resize(at);
    } else {
      bad[at] = static_cast<char>(bad[at] ^ (1 << random() % 8));
    }
    refused += !ReadAll(bad).status.ok();
  }
  EXPECT_GT(refused, 250) << "most of a workbook is under a checksum";
  // And its XML, where no checksum is in the way.
  for (int i = 0; i < 500; ++i) {
    auto parts = book.Parts();
    std::string& xml = parts[random() % parts.size()].second;
    xml[random() % xml.size()] = "<>\"'/&;9eA\0 "[random() % 13];
    ReadAll(Zipped(parts));
  }
}

}  // namespace
}  // namespace penc
