// Headings of files as offices have them: which rows they are, and what a mapping finds by them.
#include "ingest/row_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/ingest/read_rows.h"

namespace penc {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(RowFile, NumbersRowsAsExcelShowsThemEmptyOnesIncluded) {
  const AllRows read = ReadAll("a,b\r\n\r\n1,\"x\r\ny\"\r\n,,\r\n2,z\r\n");
  ASSERT_TRUE(read.status.ok()) << read.status;
  EXPECT_THAT(read.numbers, ElementsAre(3, 5));
  EXPECT_EQ(read.heading.names_row, 1u);
}

TEST(RowFile, FindsTagsUnderOneOrTwoHeadingRowsAndAlone) {
  const AllRows under = ReadAll("Qui,,Où\nOrganisation,,Région\n#org,,#adm1 +name\nX,y,Kayes\n");
  ASSERT_TRUE(under.status.ok()) << under.status;
  EXPECT_THAT(under.heading.names, ElementsAre("Organisation", "(colonne B)", "Région"));
  EXPECT_EQ(under.heading.names_row, 2u);
  EXPECT_EQ(under.heading.tags_row, 3u);
  EXPECT_THAT(under.numbers, ElementsAre(4));
  EXPECT_EQ(under.heading.Find("#adm1+name"), 2u);
  EXPECT_EQ(under.heading.Find("région"), 2u);
  const AllRows alone = ReadAll("#org,#adm1\nX,Kayes\n");
  EXPECT_THAT(alone.heading.names, ElementsAre("#org", "#adm1"));
  EXPECT_THAT(alone.numbers, ElementsAre(2));
}

TEST(RowFile, AColumnThatOnlyItsTagNamesIsCalledByIt) {
  const AllRows read = ReadAll("Registro,País\n,#country,#date+reported\n1,Mali,2024-03-01\n");
  ASSERT_TRUE(read.status.ok()) << read.status;
  EXPECT_THAT(read.heading.names, ElementsAre("Registro", "País", "#date+reported"));
}

TEST(RowFile, AsksWhereATagRowHasACellThatIsNoTag) {
  EXPECT_THAT(Explain(ReadAll("a,b,c\n#org,#adm1,country\n1,2,3\n").status).en,
              AllOf(HasSubstr("row 2, column C"), HasSubstr("first_row: 3")));
}

TEST(RowFile, TellsTheTwoHeadingRowsOfAKoboExportApart) {
  for (const char* bytes :
       {"sexe,_uuid\nQuel est le sexe ?,_uuid\nf,1\n", "Quel est le sexe ?,_uuid\nsexe,_uuid\nf,1\n"}) {
    const AllRows read = ReadAll(bytes);
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
  const AllRows read = ReadAll("Rapport 2024\nSexe,Pays\nsex,country\n(code),(code)\nf,ML\n", form);
  ASSERT_TRUE(read.status.ok()) << read.status;
  EXPECT_THAT(read.heading.names, ElementsAre("sex", "country"));
  EXPECT_THAT(read.heading.labels, ElementsAre("Sexe", "Pays"));
  EXPECT_THAT(read.numbers, ElementsAre(5));
}

TEST(RowFile, FindsNothingWhereTwoColumnsFit) {
  const AllRows read = ReadAll("Pays,pays ,x\n1,2,3\n");
  EXPECT_EQ(read.heading.Find("Pays"), 0u);
  EXPECT_EQ(read.heading.Find("PAYS"), absl::nullopt);
}

TEST(RowFile, RefusesAFileWithoutRows) {
  EXPECT_THAT(Explain(ReadAll("").status).en, HasSubstr("empty file"));
  EXPECT_THAT(Explain(ReadAll("\n,,\n").status).en, HasSubstr("empty file"));
}

TEST(RowFile, CallsColumnsAsExcelDoes) {
  EXPECT_EQ(ColumnLetters(0), "A");
  EXPECT_EQ(ColumnLetters(25), "Z");
  EXPECT_EQ(ColumnLetters(26), "AA");
  EXPECT_EQ(ColumnLetters(16383), "XFD");
}

}  // namespace
}  // namespace penc
