// Rows set aside, as a workbook, and their way back: with reason and place, as they were, counted once.
#include "ingest/quarantine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/unit/ingest/importing.h"
#include "tests/unit/ingest/made_workbook.h"

namespace penc {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;

constexpr char kRows[] =
    "person_ref,origin,dest,cost\n"
    "1,a,b,10\n"
    "1,a,c,20\n"
    "2,b,a,\n"
    "3,c,zz,5\n"
    "4,a,a,5\n";

TEST_F(Importing, CountsAddUpAndBadRowsAreSetAsideWithReasonAndRow) {
  const auto report = Import(kRows);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->read, 5u);
  EXPECT_EQ(report->staged.stored, 4u);
  EXPECT_EQ(report->quarantined, 1u);
  ASSERT_EQ(report->problems.size(), 1u);
  EXPECT_EQ(report->problems[0].first_row, 5u);
  EXPECT_EQ(report->problems[0].column, "dest");
  EXPECT_EQ(report->problems[0].letters, "C");
  EXPECT_THAT(Kept(report->quarantine_file),
              ElementsAre(ElementsAre("motif (penc)", "feuille (penc)", "ligne (penc)", "origine (penc)",
                                      "person_ref", "origin", "dest", "cost"),
                          ElementsAre(AllOf(HasSubstr("colonne C «dest»"), HasSubstr("code inconnu")), "",
                                      "5", "1", "3", "c", "zz", "5")));
  struct stat found {};
  ASSERT_EQ(::stat(report->quarantine_file.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600u) << "the rows are personal data";
  std::vector<std::string> beside;
  for (const auto& entry : std::filesystem::directory_iterator(waiting_))
    beside.push_back(entry.path().filename());
  EXPECT_THAT(beside, ElementsAre("file.xlsx"));
}

TEST_F(Importing, RowsThatWaitAreNotOverwrittenByTheNextOnes) {
  const auto first = Import(kRows), second = Import("person_ref,dest\n7,a\n8,other\n");
  ASSERT_TRUE(first.ok()) << first.status();
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->quarantine_file, waiting_ + "/file-2.xlsx");
  EXPECT_THAT(Kept(first->quarantine_file), Contains(Contains("zz")));
  EXPECT_THAT(Kept(second->quarantine_file), Contains(Contains("other")));
}

TEST_F(Importing, ACorrectedQuarantineFileComesInAsItIs) {
  const auto report = Import(kRows);
  ASSERT_TRUE(report.ok()) << report.status();
  const auto second = Import(Corrected(report->quarantine_file, {{"zz", "d"}}), "quarantine.xlsx");
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->staged.stored, 1u);
  ASSERT_TRUE(Close(kFirst).ok());
  EXPECT_THAT(Ask("SELECT count(*) FROM move"), ElementsAre(5));
}

TEST_F(Importing, ACorrectedQuarantineFileComesInWhateverTheMappingSaysOfTheFirstFile) {
  Mapping mapping = OwnMapping(codebook_, *codebook_.FindTable("move"), {.names = {"person_ref", "dest"}});
  mapping.columns[0].values = {{"Thiès", "a"}, {"Sédhiou", "b"}};
  mapping.form.encoding = "windows-1252";
  mapping.form.delimiter = ',';
  mapping.form.first_row = 2;
  mapping.form.sheet = "membres";
  const auto report = Import(
      "person_ref,dest\n1,Thi\xE8s\n2,S\xE9"
      "dhiu\n",
      "f.csv", false, false, &mapping);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->quarantined, 1u);
  const std::string corrected = Corrected(report->quarantine_file, {{"Sédhiu", "Thiès"}});
  const auto second = Import(corrected, "quarantine.xlsx", false, false, &mapping);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->staged.stored, 1u);
  // As CSV, too, from a program whose lists have another sign: the same row, so that it changes nothing.
  for (const char delimiter : {';', '\t'}) {
    const std::string csv = absl::StrReplaceAll(
        AsCsv(corrected, delimiter), {{"Thiès", "Thi\xE8s"}, {"à", "\xE0"}, {"«", "\xAB"}, {"»", "\xBB"}});
    const auto third = Import(csv, "resaved.csv", false, false, &mapping);
    ASSERT_TRUE(third.ok()) << third.status();
    EXPECT_EQ(third->staged.duplicate, 1u);
  }
}

TEST_F(Importing, AQuarantineFileThatIsCorrectedInPartLeavesAnotherOneThatKnowsWhereItsRowsStood) {
  const auto report = Import("person_ref,dest\n1,a\n2,a\n3,a\n4,xx\n5,yy\n6,b\n");
  ASSERT_TRUE(report.ok()) << report.status();
  const auto second = Import(Corrected(report->quarantine_file, {{"xx", "c"}}), "second.xlsx");
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->staged.stored, 1u);
  EXPECT_EQ(second->quarantined, 1u);
  EXPECT_THAT(Kept(second->quarantine_file),
              ElementsAre(ElementsAre("motif (penc)", "feuille (penc)", "ligne (penc)", "origine (penc)",
                                      "person_ref", "dest"),
                          ElementsAre(testing::_, "", "6", "1", "5", "yy")))
      << "the columns that were added are added once";
  const auto third = Import(Corrected(second->quarantine_file, {{"yy", "d"}}), "third.xlsx");
  ASSERT_TRUE(third.ok()) << third.status();
  EXPECT_EQ(third->staged.stored, 1u);
  ASSERT_TRUE(Close(kFirst).ok());
  EXPECT_THAT(Ask("SELECT dest, count(*) FROM move GROUP BY dest"), ElementsAre(3, 1, 1, 1, 0));
}

TEST_F(Importing, ARowCorrectedTwiceCountsOnceWithoutAnyIdentityOfItsOwn) {
  const auto report = Import("person_ref,dest\n1,a\n4,xx\n");
  ASSERT_TRUE(report.ok()) << report.status();
  ASSERT_TRUE(Import(Corrected(report->quarantine_file, {{"xx", "c"}}), "once.xlsx").ok());
  // Somebody corrects the same file again, to something else.
  const auto second = Import(Corrected(report->quarantine_file, {{"xx", "b"}}), "twice.xlsx");
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->staged.replaced, 1u);
  const auto third = Import(AsCsv(Corrected(report->quarantine_file, {{"xx", "b"}}), ';'), "thrice.csv");
  ASSERT_TRUE(third.ok()) << third.status();
  EXPECT_EQ(third->staged.duplicate, 1u);
  ASSERT_TRUE(Close(kFirst).ok());
  EXPECT_THAT(Ask("SELECT dest, count(*) FROM move GROUP BY dest"), ElementsAre(1, 1, 0, 0, 0));
}

TEST_F(Importing, RowsWithAnIdentityAreCountedOnceWhicheverWayTheyComeBack) {
  Mapping mapping = OwnMapping(codebook_, *codebook_.FindTable("move"), {.names = {"person_ref", "dest"}});
  mapping.row = {"id"};
  const auto report =
      Import("id,person_ref,dest\n\" 1\",x,a\n2,x,b\n3,y,zz\n", "1.csv", false, false, &mapping);
  ASSERT_TRUE(report.ok()) << report.status();
  ASSERT_TRUE(
      Import(Corrected(report->quarantine_file, {{"zz", "d"}}), "quarantine.xlsx", false, false, &mapping)
          .ok());
  // The office corrects its own file too, and exports it again with another program.
  const auto again =
      Import("id;person_ref;dest\r\n1;X;a\r\n2;\"x \";b\r\n3;y;d\r\n", "2.csv", false, false, &mapping);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->staged.duplicate, 3u);
  ASSERT_TRUE(Close(kFirst).ok());
  EXPECT_THAT(Ask("SELECT dest, count(*) FROM move GROUP BY dest"), ElementsAre(1, 1, 0, 1, 0));
}

TEST_F(Importing, AFilesOwnColumnOfReasonsIsNotPassedOverInSilence) {
  EXPECT_THAT(WhyNot(Import("person_ref,dest,motif\n1,a,travail\n")), HasSubstr("\"motif\""));
  Mapping mapping = OwnMapping(codebook_, *codebook_.FindTable("move"), {.names = {"person_ref", "dest"}});
  mapping.columns[0].from = "motif";
  const auto report = Import("person_ref,motif\n1,a\n2,b\n3,zz\n", "m.csv", false, false, &mapping);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_TRUE(
      Import(Corrected(report->quarantine_file, {{"zz", "c"}}), "quarantine.xlsx", false, false, &mapping)
          .ok());
}

TEST_F(Importing, RowsOfAnotherLengthAndWithoutReferenceGoToQuarantine) {
  const auto report = Import("person_ref,dest\n1,a\n2\n3,b,c\n  ,a\n4,a\n5,b\n6,c\n7,d\n");
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->quarantined, 3u);
  EXPECT_EQ(report->staged.stored, 5u);
  const CsvRows kept = Kept(report->quarantine_file);
  ASSERT_EQ(kept.size(), 4u);
  EXPECT_THAT(kept[1], IsSupersetOf({"3", "2"}));
  EXPECT_THAT(kept[2], IsSupersetOf({"4", "3", "b", "c"}));
  EXPECT_THAT(kept[3], Contains(HasSubstr("référence de la personne vide")));
}

TEST_F(Importing, CellsThatLookLikeFormulasStayTextAndNumbersAndDatesWhatTheyWere) {
  MadeWorkbook book;
  book.uses = {14};
  book.sheets = {{"Membres", TextRow(1, {"person_ref", "origin", "dest", "cost"}) +
                                 TextRow(2, {"1", "a", "b", ""}) + TextRow(3, {"2", "a", "b", ""}) +
                                 TextRow(4, {"3", "a", "b", ""}) +
                                 "<row r=\"7\"><c r=\"A7\" t=\"inlineStr\"><is><t>007</t></is></c><c "
                                 "r=\"B7\" t=\"inlineStr\"><is><t>=1+1</t></is></c>"
                                 "<c r=\"C7\" s=\"1\"><v>45352</v></c><c r=\"D7\"><v>12.5</v></c></row>" +
                                 TextRow(8, {"+221", "-a", "@b", "="})}};
  const auto report = Import(book.Bytes(), "membres.xlsx");
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->sheet, "Membres");
  EXPECT_EQ(report->quarantined, 2u);
  const AllRows kept = ReadAll(ReadFile(report->quarantine_file).value());
  ASSERT_EQ(kept.rows.size(), 2u);
  EXPECT_THAT(kept.rows[0],
              ElementsAre(testing::_, "Membres", "7", "1", "007", "=1+1", "2024-03-01", "12.5"));
  EXPECT_EQ(kept.kinds[0][5], CellKind::kText);
  EXPECT_EQ(kept.kinds[0][6], CellKind::kDate);
  EXPECT_EQ(kept.kinds[0][7], CellKind::kNumber);
  EXPECT_THAT(kept.rows[1], ElementsAre(testing::_, "Membres", "8", "1", "+221", "-a", "@b", "="));
}

TEST_F(Importing, LabelsAndTagsComeBackWithTheRows) {
  Mapping mapping = OwnMapping(codebook_, *codebook_.FindTable("move"), {.names = {"person_ref", "dest"}});
  mapping.columns[0].from = "#country+dest";
  mapping.person = {"Dossier"};
  const auto report =
      Import("Dossier,Pays,Remarque\n,#country+dest,\n1,a,x\n2,zz,y\n", "h.csv", false, false, [&] {
        mapping.ignore = {"Remarque"};
        return &mapping;
      }());
  ASSERT_TRUE(report.ok()) << report.status();
  const auto second =
      Import(Corrected(report->quarantine_file, {{"zz", "c"}}), "q.xlsx", false, false, &mapping);
  EXPECT_THAT(WhyNot(second), HasSubstr("#country+dest")) << "resaved without its tag row: said, not guessed";
  const auto third =
      Import(absl::StrReplaceAll(
                 AsCsv(Corrected(report->quarantine_file, {{"zz", "c"}}), ';'),
                 {{"\"Remarque\"\r\n", "\"Remarque\"\r\n\"hxl (penc)\";;;;;\"#country+dest\";\r\n"}}),
             "q.csv", false, false, &mapping);
  ASSERT_TRUE(third.ok()) << third.status();
  EXPECT_EQ(third->staged.stored, 1u);
  EXPECT_EQ(ReadAll(ReadFile(report->quarantine_file).value()).heading.tags_row, 2u);
}

TEST_F(Importing, ALongCellIsCutAndAFileThatCannotBeWrittenStoresNothing) {
  const auto report = Import(absl::StrCat("person_ref,dest\n1,a\n2,", std::string(40000, 'x'), "\n"));
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(Kept(report->quarantine_file)[1][5].size(), SheetWriter::kMostCharacters);
  std::filesystem::remove_all(waiting_);
  EXPECT_EQ(Import(kRows).status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(store_->Batches().size(), 1u);
}

}  // namespace
}  // namespace penc
