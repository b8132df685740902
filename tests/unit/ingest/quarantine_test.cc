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

// ---- consent comes before every other look at a row

class Consenting : public Importing {
 protected:
  Consenting() {
    mapping_ = OwnMapping(codebook_, *codebook_.FindTable("move"), {.names = {"person_ref", "dest"}});
    mapping_.consent_from = "ok";
    mapping_.consent_keep = {"oui"};
  }
  absl::StatusOr<ImportReport> ImportMapped(const std::string& bytes, const std::string& name = "f.csv") {
    return Import(bytes, name, false, false, &mapping_);
  }
  static std::vector<std::string> Said(const ImportReport& report) {
    std::vector<std::string> said;
    for (const ImportProblem& problem : report.problems) said.push_back(problem.what.en);
    return said;
  }
  Mapping mapping_;
};

TEST_F(Consenting, ARowOfAnotherWidthIsSetAsideWithoutItsCells) {
  const auto report = ImportMapped(
      "person_ref,dest,ok\nP1,a,oui\nP2,b,oui\nSECRET,c,non,oops\nP4,zz,oui\nP5,c,oui\nSECRET2,a\n");
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->quarantined, 3u);
  const CsvRows kept = Kept(report->quarantine_file);
  ASSERT_EQ(kept.size(), 4u);
  EXPECT_THAT(kept[1], ElementsAre(AllOf(HasSubstr("cellules attendues"), HasSubstr("f.csv")), "", "4", "1",
                                   "", "", ""));
  EXPECT_THAT(kept[2], IsSupersetOf({"P4", "zz", "oui"}));
  EXPECT_THAT(kept[3], ElementsAre(HasSubstr("contenu non gardé"), "", "7", "1", "", "", ""));
  EXPECT_THAT(Said(*report), Contains(AllOf(HasSubstr("without their content"), HasSubstr("row 4, 7"))));
  // What has only its place changes nothing when the file comes back.
  const auto second = ImportMapped(Corrected(report->quarantine_file, {{"zz", "d"}}), "q.xlsx");
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->read, 1u);
  EXPECT_EQ(second->staged.stored, 1u);
}

TEST_F(Consenting, ARefusalWhosePersonCannotBeFoundIsTold) {
  const auto report = ImportMapped("person_ref,dest,ok\n,b,non\nP2,b,non\nP3,c,oui\n#REF!,c,non\n");
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->dropped, 3u);
  EXPECT_EQ(report->quarantine_file, "");
  ASSERT_EQ(report->problems.size(), 1u);
  EXPECT_EQ(report->problems[0].rows, 2u);
  EXPECT_THAT(report->problems[0].what.en, AllOf(HasSubstr("row 2, 5"), HasSubstr("by hand")));
  EXPECT_THAT(report->problems[0].what.fr, HasSubstr("refus"));
}

TEST_F(Consenting, ARowWithoutItsParentIsRefusedOrKeptFromTheClearFirst) {
  auto parent = std::make_shared<Parent>();
  parent->form.sheet = "menages";
  parent->here = "up";
  parent->there = "id";
  mapping_.parent = parent;
  mapping_.form.sheet = "membres";
  ASSERT_TRUE(Import("person_ref,dest\nP1,a\n", "before.csv").ok());
  const auto book = [](const std::string& ok_column, const std::string& members) {
    MadeWorkbook made;
    made.sheets = {{"membres", members},
                   {"menages", TextRow(1, {"id", ok_column}) + TextRow(2, {"h1", "oui"})}};
    return made.Bytes();
  };
  const auto own = ImportMapped(
      book("unused", TextRow(1, {"person_ref", "dest", "up", "ok"}) +
                         TextRow(2, {"P1", "a", "nowhere", "non"}) +
                         TextRow(3, {"P3", "a", "nowhere", "oui"}) + TextRow(4, {"P4", "a", "h1", "oui"})),
      "own.xlsx");
  ASSERT_TRUE(own.ok()) << own.status();
  EXPECT_EQ(own->dropped, 1u);
  EXPECT_EQ(own->staged.withdrawn, 1u) << "a no takes earlier rows out, parent or not";
  ASSERT_EQ(own->quarantined, 1u);
  EXPECT_THAT(Kept(own->quarantine_file)[1], Contains("P3"));

  mapping_.consent_from = "../ok";
  const auto of_parent =
      ImportMapped(book("ok", TextRow(1, {"person_ref", "dest", "up"}) +
                                  TextRow(2, {"SECRET", "a", "nowhere"}) + TextRow(3, {"P3", "a", "h1"}) +
                                  TextRow(4, {"SECRET", "a", "h1", "oui"}) + TextRow(5, {"P5", "a", "h1"})),
                   "parents.xlsx");
  ASSERT_TRUE(of_parent.ok()) << of_parent.status();
  EXPECT_EQ(of_parent->staged.stored, 2u);
  ASSERT_EQ(of_parent->quarantined, 2u) << "a cell beside the heading is no parent's cell";
  for (const std::vector<std::string>& row : Kept(of_parent->quarantine_file))
    EXPECT_THAT(row, testing::Not(Contains("SECRET")));
}

// ---- what spreadsheets make of the file

TEST_F(Importing, AFrenchExcelMaySaveTheFileAsCsv) {
  for (const DateForm dates : {DateForm::kIso, DateForm::kAsk, DateForm::kExcel, DateForm::kDayFirst}) {
    Mapping mapping = OwnMapping(codebook_, *codebook_.FindTable("move"),
                                 {.names = {"person_ref", "dest", "month", "cost"}});
    mapping.dates = dates;
    const std::string name = absl::StrCat("f", static_cast<int>(dates), ".csv");
    const auto report = Import(
        absl::StrCat("person_ref,dest,month,cost\n", name, ",a,2026-03,1\n", name, "b,Côte,2026-03,12.4\n"),
        name, false, false, &mapping);
    ASSERT_TRUE(report.ok()) << report.status();
    ASSERT_EQ(report->quarantined, 1u);
    // The reason's accents in one byte each, the date and the decimal as a French computer shows them.
    const std::string saved = absl::StrReplaceAll(
        AsCsv(Corrected(report->quarantine_file, {{"Côte", "b"}}), ';'), {{"«", "\xAB"},
                                                                          {"»", "\xBB"},
                                                                          {"é", "\xE9"},
                                                                          {"ê", "\xEA"},
                                                                          {"à", "\xE0"},
                                                                          {"2026-03", "04/03/2026"},
                                                                          {"12.4", "12,4"}});
    ASSERT_THAT(saved, HasSubstr("\xAB"));
    const auto second = Import(saved, "saved-" + name, false, false, &mapping);
    ASSERT_TRUE(second.ok()) << second.status();
    EXPECT_EQ(second->staged.stored, 1u)
        << name << (second->problems.empty() ? "" : second->problems[0].what.en);
  }
  ASSERT_TRUE(Close(kFirst).ok());
  EXPECT_THAT(Ask("SELECT count(*) FROM move WHERE month = '2026-03' AND dest = 'b'"), ElementsAre(4));
}

TEST_F(Importing, AThousandWrittenWithACommaIsStillNoNumberInASavedFile) {
  const auto report = Import("person_ref,dest,cost\n1,a,1\n2,b,\"1,240\"\n");
  ASSERT_TRUE(report.ok()) << report.status();
  const auto second = Import(AsCsv(Corrected(report->quarantine_file, {{"b", "c"}}), ';'), "saved.csv");
  EXPECT_THAT(WhyNot(second), HasSubstr("more than half"));
}

TEST_F(Importing, AFileOfRowsSetAsideWithoutItsFirstColumnsIsNamedAndNotImported) {
  const auto report = Import(kRows);
  ASSERT_TRUE(report.ok()) << report.status();
  const AllRows read = ReadAll(ReadFile(report->quarantine_file).value());
  for (const size_t gone : {1, 3, 4}) {
    const std::string saved = waiting_ + "/cut.xlsx";
    {
      SheetWriter writer(saved, "à corriger");
      writer.Heading(absl::MakeConstSpan(read.heading.names).subspan(gone));
      const std::vector<absl::string_view> cells(read.rows[0].begin() + static_cast<std::ptrdiff_t>(gone),
                                                 read.rows[0].end());
      ASSERT_TRUE(writer.Row(cells, {}).ok() && writer.Close().ok() && writer.Keep().ok());
    }
    EXPECT_THAT(WhyNot(Import(ReadFile(saved).value(), "cut.xlsx")),
                AllOf(HasSubstr("cut.xlsx"), HasSubstr("sheet \"à corriger\""), HasSubstr("first columns")))
        << gone;
    std::filesystem::remove(saved);
  }
}

TEST_F(Importing, TheSheetOfRowsSetAsideIsFoundWhereverItStands) {
  MadeWorkbook book;
  book.sheets = {{"Notes", TextRow(1, {"à demander à Awa"})},
                 {"Feuil1", TextRow(1, {"motif (penc)", "feuille (penc)", "ligne (penc)", "origine (penc)",
                                        "person_ref", "dest"}) +
                                TextRow(2, {"x", "", "7", "1", "P7", "b"})}};
  const auto report = Import(book.Bytes(), "q.xlsx");
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->staged.stored, 1u);
  Mapping mapping = OwnMapping(codebook_, *codebook_.FindTable("move"), {.names = {"person_ref", "dest"}});
  mapping.form.sheet = "Notes";
  EXPECT_THAT(WhyNot(Import(book.Bytes(), "q2.xlsx", false, false, &mapping)),
              AllOf(HasSubstr("\"Notes\""), HasSubstr("\"Feuil1\"")));
}

TEST_F(Importing, RowsThatComeBackAreKeptNoLongerThanThoseTheyWereSetAsideFrom) {
  const auto report = Import(kRows);
  ASSERT_TRUE(report.ok()) << report.status();
  ImportOptions options;
  options.file_name = "q.xlsx";
  options.keep_until_day = 30000;
  options.last_day_of = [](uint64_t batch) { return absl::make_optional<int64_t>(batch == 1 ? 25000 : 99); };
  ASSERT_TRUE(Import(Corrected(report->quarantine_file, {{"zz", "d"}}), options, "move").ok());
  EXPECT_EQ(store_->Batches()[1].keep_until_day, 25000);
}

}  // namespace
}  // namespace penc
