// Questions in words: the thirteen of the network, and what single conditions become.
#include "question/sentence.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "codebook/read.h"
#include "question/bind.h"
#include "question/bulletin.h"

namespace penc {
namespace {

class Sentences : public ::testing::Test {
 protected:
  Sentences() {
    const std::string path = PENC_SOURCE_DIR "/policy/codebook/migration.yaml";
    codebook_ = *ReadCodebook(path, *ReadFile(path));
  }
  Text Said(const std::string& sql) {
    v1::Question question;
    question.set_sql(sql);
    const auto bound = Bind(question, codebook_);
    EXPECT_TRUE(bound.ok()) << sql << ": " << bound.status();
    if (!bound.ok()) return {};
    const Text said = Sentence(*bound, codebook_);
    // The journal keeps the canonical text: it must say the same.
    v1::Question again;
    again.set_sql(CanonicalText(*bound, codebook_));
    EXPECT_EQ(Sentence(*Bind(again, codebook_), codebook_).fr, said.fr);
    return said;
  }
  Codebook codebook_;
};

TEST_F(Sentences, TheThirteenQuestionsOfTheNetwork) {
  const std::string path = PENC_SOURCE_DIR "/policy/questions/bulletin.yaml";
  const auto bulletin = ReadBulletin(path, *ReadFile(path), "2026-Q3");
  ASSERT_TRUE(bulletin.ok()) << bulletin.status();
  std::string said;
  for (const v1::Question& question : bulletin->questions()) said += Said(question.sql()).fr + "\n";
  EXPECT_EQ(said, R"()");
}

}  // namespace
}  // namespace penc
