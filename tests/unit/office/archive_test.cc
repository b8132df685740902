#include "office/archive.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "base/file.h"

namespace penc {
namespace {

namespace fs = std::filesystem;

class Archive : public ::testing::Test {
 protected:
  Archive() {
    fs::remove_all(root_);
    fs::create_directories(root_ + "/in/keys");
    fs::create_directories(root_ + "/out");
    big_.assign(3 << 20, 'x');
    EXPECT_TRUE(WriteFileAtomically(root_ + "/in/keys/node.key", "secret", 0600).ok());
    EXPECT_TRUE(WriteFileAtomically(root_ + "/in/big", big_).ok());
  }
  ~Archive() override { fs::remove_all(root_); }

  const std::string root_ = absl::StrCat(::testing::TempDir(), "/archive_test");
  const std::string file_ = root_ + "/a.tar";
  std::string big_;
};

TEST_F(Archive, GivesBackWhatWentIn) {
  auto bytes = WriteArchive(file_, {{root_ + "/in", "office"}});
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  EXPECT_EQ(*bytes, fs::file_size(file_));
  struct stat found;
  ASSERT_EQ(stat(file_.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600u);
  ASSERT_TRUE(ReadArchive(file_, root_ + "/out").ok());
  EXPECT_EQ(*ReadFile(root_ + "/out/office/keys/node.key"), "secret");
  EXPECT_EQ(*ReadFile(root_ + "/out/office/big"), big_);
  ASSERT_EQ(stat((root_ + "/out/office/keys/node.key").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600u);
}

TEST_F(Archive, NeverOverwritesAFile) {
  ASSERT_TRUE(WriteFileAtomically(file_, "mine").ok());
  EXPECT_EQ(WriteArchive(file_, {{root_ + "/in", "office"}}).status().code(),
            absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(*ReadFile(file_), "mine");
}

TEST_F(Archive, RefusesWhatIsNoArchive) {
  ASSERT_TRUE(WriteFileAtomically(file_, "card: not a backup\n").ok());
  EXPECT_EQ(ReadArchive(file_, root_ + "/out").code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReadArchive(root_ + "/nowhere", root_ + "/out").code(), absl::StatusCode::kDataLoss);
}

TEST_F(Archive, CutOffFileIsDamage) {
  ASSERT_TRUE(WriteArchive(file_, {{root_ + "/in", "office"}}).ok());
  fs::resize_file(file_, fs::file_size(file_) / 2);
  EXPECT_EQ(ReadArchive(file_, root_ + "/out").code(), absl::StatusCode::kDataLoss);
}

TEST_F(Archive, RefusesNamesThatLeadOutAndLinks) {
  fs::create_directories(root_ + "/evil");
  ASSERT_TRUE(WriteFileAtomically(root_ + "/evil/f", "x").ok());
  fs::create_symlink("/etc/passwd", root_ + "/evil/l");
  for (const char* tar :
       {"tar -C evil -cf a.tar --transform 's,^f,../escaped,' -P f", "tar -C evil -cf a.tar -P l",
        "tar -C evil -cf a.tar --transform 's,^f,/tmp/penc-escaped,' -P f"}) {
    ASSERT_EQ(std::system(absl::StrCat("cd ", root_, " && ", tar).c_str()), 0);
    EXPECT_FALSE(ReadArchive(file_, root_ + "/out").ok()) << tar;
  }
  EXPECT_FALSE(FileExists(root_ + "/escaped"));
  EXPECT_FALSE(FileExists("/tmp/penc-escaped"));
}

}  // namespace
}  // namespace penc
