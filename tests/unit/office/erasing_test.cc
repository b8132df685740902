// Erasing a person from everything that the office has: records, rows set aside, old files. Crashes:
// tests/robustness/persons.py.
#include "office/erasing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "ingest/byte_source.h"
#include "ingest/row_file.h"
#include "office/quarantine_erasing.h"
#include "store/record_store.h"
#include "tests/support/small_office.h"
#include "tests/unit/ingest/made_workbook.h"

namespace penc {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class Erasing : public SmallOffice {
 protected:
  void SetUp() override { Create(); }

  absl::StatusOr<v1::AdminResult> Erase(const std::vector<std::string>& person) {
    v1::AdminCommand command;
    for (const std::string& part : person) command.mutable_erase()->add_person(part);
    return Run(command);
  }
  // A file of good rows and one bad row each of P1 and P2.
  std::string ImportWithBadRows(const std::string& name = "work.csv") {
    const auto imported = Import(absl::StrCat("person_ref,race,year\nP1,black,70\nP2,white,71\nP3,other,72\n",
                                              name, ",other,72\n P1 ,blue,70\nP2,black,99\n"),
                                 name);
    EXPECT_TRUE(imported.ok()) << imported.status();
    return imported->import_file().quarantine_file();
  }
  // What a file of rows says, whatever its kind, as a CSV of quoted cells.
  static std::string Read(const std::string& path) {
    std::string text;
    const auto add = [&](const auto& cells) {
      for (const auto& cell : cells)
        absl::StrAppend(&text, text.empty() || text.back() == '\n' ? "" : ";", "\"", cell, "\"");
      text += "\n";
    };
    const auto source = OpenFile(path).value();
    const auto file = OpenRowFile(*source).value();
    EXPECT_TRUE(file->Read(
                        {},
                        [&](const FileHeading& heading) {
                          add(heading.names);
                          return absl::OkStatus();
                        },
                        [&](const FileRow& row) {
                          add(row.cells);
                          return absl::OkStatus();
                        })
                    .ok());
    return text;
  }
  std::string Quarantine(const std::string& name, const std::string& text) {
    const std::string path = absl::StrCat(dir_, "/quarantine/", name);
    EXPECT_TRUE(WriteFileAtomically(path, text, 0600).ok());
    return path;
  }
};

TEST_F(Erasing, TakesThePersonOutOfRecordsAndOfRowsSetAside) {
  const std::string file = ImportWithBadRows();
  ASSERT_TRUE(Close().ok());
  ASSERT_THAT(Read(file), HasSubstr("P1"));
  const auto erased = Erase({"p1"});
  ASSERT_TRUE(erased.ok()) << erased.status();
  EXPECT_EQ(erased->erase().rows(), 1u);
  ASSERT_EQ(erased->erase().quarantine_size(), 1);
  EXPECT_EQ(erased->erase().quarantine(0).rows(), 1u);
  EXPECT_FALSE(erased->erase().quarantine(0).by_any_column());
  EXPECT_FALSE(erased->erase().quarantine(0).removed());
  EXPECT_GT(erased->erase().proof().chunks(), 5u);
  EXPECT_GT(erased->erase().proof().files_removed(), 0u);
  EXPECT_EQ(erased->erase().backups(), 0u);
  EXPECT_THAT(Read(file), Not(HasSubstr("P1")));
  EXPECT_THAT(Read(file), HasSubstr("P2"));
  struct stat info {};
  ASSERT_EQ(::stat(file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  // It reads as it did: corrected, it can be imported.
  const auto again = Import(absl::StrReplaceAll(Read(file), {{"\"99\"", "\"71\""}}), "corrected.csv");
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->import_file().stored() + again->import_file().conflicting(), 1u);
  // The last row of a file takes the file along.
  const auto other = Erase({"P2"});
  ASSERT_TRUE(other.ok()) << other.status();
  EXPECT_TRUE(other->erase().quarantine(0).removed());
  EXPECT_FALSE(FileExists(file));
}

TEST_F(Erasing, OfSomebodyWhoIsOnlySetAsideIsJournaled) {
  ImportWithBadRows();
  Quarantine("other.csv",
             "\"motif (penc)\";\"ligne (penc)\";\"person_ref\"\n\"x\";\"2\";\"Q9\"\n\"x\";\"3\";\"Q8\"\n");
  const uint64_t before = Status().journal_size();
  const auto erased = Erase({"Q9"});
  ASSERT_TRUE(erased.ok()) << erased.status();
  EXPECT_EQ(erased->erase().rows(), 0u);
  EXPECT_EQ(erased->erase().quarantine(0).rows(), 1u);
  EXPECT_EQ(Status().journal_size(), before + 1);
  EXPECT_TRUE(Erase({"Q9"}).ok());
  EXPECT_EQ(Status().journal_size(), before + 1) << "nobody is left to be erased";
}

TEST_F(Erasing, FindsACompositeReferenceByItsColumns) {
  v1::AdminCommand command;
  v1::ImportCommand* import = command.mutable_import_file();
  import->set_file_name("parts.csv");
  import->set_mapping(
      "mapping: parts\ncodebook: small@1\ntable: work\nperson: [site, number]\n"
      "columns: {race: {from: race}, year: {from: year}}\n");
  const auto imported = Run(command,
                            "site,number,race,year\nA,7,black,70\nB,7,white,71\nA,7,blue,70\nB,7,blue,71\n7,"
                            "A,other,72\nC,9,other,73\n");
  ASSERT_TRUE(imported.ok()) << imported.status();
  const std::string file = imported->import_file().quarantine_file();
  const auto erased = Erase({"A", "7"});
  ASSERT_TRUE(erased.ok()) << erased.status();
  EXPECT_EQ(erased->erase().rows(), 1u) << "parts have an order";
  EXPECT_EQ(erased->erase().quarantine(0).rows(), 1u);
  EXPECT_THAT(Read(file), Not(HasSubstr("\"A\";\"7\"")));
  EXPECT_THAT(Read(file), HasSubstr("\"B\";\"7\""));
}

// Files from before it was noted which columns hold the reference, and rows whose cells stand elsewhere.
TEST_F(Erasing, SeeksEverywhereWhereColumnsAreNotKnown) {
  const std::string noted = ImportWithBadRows();
  const std::string moved = absl::StrCat(dir_, "/quarantine/renamed.xlsx");
  std::filesystem::rename(noted, moved);
  const auto erased = Erase({"P1"});
  ASSERT_TRUE(erased.ok()) << erased.status();
  ASSERT_EQ(erased->erase().quarantine_size(), 1);
  EXPECT_TRUE(erased->erase().quarantine(0).by_any_column());
  EXPECT_THAT(Read(moved), Not(HasSubstr("P1")));
  EXPECT_THAT(Read(moved), HasSubstr("P2"));

  const auto shifted =
      Import("person_ref,race,year\nP5,black,70\nP6,black,71\nP7,black,71\noops,P5,black,70\n");
  ASSERT_TRUE(shifted.ok()) << shifted.status();
  EXPECT_EQ(shifted->import_file().quarantined(), 1u);
  ASSERT_TRUE(Erase({"P5"}).ok());
  EXPECT_FALSE(FileExists(shifted->import_file().quarantine_file()));
}

// An office adds sheets and moves them about.
TEST_F(Erasing, SeeksInEverySheetAndLeavesWhatIsNotThePersons) {
  const std::vector<std::string> heading = {"motif (penc)",   "feuille (penc)", "ligne (penc)",
                                            "origine (penc)", "person_ref",     "race"};
  MadeWorkbook book;
  book.sheets = {{"Notes", TextRow(1, {"P8", "call back"}) + TextRow(3, {"P9", "moved"})},
                 {"cachée", TextRow(2, {"total", "12"}), "hidden"},
                 {"à corriger", TextRow(1, heading) + TextRow(2, {"x", "", "5", "1", "P9", "blue"}) +
                                    TextRow(3, {"x", "", "6", "1", "P8", "blue"})}};
  const std::string path = Quarantine("many.xlsx", book.Bytes());
  const auto erased = Erase({"p9"});
  ASSERT_TRUE(erased.ok()) << erased.status();
  ASSERT_EQ(erased->erase().quarantine_size(), 1);
  EXPECT_EQ(erased->erase().quarantine(0).rows(), 2u);
  EXPECT_EQ(erased->erase().quarantine(0).sheets(), 3u);
  const auto source = OpenFile(path).value();
  const auto file = OpenRowFile(*source).value();
  ASSERT_EQ(file->sheets().size(), 3u);
  EXPECT_TRUE(file->sheets()[1].hidden);
  std::vector<std::string> rows;
  for (size_t i = 0; i < 3; ++i) {
    SheetForm form;
    form.at = i;
    ASSERT_TRUE(
        file->ReadPlain(
                form,
                [&](const FileRow& row) {
                  rows.push_back(absl::StrCat(
                      file->sheets()[i].name, row.number, ":",
                      absl::StrJoin(std::vector<std::string>(row.cells.begin(), row.cells.end()), ",")));
                  return absl::OkStatus();
                })
            .ok());
  }
  EXPECT_THAT(rows, ElementsAre("Notes1:P8,call back", "cachée2:total,12",
                                "à corriger1:" + absl::StrJoin(heading, ","), "à corriger2:x,,6,1,P8,blue"));
}

TEST_F(Erasing, AWorkbookWithASheetThatCannotBeReadStaysAndIsNamed) {
  MadeWorkbook book;
  book.sheets = {{"bon", TextRow(1, {"P9", "x"})}, {"mauvais", "<row r=\"1\"><c"}};
  const std::string bytes = book.Bytes(), path = Quarantine("broken.xlsx", bytes);
  const auto erased = Erase({"P9"});
  ASSERT_TRUE(erased.ok()) << erased.status();
  ASSERT_EQ(erased->erase().quarantine_size(), 1);
  EXPECT_TRUE(erased->erase().quarantine(0).has_unread());
  EXPECT_THAT(erased->erase().quarantine(0).unread().fr(), HasSubstr("mauvais"));
  EXPECT_EQ(ReadFile(path).value(), bytes);
}

// The records have forgotten the person, and a crash came before the folder: no reference is left to seek by.
TEST_F(Erasing, WhatACrashCutOffIsFinishedByWhatWasWrittenDown) {
  const std::string three = Quarantine("three.csv", "A;x;B;C\n\"1\";\"2\";\"3\";\"4\"\n");
  const std::string changed = Quarantine("changed.csv", "A;x;B;C\n\"1\";\"2\";\"3\";\"4\"\n");
  ASSERT_TRUE(Import("person_ref,race,year\nP3,other,72\n").ok());
  PersonKeyMaker maker(office_->records_key());
  PersonKey person;
  ASSERT_TRUE(maker.Make({"A", "B", "C"}, &person));
  PersonMatch match(maker, person, {"A", "B", "C"});
  const FoundInQuarantine found = FindInQuarantine(*office_, match);
  ASSERT_EQ(found.rows.files_size(), 2);
  ASSERT_TRUE(NoteErasing(*office_, found.rows).ok());
  ASSERT_TRUE(office_->store().Erase(person, true).ok());
  Quarantine("changed.csv", "something else\n");
  std::vector<std::string> told;
  Environment telling = environment();
  telling.tell = [&](const Text& text) { told.push_back(text.en); };
  office_.reset();
  office_ = Office::Open(dir_, telling).value();
  EXPECT_THAT(Read(three), Not(HasSubstr("\"A\"")));
  EXPECT_THAT(ReadFile(three).value(), HasSubstr("\"4\""));
  EXPECT_THAT(told, ElementsAre(AllOf(HasSubstr("changed.csv"), HasSubstr("penc erase once more"))));
  EXPECT_FALSE(office_->store().Unfinished().has_value());
  // Nothing of it is done again to a file of the same name.
  Quarantine("three.csv", "A;x;B;C\n\"1\";\"2\";\"3\";\"4\"\n");
  Open();
  EXPECT_THAT(ReadFile(three).value(), HasSubstr("A;x;B;C"));
}

TEST_F(Erasing, NamesTheOfficesOwnFilesThatHoldThePersonStill) {
  ImportWithBadRows("first.csv");
  ASSERT_TRUE(Import("person_ref,race,year\nP1,black,74\n", "second.csv").ok());
  ASSERT_TRUE(Import("person_ref,race,year\nP2,white,75\n", "third.csv").ok());
  ASSERT_TRUE(Import("person_ref,race,year\nA,black,76\nB,black,76\nP1,blue,76\n", "aside.csv").ok());
  ASSERT_TRUE(Close().ok());
  const auto erased = Erase({"P1"});
  ASSERT_TRUE(erased.ok()) << erased.status();
  EXPECT_THAT(erased->erase().own_files(), ElementsAre("first.csv", "second.csv", "aside.csv"));
  EXPECT_TRUE(Erase({"P1"})->erase().own_files().empty());
}

TEST_F(Erasing, NamesFilesThatItCannotRead) {
  ImportWithBadRows();
  Quarantine("photo.jpg", std::string("\xFF\xD8\xFF\xE0\0\x10JFIF\0", 12));
  const auto erased = Erase({"P1"});
  ASSERT_TRUE(erased.ok()) << erased.status();
  std::string unread;
  for (const auto& file : erased->erase().quarantine()) unread += file.has_unread() ? file.file() : "";
  EXPECT_EQ(unread, "photo.jpg");
}

TEST_F(Erasing, SaysThatBackupsHoldTheRowsStill) {
  ImportWithBadRows();
  v1::AdminCommand backup;
  backup.mutable_backup()->set_path(absl::StrCat(dir_, ".backup"));
  std::filesystem::remove(backup.backup().path());
  ASSERT_TRUE(Run(backup).ok());
  const auto erased = Erase({"P1"});
  ASSERT_TRUE(erased.ok()) << erased.status();
  EXPECT_EQ(erased->erase().backups(), 1u);
  EXPECT_EQ(erased->erase().last_backup_unix_micros(), absl::ToUnixMicros(clock_.now));
  std::filesystem::remove(backup.backup().path());
}

}  // namespace
}  // namespace penc
