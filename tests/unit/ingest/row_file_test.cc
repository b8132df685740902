// Headings of files as offices have them: which rows they are, and what a mapping finds by them.
#include "ingest/row_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "tests/unit/ingest/memory_file.h"

namespace penc {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct ReadRows {
  FileHeading heading;
  std::vector<uint64_t> numbers;
  CsvRows rows;
  absl::Status status;
};

ReadRows Read(const std::string& bytes, const SheetForm& form = {}) {
  ReadRows read;
  MemoryFile file(bytes, 13);
  const auto rows = OpenRowFile(file);
  if (!rows.ok()) {
    read.status = rows.status();
    return read;
  }
  read.status = (*rows)->Read(
      form,
      [&](const FileHeading& heading) {
        read.heading = heading;
        return absl::OkStatus();
      },
      [&](const FileRow& row) {
        read.numbers.push_back(row.number);
        read.rows.emplace_back(row.cells.begin(), row.cells.end());
        return absl::OkStatus();
      });
  return read;
}

TEST(RowFile, NumbersRowsAsExcelShowsThemEmptyOnesIncluded) {
  const ReadRows read = Read("a,b\r\n\r\n1,\"x\r\ny\"\r\n,,\r\n2,z\r\n");
  ASSERT_TRUE(read.status.ok()) << read.status;
  EXPECT_THAT(read.numbers, ElementsAre(3, 5));
  EXPECT_EQ(read.heading.names_row, 1u);
}

TEST(RowFile, FindsTagsUnderOneOrTwoHeadingRowsAndAlone) {
  const ReadRows under = Read("Qui,,Où\nOrganisation,,Région\n#org,,#adm1 +name\nX,y,Kayes\n");
  ASSERT_TRUE(under.status.ok()) << under.status;
  EXPECT_THAT(under.heading.names, ElementsAre("Organisation", "(colonne B)", "Région"));
  EXPECT_EQ(under.heading.names_row, 2u);
  EXPECT_EQ(under.heading.tags_row, 3u);
  EXPECT_THAT(under.numbers, ElementsAre(4));
  EXPECT_EQ(under.heading.Find("#adm1+name"), 2u);
  EXPECT_EQ(under.heading.Find("région"), 2u);
  const ReadRows alone = Read("#org,#adm1\nX,Kayes\n");
  EXPECT_THAT(alone.heading.names, ElementsAre("#org", "#adm1"));
  EXPECT_THAT(alone.numbers, ElementsAre(2));
}

TEST(RowFile, AColumnThatOnlyItsTagNamesIsCalledByIt) {
  const ReadRows read = Read("Registro,País\n,#country,#date+reported\n1,Mali,2024-03-01\n");
  ASSERT_TRUE(read.status.ok()) << read.status;
  EXPECT_THAT(read.heading.names, ElementsAre("Registro", "País", "#date+reported"));
}

TEST(RowFile, AsksWhereATagRowHasACellThatIsNoTag) {
  EXPECT_THAT(Explain(Read("a,b,c\n#org,#adm1,country\n1,2,3\n").status).en,
              AllOf(HasSubstr("row 2, column C"), HasSubstr("first_row: 3")));
}

TEST(RowFile, TellsTheTwoHeadingRowsOfAKoboExportApart) {
  for (const char* bytes :
       {"sexe,_uuid\nQuel est le sexe ?,_uuid\nf,1\n", "Quel est le sexe ?,_uuid\nsexe,_uuid\nf,1\n"}) {
    const ReadRows read = Read(bytes);
    ASSERT_TRUE(read.status.ok()) << read.status;
    EXPECT_THAT(read.heading.names, ElementsAre("sexe", "_uuid"));
    EXPECT_THAT(read.heading.labels, ElementsAre("Quel est le sexe ?", "_uuid"));
    EXPECT_EQ(read.heading.Find("Quel est le sexe ?"), 0u);
    EXPECT_THAT(read.numbers, ElementsAre(3));
  }
}

TEST(RowFile, ReadsTheRowsThatTheMappingSays) {
  SheetForm form;
  form.names_row = 3;
  form.labels_row = 2;
  form.first_row = 5;
  const ReadRows read = Read("Rapport 2024\nSexe,Pays\nsex,country\n(code),(code)\nf,ML\n", form);
  ASSERT_TRUE(read.status.ok()) << read.status;
  EXPECT_THAT(read.heading.names, ElementsAre("sex", "country"));
  EXPECT_THAT(read.heading.labels, ElementsAre("Sexe", "Pays"));
  EXPECT_THAT(read.numbers, ElementsAre(5));
}

TEST(RowFile, FindsNothingWhereTwoColumnsFit) {
  const ReadRows read = Read("Pays,pays ,x\n1,2,3\n");
  EXPECT_EQ(read.heading.Find("Pays"), 0u);
  EXPECT_EQ(read.heading.Find("PAYS"), absl::nullopt);
}

TEST(RowFile, RefusesAFileWithoutRows) {
  EXPECT_THAT(Explain(Read("").status).en, HasSubstr("empty file"));
  EXPECT_THAT(Explain(Read("\n,,\n").status).en, HasSubstr("empty file"));
}

TEST(RowFile, CallsColumnsAsExcelDoes) {
  EXPECT_EQ(ColumnLetters(0), "A");
  EXPECT_EQ(ColumnLetters(25), "Z");
  EXPECT_EQ(ColumnLetters(26), "AA");
  EXPECT_EQ(ColumnLetters(16383), "XFD");
}

}  // namespace
}  // namespace penc
