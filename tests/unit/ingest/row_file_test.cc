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

TEST(RowFile, AColumnWhoseHeadingStandsThereTwiceIsCalledByItsLetters) {
  const AllRows read = ReadAll("id,Sexe,Sexe,sexe\n1,f,m,f\n");
  ASSERT_TRUE(read.status.ok()) << read.status;
  EXPECT_EQ(read.heading.Find("Sexe"), absl::nullopt);
  EXPECT_EQ(read.heading.NameOf(0), "id");
  EXPECT_EQ(read.heading.NameOf(2), "Sexe (colonne C)");
  EXPECT_EQ(read.heading.Find("Sexe (colonne C)"), 2u);
  EXPECT_EQ(read.heading.Find("Sexe (colonne A)"), absl::nullopt) << "another heading stands there";
  EXPECT_EQ(read.heading.NameOf(3), "sexe");
}

TEST(RowFile, FindsTheHeadingsUnderATitle) {
  const std::string rows = "code;sexe;pays\nA;f;MLI\nB;m;SEN\n";
  for (const char* title : {"Liste des retours 2024\n", "Liste des retours 2024;;\n;;\n", "Retours\n\n",
                            ";;;Retours\n", ";;Liste des retours\n", "Retours 2024\nBureau de Kayes\n\n"}) {
    const AllRows read = ReadAll(title + rows);
    ASSERT_TRUE(read.status.ok()) << title << read.status;
    EXPECT_THAT(read.heading.names, ElementsAre("code", "sexe", "pays")) << title;
    EXPECT_EQ(read.rows.size(), 2u) << title;
    EXPECT_GT(read.heading.title_rows, 0u);
  }
  const AllRows plain = ReadAll(rows);
  EXPECT_EQ(plain.heading.title_rows, 0u);
}

TEST(RowFile, AsksWhereWhatIsAboveMayBeTheHeadings) {
  // Names of columns that are missing, cells that could be data, more than a title.
  for (const char* bytes :
       {"nom\nf,MLI,A\nm,MLI,B\nf,SEN,C\n", "Liste 2024,page 1\ncode,sexe,pays\nA,f,MLI\nB,m,SEN\n",
        "Liste 2024\n\n12,f,MLI\n13,m,SEN\n", "a,b\n1,f,x\n2,m,y\n3,f,z\n"}) {
    const AllRows read = ReadAll(bytes);
    EXPECT_THAT(read.why(), AllOf(HasSubstr("row 1"), HasSubstr("delete row"), HasSubstr("names_row: ")))
        << bytes;
    EXPECT_EQ(read.why().find("MLI"), std::string::npos) << "a cell is quoted";
  }
  SheetForm form;
  form.names_row = 2;
  const AllRows told = ReadAll("Liste 2024,page 1\ncode,sexe,pays\nA,f,MLI\n", form);
  EXPECT_THAT(told.heading.names, ElementsAre("code", "sexe", "pays"));
}

TEST(RowFile, AListOfOneColumnAndStrayNotesHasNoTitle) {
  const AllRows read = ReadAll("code de la personne\nA\nB\nC,une note\nD\nE\n");
  ASSERT_TRUE(read.status.ok()) << read.status;
  EXPECT_THAT(read.heading.names, ElementsAre("code de la personne"));
  EXPECT_EQ(read.rows.size(), 5u);
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
