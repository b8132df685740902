// Exports of Kobo and ODK as offices get them, CSV and workbook: group paths, choices of several options both
// ways, repeat groups with their parents, rows that the office did not approve, what the form adds by itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_join.h"
#include "ingest/form_columns.h"
#include "tests/unit/ingest/importing.h"
#include "tests/unit/ingest/made_workbook.h"

namespace penc {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class FormExports : public Importing {
 protected:
  Mapping Read(const std::string& rest, const char* table = "move") {
    const auto read = ReadMapping(
        "m.yaml", absl::StrCat("mapping: m\ncodebook: small@1\ntable: ", table, "\n", rest), codebook_);
    EXPECT_TRUE(read.ok()) << read.status();
    return read.ok() ? *read : Mapping();
  }
  absl::StatusOr<ImportReport> Import(const std::string& bytes, const Mapping& mapping,
                                      const char* table = "move") {
    return Importing::Import(bytes, "export", false, false, &mapping, table);
  }
  // A child's file after its parents'.
  absl::StatusOr<ImportReport> ImportBoth(const std::string& parents, const std::string& children,
                                          const Mapping& mapping) {
    ImportOptions options;
    options.file_name = "membres.csv";
    options.parent_name = "menages.csv";
    options.parent_bytes = parents.size();
    options.mapping = &mapping;
    return Importing::Import(parents + children, options, "move");
  }
};

constexpr char kKobo[] =
    "start,end,profile/code,profile/sex,trip.dest,needs,needs/food,needs/care,needs/"
    "roof,gps,_gps_latitude,_gps_longitude,"
    "meta/instanceID,_id,_uuid,_submission_time,_validation_status,_submitted_by,__version__,_index\n"
    "t,t,p1,f,a,food roof,1,0,1,1 2,1,2,u,1,u1,2026-01-05T10:00:00,Approved,x,v,1\n"
    "t,t,p2,m,b,,,,,1 2,1,2,u,2,u2,2026-02-05T10:00:00,,x,v,2\n"
    "t,t,p3,m,b,,0,0,0,1 2,1,2,u,3,u3,2026-02-05T10:00:00,On hold,x,v,3\n"
    "t,t,p4,m,b,care,False,True,False,1 2,1,2,u,4,u4,2026-02-05T10:00:00,Not approved,x,v,4\n"
    "t,t,p5,m,c,care,False,True,,1 2,1,2,u,5,u5,2026-02-05T10:00:00,Approved,x,v,5\n"
    "t,t,p5,m,c,care,False,True,,1 2,1,2,u,5,u5,2026-02-05T10:00:00,Approved,x,v,5\n";

constexpr char kKoboMapping[] =
    "person: [profile/code]\nrow: [_uuid]\nstatus: {from: _validation_status, skip: [not APPROVED]}\n"
    "columns: {dest: trip.dest, needs: {options: needs}, month: _submission_time}\nignore: [profile/sex, "
    "needs]\n";

TEST_F(FormExports, OptionColumnsStatusAndTheFormsOwnColumns) {
  const auto report = Import(kKobo, Read(kKoboMapping));
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->read, 6u);
  EXPECT_EQ(report->staged.stored, 4u);
  EXPECT_EQ(report->staged.duplicate, 1u) << "exact duplicate by _uuid";
  EXPECT_EQ(report->dropped, 1u) << "not approved";
  std::vector<std::string> said;
  for (const ImportProblem& problem : report->problems) said.push_back(problem.what.en);
  EXPECT_THAT(said, Contains(AllOf(HasSubstr("the form adds by itself"), HasSubstr("_gps_latitude"),
                                   HasSubstr("start"))));
  EXPECT_THAT(said, Contains(HasSubstr("the organisation itself set aside")));
  ASSERT_TRUE(Close(kFirst).ok());
  EXPECT_THAT(Ask("SELECT main_of(needs), count(*) FROM move GROUP BY main_of(needs)"),
              ElementsAre(0, 1, 1, 2))
      << "food, care, roof, nothing stated";
}

TEST_F(FormExports, TheSummaryColumnSaysTheSame) {
  const Mapping mapping = Read(
      "person: [profile/code]\nrow: [_uuid]\ncolumns: {dest: trip.dest, needs: needs}\n"
      "ignore: [profile/sex, needs/*, _validation_status]\n");
  const auto report = Import(kKobo, mapping);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->staged.stored, 5u);
}

TEST_F(FormExports, ABlankOptionIsUnansweredAndSomethingElseIsAskedAbout) {
  const Mapping mapping =
      Read("person: [id]\ncolumns: {needs: {options: n, values: {autre: roof, detail: \"\"}}}\n");
  const auto report = Import(
      "id,n/food,n/Soins,n/autre,n/detail\n1,oui,non,,libre\n2,,,,\n3,,peut-être,,\n4,0,1,0,\n", mapping);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->quarantined, 1u);
  ASSERT_THAT(report->problems, SizeIs(1));
  EXPECT_EQ(report->problems[0].letters, "C");
  EXPECT_THAT(report->problems[0].what.en, HasSubstr("neither 1 nor 0"));
}

TEST_F(FormExports, AnOptionListThatChangedIsAskedAboutAtTheHeading) {
  const Mapping mapping = Read("person: [id]\ncolumns: {needs: {options: n}}\n");
  EXPECT_THAT(WhyNot(Import("id,n/food,n/water\n1,1,0\n", mapping)),
              AllOf(HasSubstr("export: row 1, column C \"n/water\""), HasSubstr("did the list change"),
                    HasSubstr("values")));
  EXPECT_THAT(
      WhyNot(Import("id,x\n1,1\n", Read("person: [id]\nignore: [x]\ncolumns: {needs: {options: n}}\n"))),
      HasSubstr("no column \"n/…\""));
}

TEST_F(FormExports, OptionLabelsMayHoldSlashesAndSpacesAroundThem) {
  const Mapping mapping = Read("person: [id]\ncolumns: {needs: {options: n, values: {eau / savon: care}}}\n");
  const auto report = Import("id,n / food,n/eau / savon\n1,1,0\n2,0,1\n3,1,1\n", mapping);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->staged.stored, 3u);
}

TEST_F(FormExports, TheMappingSaysWhichOfTwoEqualHeadingsItMeans) {
  const std::string file = "id,dest,dest,dest\n1,a,b,x\n2,b,b,y\n";
  EXPECT_THAT(WhyNot(Import(file, Read("person: [id]\ncolumns: {dest: dest}\n"))),
              AllOf(HasSubstr("export: row 1"), HasSubstr("3 times (columns B, C, D)"),
                    HasSubstr("\"dest (colonne B)\"")));
  const auto report = Import(
      file,
      Read(
          "person: [id]\ncolumns: {dest: dest (colonne C)}\nignore: [dest (colonne B), dest (colonne D)]\n"));
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->staged.stored, 2u);
  ASSERT_TRUE(Close(kFirst).ok());
  EXPECT_THAT(Ask("SELECT dest, count(*) FROM move GROUP BY dest"), ElementsAre(0, 2, 0, 0, 0));
}

TEST_F(FormExports, APersonThatNobodyNamedYetIsAskedForWithTheHeadings) {
  EXPECT_THAT(
      WhyNot(Import("code,dest\n1,a\n", Read("person: [\"?\"]\ncolumns: {dest: dest}\nignore: [code]\n"))),
      AllOf(HasSubstr("export: m.yaml line 4: person"), HasSubstr("code, dest"), HasSubstr("[each-row]")));
}

TEST_F(FormExports, ATitleAboveTheHeadingsIsNotReadAndSaidSo) {
  const auto report =
      Import("Liste des retours 2024\n\nid,dest\n1,a\n2,b\n", Read("person: [id]\ncolumns: {dest: dest}\n"));
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->staged.stored, 2u);
  ASSERT_THAT(report->problems, SizeIs(1));
  EXPECT_THAT(report->problems[0].what.en, HasSubstr("headings in row 3"));
}

std::string KoboBook() {
  MadeWorkbook book;
  book.sheets = {
      {"menages", TextRow(1, {"pays", "accord", "_index", "_uuid", "_validation_status"}) +
                      TextRow(2, {"a", "oui", "1", "u1", ""}) + TextRow(3, {"b", "non", "2", "u2", ""}) +
                      TextRow(4, {"b", "oui", "3", "u3", "Not approved"})},
      {"membres_du_menage_et_leurs_traj",
       TextRow(1, {"dest", "_index", "_parent_table_name", "_parent_index", "_submission__uuid"}) +
           TextRow(2, {"a", "1", "menages", "1", "u1"}) + TextRow(3, {"b", "2", "menages", "1", "u1"}) +
           TextRow(4, {"c", "3", "menages", "2", "u2"}) + TextRow(5, {"c", "4", "menages", "3", "u3"}) +
           TextRow(6, {"zz", "5", "menages", "1", "u1"}) + TextRow(7, {"a", "6", "menages", "99", "u1"}) +
           TextRow(8, {"a", "7", "autre", "1", "u1"}) + TextRow(9, {"d", "8", "menages", "1", "u1"}) +
           TextRow(10, {"d", "9", "menages", "1", "u1"})},
      {"colis", TextRow(1, {"quoi", "_index", "_parent_index"}) + TextRow(2, {"food", "1", "2"}) +
                    TextRow(3, {"care", "2", "3"})}};
  return book.Bytes();
}

TEST_F(FormExports, RepeatGroupsAreReadWithTheirParents) {
  const Mapping mapping = Read(
      "file: {sheet: membres_du_menage_et_leurs_trajets}\n"
      "parent: {sheet: menages, here: _parent_index, there: _index}\n"
      "person: [../_uuid, _index]\nconsent: {from: ../accord, keep: [oui]}\n"
      "status: {from: ../_validation_status, skip: [Not approved]}\n"
      "columns: {dest: dest, origin: ../pays}\n");
  const auto report = Import(KoboBook(), mapping);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->read, 9u);
  EXPECT_EQ(report->staged.stored, 4u);
  EXPECT_EQ(report->dropped, 2u) << "one without consent, one not approved";
  EXPECT_EQ(report->quarantined, 3u) << "unknown code, no such parent, another parent's sheet";
  ASSERT_TRUE(Close(kFirst).ok());
  EXPECT_THAT(Ask("SELECT origin, count(*) FROM move GROUP BY origin"), ElementsAre(4, 0, 0, 0, 0));
}

TEST_F(FormExports, RowsSetAsideBringTheirParentsColumnsAlong) {
  const Mapping mapping = Read(
      "file: {sheet: membres_du_menage_et_leurs_trajets}\n"
      "parent: {sheet: menages, here: _parent_index, there: _index}\n"
      "person: [../_uuid, _index]\ncolumns: {dest: dest, origin: ../pays}\n");
  const auto report = Import(KoboBook(), mapping);
  ASSERT_TRUE(report.ok()) << report.status();
  const CsvRows kept = Kept(report->quarantine_file);
  EXPECT_THAT(kept[0], AllOf(Contains("../pays"), Contains("../_uuid")));
  EXPECT_THAT(kept[1], AllOf(Contains("zz"), Contains("u1"), Contains("membres_du_menage_et_leurs_traj"),
                             Contains("6")));
  const auto second = Import(Corrected(report->quarantine_file, {{"zz", "d"}, {"", ""}}), mapping);
  EXPECT_THAT(WhyNot(second), HasSubstr("more than half")) << "the two without parents stay";
}

TEST_F(FormExports, ARowOfARepeatInARepeatKnowsItsGrandparents) {
  const Mapping mapping = Read(
      "file: {sheet: colis}\nparent: {sheet: membres_du_menage_et_leurs_trajets, here: _parent_index, there: "
      "_index, "
      "parent: {sheet: menages, here: _parent_index, there: _index}}\n"
      "person: [../../_uuid, _parent_index]\ncolumns: {needs: quoi, dest: ../dest, origin: ../../pays}\n");
  const auto report = Import(KoboBook(), mapping);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->staged.stored, 2u);
  ASSERT_TRUE(Close(kFirst).ok());
  EXPECT_THAT(Ask("SELECT origin, count(*) FROM move GROUP BY origin"), ElementsAre(1, 1, 0, 0, 0));
}

TEST_F(FormExports, ParentAndChildAreTwoFiles) {
  const Mapping mapping = Read(
      "parent: {here: KEY_hh, there: KEY_hh}\nperson: [KEY_hh, KEY_ind]\n"
      "columns: {dest: dest, origin: ../pays}\n");
  const std::string parents = "KEY_hh;pays;nom\n1;a;x\n2;b;y\n2;b;y\n3;a;z\n3;c;z\n";
  const auto report =
      ImportBoth(parents, "KEY_hh,KEY_ind,dest\n1,1,a\n2,2,b\n1,3,c\n2,4,d\n 2 ,5,d\n3,6,a\n", mapping);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->staged.stored, 5u);
  ASSERT_EQ(report->quarantined, 1u);
  EXPECT_THAT(report->problems[0].what.en, HasSubstr("two different parents"));
  const std::string corrected = Corrected(report->quarantine_file, {{"3", "2"}});
  EXPECT_FALSE(Import(corrected, mapping).ok()) << "its parent is not in the file";
  const auto second = ImportBoth(parents, corrected, mapping);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->staged.stored, 1u);
  EXPECT_THAT(WhyNot(Import("KEY_hh,KEY_ind,dest\n1,1,a\n", mapping)), HasSubstr("--parent"));
  EXPECT_THAT(WhyNot(ImportBoth("cle;pays\n1;a\n", "KEY_hh,KEY_ind,dest\n1,1,a\n", mapping)),
              AllOf(HasSubstr("menages.csv"), HasSubstr("KEY_hh")));
  EXPECT_THAT(WhyNot(ImportBoth(parents, "KEY_hh,KEY_ind,dest\n",
                                Read("person: [KEY_ind]\ncolumns: {dest: dest}\nignore: [KEY_hh]\n"))),
              HasSubstr("does not say how to join"));
}

TEST_F(FormExports, LabelsAndNamesBothNameAColumn) {
  MadeWorkbook book;
  book.sheets = {{"f", TextRow(1, {"id", "destination", "_uuid"}) +
                           TextRow(2, {"Code", "Où va la personne ?", "_uuid"}) +
                           TextRow(3, {"1", "A", "u1"}) + TextRow(4, {"2", "B", "u2"})}};
  for (const char* from : {"destination", "\"Où va la personne ?\"", "\"où va la  personne ? \""}) {
    const Mapping mapping = Read(absl::StrCat("person: [Code]\ncolumns: {dest: {from: ", from, "}}\n"));
    ImportOptions options;
    options.file_name = "f.xlsx";
    options.mapping = &mapping;
    options.dry_run = true;
    const auto report = Importing::Import(book.Bytes(), options, "move");
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_EQ(report->staged.stored, 2u);
  }
}

TEST_F(FormExports, TagsAloneMapAFileToTheCodebook) {
  Codebook tagged = codebook_;
  Table& move = tagged.tables[*tagged.FindTable("move")];
  move.columns[*move.Find("dest")].hxl = "#country+dest+code";
  const std::string file = "Référence,Pays,\n#x_person_ref,#country +code +dest,\n1,a,\n2,b,\n";
  MemoryFile bytes(file);
  NoSteps steps;
  ImportOptions options;
  options.table = *tagged.FindTable("move");
  options.now = clock_.Now();
  const auto report = ImportFile(bytes, tagged, *store_, key_, steps, options);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->staged.stored, 2u);
}

TEST_F(FormExports, AFrenchExcelsCsvInEveryEncoding) {
  const Mapping mapping = Read(
      "file: {encoding: windows-1252, decimal: \",\", dates: dd/mm/yyyy}\nperson: [Référence]\n"
      "columns: {cost: \"Coût\", month: Date}\n");
  const std::string utf8 = "Référence;Coût;Date\r\né1;\"1 240,50\";05/02/2026\r\né2;12;31/12/2025\r\n";
  const std::string latin = absl::StrReplaceAll(utf8, {{"é", "\xE9"}, {"û", "\xFB"}});
  std::string utf16 = "\xFF\xFE";
  for (char c : latin) utf16.append({c, '\0'});  // of these letters the numbers are the same
  int stored = 0;
  for (const std::string& bytes : {latin, "\xEF\xBB\xBF" + utf8, utf16}) {
    const auto report = Import(bytes, mapping);
    ASSERT_TRUE(report.ok()) << report.status();
    stored += static_cast<int>(report->staged.stored);
    EXPECT_EQ(report->quarantined, 0u);
    ASSERT_TRUE(store_->Undo(report->batch).ok());  // else the next one is refused: it says the same
  }
  EXPECT_EQ(stored, 6);
}

TEST_F(FormExports, NumbersAndDatesOfAWorkbookNeedNoForm) {
  MadeWorkbook book;
  book.uses = {14, 22};
  book.sheets = {
      {"f", TextRow(1, {"id", "cout", "jour"}) +
                "<row r=\"2\"><c r=\"A2\"><v>7</v></c><c r=\"B2\"><v>12.5</v></c><c r=\"C2\" "
                "s=\"1\"><v>46054</v></c></row>"
                "<row r=\"3\"><c r=\"A3\"><v>8</v></c><c r=\"B3\"><v>1E3</v></c><c r=\"C3\" "
                "s=\"2\"><v>46054.75</v></c></row>"
                "<row r=\"4\"><c r=\"A4\"><v>9</v></c><c r=\"B4\" t=\"e\"><v>#REF!</v></c><c "
                "r=\"C4\"><v>46054</v></c></row>"
                "<row r=\"5\"><c r=\"A5\"><v>9</v></c><c r=\"C5\"><v>46054</v></c></row>"
                "<row r=\"6\"><c r=\"A6\"><v>9</v></c><c r=\"B6\"><f>1+1</f></c></row>"
                "<row r=\"7\"><c r=\"A7\"><v>9</v></c></row><row r=\"8\"><c r=\"A8\"><v>9</v></c></row>"}};
  // A decimal comma and an order of days are said for texts; numbers and dates of the workbook are what they
  // are.
  const Mapping mapping =
      Read("file: {decimal: \",\", dates: mm/dd/yyyy}\nperson: [id]\ncolumns: {cost: cout, month: jour}\n");
  const auto report = Import(book.Bytes(), mapping);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->staged.stored, 4u);
  std::vector<std::string> said;
  for (const ImportProblem& problem : report->problems)
    said.push_back(absl::StrCat(problem.first_row, problem.letters, " ", problem.what.en));
  EXPECT_THAT(said, ElementsAre(HasSubstr("4B formula error"), HasSubstr("5C a bare number"),
                                HasSubstr("6B formula without")));
}

TEST(FormColumns, AreThoseOfAFormAndOfNoOrdinaryList) {
  const std::vector<std::string> list = {"start", "end", "status", "key"};
  EXPECT_THAT(FormColumns(list), ElementsAre(false, false, false, false));
  const std::vector<std::string> form = {"start", "q/end", "q/gps", "q/_gps_latitude",
                                         "_uuid", "KEY",   "today", "_other"};
  EXPECT_THAT(FormColumns(form), ElementsAre(true, false, true, true, true, true, true, false));
}

}  // namespace
}  // namespace penc
