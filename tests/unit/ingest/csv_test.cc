// Text and rows: the dialects that offices' programs write, and files that are none of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "tests/unit/ingest/memory_file.h"

namespace penc {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string WhyNot(const absl::StatusOr<CsvRows>& rows) {
  return rows.ok() ? "read all the same" : Explain(rows.status()).en;
}

TEST(Csv, TakesTheDelimiterThatTheHeadingShows) {
  for (const char delimiter : {',', ';', '\t'}) {
    const std::string d(1, delimiter);
    char used = 0;
    const auto rows = RowsOf(absl::StrCat("a", d, "b\n1", d, "2\n"), "", 0, &used);
    ASSERT_TRUE(rows.ok()) << rows.status();
    EXPECT_EQ(used, delimiter);
    EXPECT_THAT(*rows, ElementsAre(ElementsAre("a", "b"), ElementsAre("1", "2")));
  }
}

TEST(Csv, DoesNotCountDelimitersInsideQuotes) {
  char used = 0;
  const auto rows = RowsOf("\"a,b,c\";d\n\"1;2\";3\n", "", 0, &used);
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_EQ(used, ';');
  EXPECT_THAT(*rows, ElementsAre(ElementsAre("a,b,c", "d"), ElementsAre("1;2", "3")));
}

TEST(Csv, AsksWhereTwoDelimitersFitEqually) {
  EXPECT_THAT(WhyNot(RowsOf("a,b;c\n1,2;3\n")), HasSubstr("ambiguous"));
  EXPECT_TRUE(RowsOf("a,b;c\n1,2;3\n", "", ';').ok());
}

TEST(Csv, TakesALineThatTellsExcelTheDelimiter) {
  EXPECT_THAT(*RowsOf("sep=;\r\na,b;c\r\n1,2;3\r\n"),
              ElementsAre(ElementsAre("a,b", "c"), ElementsAre("1,2", "3")));
  EXPECT_THAT(*RowsOf("sep=\t\na\tb\n"), ElementsAre(ElementsAre("a", "b")));
  EXPECT_THAT(WhyNot(RowsOf("sep=;\n")), HasSubstr("empty file"));
}

TEST(Csv, KeepsQuotedLineBreaksAndDoubledQuotes) {
  const auto rows = RowsOf("a,b\r\n\"one\r\ntwo\",\"say \"\"no\"\"\"\r\n");
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_THAT(*rows, ElementsAre(ElementsAre("a", "b"), ElementsAre("one\r\ntwo", "say \"no\"")));
}

TEST(Csv, ReadsALastLineWithoutLineBreakAndSkipsEmptyOnes) {
  const auto rows = RowsOf("a,b\n\n1,2\n\n3,");
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_THAT(*rows, ElementsAre(ElementsAre("a", "b"), ElementsAre("1", "2"), ElementsAre("3", "")));
}

TEST(Csv, NamesTheRowWhereAQuoteStaysOpen) {
  EXPECT_THAT(WhyNot(RowsOf("a,b\n1,2\n\"3,4\n5,6\n")), AllOf(HasSubstr("row 3"), HasSubstr("still open")));
}

TEST(Csv, RefusesAQuoteInTheMiddleOfACell) {
  EXPECT_THAT(WhyNot(RowsOf("a,b\n1,2\n\"3\"x,4\n")), AllOf(HasSubstr("row 3"), HasSubstr("doubled")));
}

TEST(Csv, KeepsRowsOfAnotherLengthForTheImporterToJudge) {
  EXPECT_THAT(*RowsOf("a,b\n1\n1,2,3\n"),
              ElementsAre(ElementsAre("a", "b"), ElementsAre("1"), ElementsAre("1", "2", "3")));
}

TEST(Csv, TakesOneColumnWithoutAnyDelimiter) {
  EXPECT_THAT(*RowsOf("a\n1\n2"), ElementsAre(ElementsAre("a"), ElementsAre("1"), ElementsAre("2")));
}

TEST(Csv, ReadsEmptyCellsBetweenTabs) {
  EXPECT_THAT(*RowsOf("a\tb\tc\n\t\t\n1\t\t3\n"),
              ElementsAre(ElementsAre("a", "b", "c"), ElementsAre("", "", ""), ElementsAre("1", "", "3")));
}

TEST(Csv, TheDelimiterAfterItsOwnCellGoesBeforeTheMappings) {
  for (const char* bytes : {"own;b\n1;2\n", "own,b\n1,2\n", "own\tb\n1\t2\n"}) {
    MemoryFile file(bytes);
    const auto text = ReadText(file, "");
    ASSERT_TRUE(text.ok()) << text.status();
    size_t cells = 0;
    const auto used = ReadCsv(**text, {'|', "own"}, [&](uint64_t, const std::vector<absl::string_view>& row) {
      cells += row.size();
      return absl::OkStatus();
    });
    ASSERT_TRUE(used.ok()) << used.status();
    EXPECT_EQ(*used, bytes[3]);
    EXPECT_EQ(cells, 4u);
  }
}

TEST(Csv, AnErrorOfTheReceiverEndsTheReading) {
  MemoryFile file("a\n1\n2\n3\n");
  const auto text = ReadText(file, "");
  ASSERT_TRUE(text.ok()) << text.status();
  uint64_t last = 0;
  const auto read = ReadCsv(**text, {}, [&](uint64_t number, const std::vector<absl::string_view>&) {
    last = number;
    return number == 2 ? absl::CancelledError("enough") : absl::OkStatus();
  });
  EXPECT_EQ(read.status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(last, 2u);
}

TEST(Csv, EndsARecordWithoutEndBeforeItFillsTheMemory) {
  EXPECT_THAT(WhyNot(RowsOf("a,b\n1,\"" + std::string(3 << 20, 'x'))), HasSubstr("longer than 1 MiB"));
  EXPECT_THAT(WhyNot(RowsOf(std::string(5 << 20, 'x'))), HasSubstr("longer than 1 MiB"));
}

TEST(Csv, SaysThatAnEmptyFileIsEmpty) { EXPECT_THAT(WhyNot(RowsOf("")), HasSubstr("empty file")); }

TEST(Text, RecognisesUtf8WithAndWithoutMark) {
  EXPECT_THAT(*RowsOf("prénom,ville\né,Thiès\n"),
              ElementsAre(ElementsAre("prénom", "ville"), ElementsAre("é", "Thiès")));
  EXPECT_THAT(*RowsOf("\xEF\xBB\xBFville\nThiès\n"), ElementsAre(ElementsAre("ville"), ElementsAre("Thiès")));
}

TEST(Text, RecognisesUtf16InBothOrders) {
  const std::string little("\xFF\xFEv\0\n\0\xe9\0\n\0", 10), big("\xFE\xFF\0v\0\n\0\xe9\0\n", 10);
  EXPECT_THAT(*RowsOf(little), ElementsAre(ElementsAre("v"), ElementsAre("é")));
  EXPECT_THAT(*RowsOf(big), ElementsAre(ElementsAre("v"), ElementsAre("é")));
}

TEST(Text, ReadsWindows1252OnlyWhereTheMappingSaysSo) {
  EXPECT_THAT(WhyNot(RowsOf("ville\nThi\xE8s\n")), HasSubstr("encoding: windows-1252"));
  EXPECT_THAT(*RowsOf("ville\nThi\xE8s \x80\n", "windows-1252"),
              ElementsAre(ElementsAre("ville"), ElementsAre("Thiès €")));
}

TEST(Text, NamesTheLineOfWhatItCannotRead) {
  const std::string many = [] {
    std::string lines = "ville,n\n";
    for (int i = 0; i < 100000; ++i) lines += "Thiès,1\n";
    return lines;
  }();
  EXPECT_THAT(WhyNot(RowsOf(many + "Thi\xE8s,2\n")),
              HasSubstr("line 100002 of the file: this line is not UTF-8"));
  EXPECT_THAT(WhyNot(RowsOf(many + std::string("\0,2\n", 4))),
              HasSubstr("line 100002 of the file: NUL bytes"));
  EXPECT_THAT(WhyNot(RowsOf(std::string("a\n1\n\0\n", 6), "windows-1252")), HasSubstr("line 3 of the file"));
  for (const char* bad : {"\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE8"}) {
    EXPECT_THAT(WhyNot(RowsOf(std::string("a\n") + bad)), HasSubstr("line 2 of the file"))
        << "overlong, half, cut";
  }
}

TEST(Text, NamesTheLineWhereTwoEncodingsMeet) {
  const std::string utf8 = "id,pays\n1,S\u00e9n\u00e9gal\n2,Mali\n", latin = "3,S\xE9n\xE9gal\n";
  EXPECT_THAT(WhyNot(RowsOf(utf8 + latin)), AllOf(HasSubstr("line 4"), HasSubstr("two encodings")));
  // Whichever of the two is more likely, and whatever the mapping says.
  EXPECT_EQ(LikelyEncoding(utf8 + latin, true), "");
  EXPECT_EQ(LikelyEncoding("id,pays\n" + latin, true), "windows-1252");
  EXPECT_THAT(WhyNot(RowsOf("id,pays\n" + latin + "4,Gu\u00e9ck\u00e9dou\n", "windows-1252")),
              AllOf(HasSubstr("line 3"), HasSubstr("UTF-8"), HasSubstr("windows-1252")));
  // "É" and what is no letter after it.
  EXPECT_TRUE(RowsOf("id,pays\n1,\xC9\xA0: \xAB\n2,\xC9\xBB\n", "windows-1252").ok());
}

TEST(Text, RefusesUtf16ThatIsCutInTheMiddleOfALetter) {
  EXPECT_THAT(WhyNot(RowsOf(std::string("\xFF\xFEv\0\n\0\xe9", 7))), HasSubstr("utf-16"));
  EXPECT_THAT(WhyNot(RowsOf(std::string("\xFF\xFEv\0\n\0\x3D\xD8\n\0", 10))), HasSubstr("line 2 of the file"))
      << "half of a pair";
}

TEST(Text, AByteOrderMarkGoesBeforeTheMapping) {
  EXPECT_THAT(*RowsOf("\xEF\xBB\xBFé\n", "windows-1252"), ElementsAre(ElementsAre("é")));
  EXPECT_THAT(*RowsOf(std::string("\xFE\xFF\0v\0\n", 6), "utf-8"), ElementsAre(ElementsAre("v")));
  EXPECT_THAT(*RowsOf(std::string("v\0\n\0", 4), "utf-16le"), ElementsAre(ElementsAre("v")));
}

TEST(Text, ReadsToTheEndWhatAPipeGivesByteByByte) {
  const std::string line = "\xF0\x9F\x8C\xB3;\xE2\x82\xAC\n";  // four bytes, three bytes
  MemoryFile file("a;b\n" + line + line, 1);
  const auto text = ReadText(file, "");
  ASSERT_TRUE(text.ok()) << text.status();
  std::string all;
  for (;;) {
    const auto piece = (*text)->Next();
    ASSERT_TRUE(piece.ok()) << piece.status();
    if (piece->empty()) break;
    all.append(piece->data(), piece->size());
  }
  EXPECT_EQ(all, "a;b\n" + line + line);
}

TEST(Text, RefusesNulBytesWorkbooksAndUnknownEncodings) {
  EXPECT_THAT(WhyNot(RowsOf(std::string("a,b\n1,\0\n", 8))), HasSubstr("line 2 of the file: NUL bytes"));
  EXPECT_THAT(WhyNot(RowsOf("PK\x03\x04rest")), HasSubstr("Excel workbook"));
  EXPECT_THAT(WhyNot(RowsOf("a,b\n", "utf-9")), HasSubstr("unknown encoding"));
}

}  // namespace
}  // namespace penc
