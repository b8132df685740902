// Files as they lie on a disk: plain, compressed, cut short, not there.
#include "ingest/byte_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace penc {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class Files : public ::testing::Test {
 protected:
  Files() {
    std::filesystem::create_directory(folder_);
    for (int i = 0; i < 100000; ++i) absl::StrAppend(&text_, i * 7919 % 100003, ",", i, "\n");
  }
  ~Files() override { std::filesystem::remove_all(folder_); }

  std::string Plain() const {
    std::ofstream(folder_ + "/plain.csv", std::ios::binary) << text_;
    return folder_ + "/plain.csv";
  }
  std::string Compressed() const {
    std::string path = folder_ + "/packed.csv";  // known by its content, whatever its name
    gzFile file = gzopen(path.c_str(), "wb");
    EXPECT_EQ(gzwrite(file, text_.data(), static_cast<unsigned>(text_.size())),
              static_cast<int>(text_.size()));
    EXPECT_EQ(gzclose(file), Z_OK);
    return path;
  }
  absl::StatusOr<std::string> ReadAll(const std::string& path) const {
    ASSIGN_OR_RETURN(const std::unique_ptr<ByteSource> file, OpenFile(path));
    std::string all, piece(5000, 0);
    for (;;) {
      ASSIGN_OR_RETURN(const size_t n, file->Read(absl::MakeSpan(piece)));
      if (n == 0) return all;
      all.append(piece, 0, n);
    }
  }

  const std::string folder_ =
      absl::StrCat(std::filesystem::temp_directory_path().string(), "/penc_files_test_", getpid());
  std::string text_;
};

TEST_F(Files, AreReadWhetherCompressedOrNot) {
  EXPECT_EQ(*ReadAll(Plain()), text_);
  const std::string packed = Compressed();
  EXPECT_LT(std::filesystem::file_size(packed), text_.size() / 2);
  EXPECT_EQ(*ReadAll(packed), text_);
}

TEST_F(Files, ThatAreCompressedAndCutShortOrDamagedAreNotTakenForWhole) {
  const std::string packed = Compressed();
  const auto size = std::filesystem::file_size(packed);
  // Four bytes of the compressed middle are others.
  std::fstream file(packed, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(size / 2)).write("\xA5\x5A\xA5\x5A", 4);
  file.close();
  EXPECT_EQ(ReadAll(packed).status().code(), absl::StatusCode::kDataLoss);
  for (const size_t left : {size - 1, size - 8, size / 2}) {
    std::filesystem::resize_file(Compressed(), left);
    const auto read = ReadAll(packed);
    EXPECT_EQ(read.status().code(), absl::StatusCode::kDataLoss) << left << " of " << size;
    EXPECT_THAT(Explain(read.status()).en, AllOf(HasSubstr("packed.csv"), HasSubstr("nothing was imported")));
  }
}

TEST_F(Files, ThatAreNoneAreNamed) {
  const auto none = OpenFile(folder_ + "/none.csv");
  EXPECT_EQ(none.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(Explain(none.status()).en, AllOf(HasSubstr("none.csv"), HasSubstr("check the path")));
  EXPECT_THAT(Explain(OpenFile(folder_).status()).en, HasSubstr("this is a folder"));
}

}  // namespace
}  // namespace penc
