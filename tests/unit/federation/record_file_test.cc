#include "federation/record_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/status.h"
#include "crypto/hash.h"

namespace penc {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

v1::RoundRecord SmallRecord() {
  v1::RoundRecord record;
  record.set_format(1);
  record.mutable_terms()->set_body("a descriptor");
  record.add_vectors("words");
  record.set_codebook("codebook: tiny");
  return record;
}

std::string WhyNot(const std::string& bytes) {
  const auto read = ReadRecord("x.penc", bytes);
  if (read.ok()) return "read";
  EXPECT_EQ(read.status().code(), absl::StatusCode::kDataLoss);
  return Explain(read.status()).en;
}

std::string Framed(const std::string& message) {
  return absl::StrCat("penc round record 1\n", Sha256(message), message);
}

TEST(RecordFiles, AreReadAsTheyWereWritten) {
  const v1::RoundRecord record = SmallRecord();
  const auto read = ReadRecord("x.penc", WriteRecord(record));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->SerializeAsString(), record.SerializeAsString());
}

TEST(RecordFiles, EveryFlippedByteAndEveryCutIsFound) {
  const std::string file = WriteRecord(SmallRecord());
  for (size_t at = 0; at < file.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = file;
      flipped[at] = static_cast<char>(flipped[at] ^ (1 << bit));
      EXPECT_NE(WhyNot(flipped), "read") << at;
    }
    EXPECT_NE(WhyNot(file.substr(0, at)), "read") << at;
  }
  EXPECT_NE(WhyNot(file + "x"), "read");
}

TEST(RecordFiles, SayWhatIsWrongWithThem) {
  EXPECT_THAT(WhyNot("%PDF-1.4"), HasSubstr("not the answer of a round"));
  EXPECT_THAT(WhyNot("penc round record 2\nabc"), HasSubstr("another format"));
  EXPECT_THAT(WhyNot(WriteRecord(SmallRecord()).substr(0, 40)), HasSubstr("damaged or cut"));
}

TEST(RecordFiles, HoldNothingThatNobodyLooksAt) {
  const std::string message = SmallRecord().SerializeAsString();
  EXPECT_EQ(WhyNot(Framed(message)), "read");
  // A field of tomorrow, at the top and below; a field twice; fields out of order.
  EXPECT_THAT(WhyNot(Framed(message + "\xa2\x06\x01x")), HasSubstr("not written as penc writes"));
  v1::RoundRecord below = SmallRecord();
  below.mutable_terms()->GetReflection()->MutableUnknownFields(below.mutable_terms())->AddVarint(77, 1);
  EXPECT_THAT(WhyNot(Framed(below.SerializeAsString())), HasSubstr("not written as penc writes"));
  EXPECT_THAT(WhyNot(Framed(message + "\x08\x01")), HasSubstr("not written as penc writes"));
  EXPECT_THAT(WhyNot(Framed(absl::StrCat(message.substr(2), message.substr(0, 2)))),
              HasSubstr("not written as penc writes"));
  v1::RoundRecord other = SmallRecord();
  other.set_format(2);
  EXPECT_THAT(WhyNot(Framed(other.SerializeAsString())), HasSubstr("not written as penc writes"));
}

class RecordFolders : public ::testing::Test {
 protected:
  RecordFolders() {
    char name[] = "/tmp/penc_records_XXXXXX";
    folder_ = ::mkdtemp(name);
  }
  ~RecordFolders() override { fs::remove_all(folder_); }
  std::string folder_;
};

TEST_F(RecordFolders, KeepRecordsUnderTheirIdsForTheirOwnerAlone) {
  const v1::RoundRecord record = SmallRecord();
  const std::string answers = folder_ + "/answers";
  ASSERT_TRUE(SaveRecord(answers, record).ok());
  ASSERT_TRUE(SaveRecord(answers, record).ok()) << "again";
  const std::string id = RoundId(Sha256("a descriptor"));
  EXPECT_THAT(IdsIn(answers), ElementsAre(id));
  const std::string path = RecordPath(answers, Sha256("a descriptor"));
  EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(fs::status(answers).permissions(), fs::perms::owner_all);
  EXPECT_EQ(LoadRecord(path)->SerializeAsString(), record.SerializeAsString());
  EXPECT_EQ(LoadRecord(folder_ + "/none.penc").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(RecordFolders, ListIdsAndNothingElse) {
  const std::string id(64, 'a'), other = std::string(63, 'a') + "b";
  for (const std::string& name : {id + ".penc", other + ".penc", id + ".terms", id + ".penc.tmp",
                                  std::string("notes.penc"), std::string(64, 'g') + ".penc"}) {
    ASSERT_TRUE(WriteFileAtomically(folder_ + "/" + name, "x").ok());
  }
  EXPECT_THAT(IdsIn(folder_), ElementsAre(id, other));
  EXPECT_THAT(IdsIn(folder_, ".terms"), ElementsAre(id));
  EXPECT_THAT(IdsIn(folder_ + "/none"), ::testing::IsEmpty());
  EXPECT_EQ(FindId({id, other}, id).value(), id);
  EXPECT_EQ(FindId({id, other}, absl::StrCat(std::string(63, 'A'), "B")).value(), other);
  EXPECT_EQ(FindId({id, other}, "aaa").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(FindId({id, other}, "bc").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(FindId({id}, "").status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace penc
