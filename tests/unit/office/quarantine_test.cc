// How long rows set aside live: as long as the batch that they are of, and until they came back.
#include "office/quarantine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "ingest/row_file.h"
#include "ingest/xlsx/sheet_writer.h"
#include "store/record_store.h"
#include "tests/support/small_office.h"

namespace penc {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

absl::Time At(int year, int month, int day) {
  return absl::FromCivil(absl::CivilDay(year, month, day), absl::UTCTimeZone());
}

constexpr char kTwoBad[] =
    "person_ref,race,year\nP1,black,70\nP2,white,71\nP3,other,72\nP4,blue,70\nP5,green,71\n";

class SetAside : public SmallOffice {
 protected:
  void SetUp() override { Create(); }  // on 2026-08-15

  std::string ImportBad(const std::string& until = "", const std::string& name = "work.csv") {
    v1::AdminCommand command;
    command.mutable_import_file()->set_file_name(name);
    command.mutable_import_file()->set_table("work");
    command.mutable_import_file()->set_keep_until(until);
    const auto imported =
        Run(command, absl::StrReplaceAll(kTwoBad, {{"\nP", absl::StrCat("\n", name, "-P")}}));
    EXPECT_TRUE(imported.ok()) << imported.status();
    return imported.ok() ? imported->import_file().quarantine_file() : "";
  }
  // The file as somebody brings it who corrected these cells.
  std::string Corrected(const std::string& path, const std::map<std::string, std::string>& cells) {
    const std::string saved = dir_ + ".saved.xlsx";
    SheetWriter writer(saved, "Feuil1");
    const auto source = OpenFile(path).value();
    const auto file = OpenRowFile(*source).value();
    SheetForm first;
    first.at = 0;
    EXPECT_TRUE(file->ReadPlain(first,
                                [&](const FileRow& row) {
                                  std::vector<std::string> changed(row.cells.begin(), row.cells.end());
                                  for (std::string& cell : changed) {
                                    if (const auto found = cells.find(cell); found != cells.end())
                                      cell = found->second;
                                  }
                                  const std::vector<absl::string_view> views(changed.begin(), changed.end());
                                  return writer.Row(views, row.kinds);
                                })
                    .ok());
    EXPECT_TRUE(writer.Close().ok() && writer.Keep().ok());
    const std::string bytes = ReadFile(saved).value();
    std::filesystem::remove(saved);
    return bytes;
  }
  static std::vector<std::string> Notices(const absl::StatusOr<v1::AdminResult>& result) {
    EXPECT_TRUE(result.ok()) << result.status();
    std::vector<std::string> said;
    for (const v1::Label& notice : result->notices()) said.push_back(notice.en());
    return said;
  }
  absl::StatusOr<v1::AdminResult> Undo(uint64_t batch) {
    v1::AdminCommand command;
    command.mutable_undo()->set_batch(batch);
    return Run(command);
  }
  absl::StatusOr<v1::AdminResult> Expire() {
    v1::AdminCommand command;
    command.mutable_expire();
    return Run(command);
  }
  std::vector<std::string> Files() { return QuarantineFiles(*office_); }
};

TEST_F(SetAside, LeavesWithTheLastDayOfItsBatch) {
  const std::string over = ImportBad("2026-08-20"), kept = ImportBad("2026-12-31", "later.csv");
  clock_.now = At(2026, 8, 20);
  EXPECT_THAT(Notices(Expire()), IsEmpty());
  EXPECT_TRUE(FileExists(over));
  clock_.now = At(2026, 8, 21);
  EXPECT_THAT(Notices(Expire()),
              ElementsAre(HasSubstr("batch 1"), AllOf(HasSubstr("removed"), HasSubstr("batch 1"))));
  EXPECT_FALSE(FileExists(over));
  EXPECT_TRUE(FileExists(kept));
}

TEST_F(SetAside, LeavesAtTheNextStartWhereACrashCameBetween) {
  const std::string over = ImportBad("2026-08-20"), undone = ImportBad("", "undone.csv");
  ASSERT_TRUE(office_->store().Expire(30000).ok());
  ASSERT_TRUE(office_->store().Undo(2).ok());
  EXPECT_EQ(Files().size(), 2u);
  Open();
  EXPECT_THAT(Files(), IsEmpty());
}

TEST_F(SetAside, ACopyBroughtAfterTheLastDayOfItsRowsIsRefused) {
  const std::string bytes = Corrected(ImportBad("2026-08-20"), {{"blue", "black"}, {"green", "white"}});
  clock_.now = At(2026, 8, 21);
  const auto late = Import(bytes, "late.xlsx");
  EXPECT_THAT(Explain(late.status()).en,
              AllOf(HasSubstr("late.xlsx"), HasSubstr("batch 1"), HasSubstr("2026-08-20")));
}

TEST_F(SetAside, ACopyThatSomebodyMadeLosesTheRowsWhoseLastDayIsOver) {
  const std::string over = ImportBad("2026-08-20"), kept = ImportBad("2026-12-31", "later.csv");
  const std::string copy = absl::StrCat(dir_, "/quarantine/copy.xlsx");
  std::filesystem::rename(over, copy);
  std::filesystem::rename(kept, absl::StrCat(dir_, "/quarantine/other.xlsx"));
  clock_.now = At(2026, 8, 21);
  ASSERT_TRUE(Expire().ok());
  EXPECT_THAT(Files(), ElementsAre("other.xlsx"));
}

TEST_F(SetAside, LeavesWithAnUndoUnlessSomebodyEditedIt) {
  const std::string plain = ImportBad(), edited = ImportBad("", "edited.csv");
  ASSERT_TRUE(WriteFileAtomically(edited, Corrected(edited, {{"blue", "black"}}), 0600).ok());
  EXPECT_THAT(Notices(Undo(1)), ElementsAre(AllOf(HasSubstr("removed with batch 1"))));
  EXPECT_FALSE(FileExists(plain));
  EXPECT_THAT(Notices(Undo(2)), ElementsAre(AllOf(HasSubstr("edited.xlsx"), HasSubstr("it stays"))));
  Open();
  EXPECT_TRUE(FileExists(edited));
}

TEST_F(SetAside, OfAnUndoneBatchLeavesAllTheSameWhenItsLastDayIsOver) {
  const std::string edited = ImportBad("2026-08-20");
  ASSERT_TRUE(WriteFileAtomically(edited, Corrected(edited, {{"blue", "black"}}), 0600).ok());
  ASSERT_TRUE(Undo(1).ok());
  clock_.now = At(2026, 8, 21);
  ASSERT_TRUE(Expire().ok());
  EXPECT_FALSE(FileExists(edited));
}

TEST_F(SetAside, OfAnImportThatWasCutOffGoesAtTheNextStart) {
  const std::string path = ImportBad();
  const std::string name = std::filesystem::path(path).filename(),
                    orphan = absl::StrCat(dir_, "/quarantine/orphan.xlsx");
  std::filesystem::copy(path, orphan);
  ASSERT_TRUE(NoteQuarantine(*office_, orphan, orphan, {"person_ref"}, 99).ok());
  ASSERT_TRUE(Expire().ok());
  EXPECT_TRUE(FileExists(orphan)) << "its write may have reached the disk";
  Open();
  EXPECT_THAT(Files(), ElementsAre(name));
}

TEST_F(SetAside, GoesWhenAllOfItsRowsCameBackAndAreClosed) {
  const std::string path = ImportBad();
  const auto some = Import(Corrected(path, {{"blue", "black"}}), "half.xlsx");
  EXPECT_THAT(Notices(some), ElementsAre(HasSubstr("all of its rows came back")))
      << "the one that is still wrong waits in a file of its own";
  const std::string second = some->import_file().quarantine_file();
  ASSERT_NE(second, "");
  EXPECT_THAT(Notices(Close()), ElementsAre(HasSubstr("all of its rows came back")));
  EXPECT_FALSE(FileExists(path));
  EXPECT_TRUE(FileExists(second));
  EXPECT_THAT(Notices(Import(Corrected(second, {{"green", "white"}}), "rest.xlsx")),
              ElementsAre(HasSubstr("all of its rows came back")));
  clock_.now = At(2026, 11, 1);
  ASSERT_TRUE(Close().ok());
  EXPECT_THAT(Files(), IsEmpty());
}

TEST_F(SetAside, RowsThatSomebodyLeftOutStillWaitAndAnUndoGivesBackTheOthers) {
  const std::string path = ImportBad();
  std::string half = Corrected(path, {{"blue", "black"}});
  const std::string csv = "motif (penc);feuille (penc);ligne (penc);origine (penc);person_ref;race;year\n";
  // One of its two rows, as it stands there.
  std::string row;
  {
    const auto source = OpenFile(path).value();
    const auto file = OpenRowFile(*source).value();
    ASSERT_TRUE(
        file->Read(
                {}, [](const FileHeading&) { return absl::OkStatus(); },
                [&](const FileRow& one) {
                  if (row.empty())
                    row = absl::StrCat(
                        "\"",
                        absl::StrJoin(std::vector<std::string>(one.cells.begin(), one.cells.end()), "\";\""),
                        "\"\n");
                  return absl::OkStatus();
                })
            .ok());
  }
  const auto one = Import(csv + absl::StrReplaceAll(row, {{"blue", "black"}}), "one.csv");
  EXPECT_THAT(Notices(one), ElementsAre(HasSubstr("rows that came back: 1, that still wait: 1")));
  ASSERT_TRUE(Undo(2).ok());
  ASSERT_TRUE(Close().ok());
  EXPECT_TRUE(FileExists(path));
  const auto again = Import(half, "half.xlsx");
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->import_file().stored(), 1u);
  clock_.now = At(2026, 11, 1);
  ASSERT_TRUE(Close().ok());
  EXPECT_FALSE(FileExists(path));
}

TEST_F(SetAside, WaitsWhereItsRowsConflictWithOthersOfTheirPerson) {
  const auto imported =
      Import("person_ref,race,year\nP1,black,70\nP2,white,71\nP3,other,72\nP1,black,99\n", "work.csv");
  const std::string path = imported->import_file().quarantine_file();
  const auto conflict = Import(Corrected(path, {{"99", "70"}, {"black", "white"}}), "q.xlsx");
  ASSERT_TRUE(conflict.ok()) << conflict.status();
  ASSERT_EQ(conflict->import_file().conflicting(), 1u);
  ASSERT_TRUE(Close().ok());
  EXPECT_TRUE(FileExists(path));
}

}  // namespace
}  // namespace penc
