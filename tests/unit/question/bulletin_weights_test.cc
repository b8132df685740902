#include "question/bulletin_weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "question/bulletin.h"

namespace penc {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kFile[] = R"(# a comment
bulletin: b
questions:
  # the first
  - title: one
    sql: >-
      SELECT count(*)
      FROM t
    margin: 20
  - sql: SELECT count(*) FROM t
    margin: 7
    weight: 12   # of the last time
  - {title: three, sql: SELECT count(*) FROM t}
)";

TEST(BulletinWeights, AreWrittenAndNothingElseChanges) {
  const auto written = WithWeights("b.yaml", kFile, {3, 40, 1000});
  ASSERT_TRUE(written.ok()) << written.status();
  EXPECT_EQ(*written, R"(# a comment
bulletin: b
questions:
  # the first
  - title: one
    weight: 3
    sql: >-
      SELECT count(*)
      FROM t
    margin: 20
  - sql: SELECT count(*) FROM t
    margin: 7
    weight: 40   # of the last time
  - {weight: 1000, title: three, sql: SELECT count(*) FROM t}
)");
  // Once more: the same.
  EXPECT_EQ(*WithWeights("b.yaml", *written, {3, 40, 1000}), *written);
}

TEST(BulletinWeights, KeepTheLinesOfWindows) {
  const auto written = WithWeights(
      "b.yaml", "bulletin: b\r\nquestions:\r\n  - sql: SELECT count(*) FROM t\r\n    margin: 5\r\n", {9});
  ASSERT_TRUE(written.ok()) << written.status();
  EXPECT_EQ(
      *written,
      "bulletin: b\r\nquestions:\r\n  - weight: 9\r\n    sql: SELECT count(*) FROM t\r\n    margin: 5\r\n");
}

TEST(BulletinWeights, AreNamedWhereTheFileCannotBeChanged) {
  const absl::Status status =
      WithWeights("b.yaml", "bulletin: b\nquestions: [{sql: SELECT 1}, {sql: SELECT 2}]\n", {3, 40}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("in this order: 3, 40"));
}

TEST(BulletinWeights, NeverChangeATitle) {
  const std::string head = "bulletin: b\nquestions:\n  - {title: \"";
  EXPECT_EQ(*WithWeights("b.yaml", head + "weight: 3\", weight: 4, sql: SELECT 1}\n", {5}),
            head + "weight: 3\", weight: 5, sql: SELECT 1}\n");
  EXPECT_EQ(WithWeights("b.yaml", head + "x, weight: 3\", weight: 4, sql: SELECT 1}\n", {5}).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST(BulletinMargins, AreReadAndMustBecomeWeights) {
  const auto margins = BulletinMargins("b.yaml", kFile);
  ASSERT_TRUE(margins.ok()) << margins.status();
  EXPECT_THAT(*margins, ElementsAre(20, 7, absl::nullopt));
  EXPECT_THAT(
      std::string(CheckMarginsAreWeights("b.yaml", kFile).message()),
      HasSubstr("b.yaml line 9: questions[0].margin: this margin is not a weight yet: run penc plan"));
  EXPECT_TRUE(CheckMarginsAreWeights("b.yaml", *WithWeights("b.yaml", kFile, {3, 40, 1})).ok());
  EXPECT_THAT(
      std::string(BulletinMargins("b.yaml", "bulletin: b\nquestions:\n  - {sql: SELECT 1, margin: 0}\n")
                      .status()
                      .message()),
      HasSubstr("line 3: questions[0].margin: give at least 1"));
}

}  // namespace
}  // namespace penc
