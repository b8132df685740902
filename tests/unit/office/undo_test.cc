// What an office is told when it takes a file back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/small_office.h"

namespace penc {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class Undoing : public SmallOffice {
 protected:
  void SetUp() override { Create(); }

  std::string Undo(uint64_t batch) {
    v1::AdminCommand command;
    command.mutable_undo()->set_batch(batch);
    const auto result = Run(command);
    EXPECT_TRUE(result.ok()) << result.status();
    std::string said;
    if (!result.ok()) return said;
    for (const v1::Label& notice : result->notices()) absl::StrAppend(&said, notice.en(), "\n");
    return said;
  }
  absl::StatusOr<v1::AdminResult> Identified(const std::string& rows, const std::string& name) {
    v1::AdminCommand command;
    v1::ImportCommand& import = *command.mutable_import_file();
    import.set_file_name(name);
    import.set_mapping(
        "mapping: m\ncodebook: small@1\ntable: work\nperson: [who]\nrow: [id]\n"
        "columns: {race: race, year: year}\n");
    return Run(command, "id,who,race,year\n" + rows);
  }
};

TEST_F(Undoing, AStagedFileNeedsNoWarning) {
  ASSERT_TRUE(Import(Rows(3)).ok());
  EXPECT_THAT(Undo(1), IsEmpty());
}

TEST_F(Undoing, SaysWhatAClosedEditionKeeps) {
  ASSERT_TRUE(Import(Rows(3)).ok());
  ASSERT_TRUE(Close().ok());
  EXPECT_THAT(Undo(1), AllOf(HasSubstr("closed in 2026-Q3"), HasSubstr("The edition stays")));
  EXPECT_EQ(Status().rows(), 0u);
  EXPECT_EQ(Status().persons(), 3u);
}

TEST_F(Undoing, WarnsOfLaterFilesWhoseRowsWereThereAlready) {
  ASSERT_TRUE(Identified("1,x,black,70\n2,y,white,71\n", "one.csv").ok());
  ASSERT_TRUE(Identified("3,z,white,71\n", "other.csv").ok());
  ASSERT_TRUE(Identified("1,x,black,70\n2,y,white,71\n4,w,other,72\n", "grown.csv").ok());
  ASSERT_TRUE(Close().ok());
  EXPECT_THAT(Undo(2), Not(HasSubstr("came later"))) << "what grown.csv repeats is another file's";
  EXPECT_THAT(Undo(1), HasSubstr("batches 3) repeated rows of the undone batch"));
  EXPECT_EQ(Status().rows(), 1u);
  Undo(3);
  ASSERT_TRUE(Identified("1,x,black,70\n2,y,white,71\n4,w,other,72\n", "grown.csv").ok());
  EXPECT_EQ(Status().staged_rows(), 3u) << "the next step that the warning names";
}

}  // namespace
}  // namespace penc
