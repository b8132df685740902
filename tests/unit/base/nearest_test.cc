#include "base/nearest.h"

#include <gtest/gtest.h>

#include "base/utf8.h"

namespace penc {
namespace {

TEST(Nearest, FindsTheMisspeltWordAndKeepsQuietOtherwise) {
  const std::vector<std::string> known = {"nationality", "sex", "age_band", "route"};
  EXPECT_EQ(Nearest("natoinality", known), "nationality");
  EXPECT_EQ(Nearest("Sex", known), "sex");
  EXPECT_EQ(Nearest("ageband", known), "age_band");
  EXPECT_EQ(Nearest("roote", known), "route");
  EXPECT_EQ(Nearest("income", known), "");
  EXPECT_EQ(Nearest("xyz", known), "");
  EXPECT_EQ(Nearest("", known), "");
  EXPECT_EQ(Nearest(std::string(100000, 'a'), known), "");
}

TEST(Utf8, FindsTheFirstBadByte) {
  EXPECT_EQ(FirstInvalidUtf8("Sénégal 🌍"), absl::string_view::npos);
  EXPECT_EQ(FirstInvalidUtf8("a\x80"), 1u);
  EXPECT_EQ(FirstInvalidUtf8("\xc0\xaf"), 0u);          // overlong
  EXPECT_EQ(FirstInvalidUtf8("\xe0\x80\x80"), 0u);      // overlong
  EXPECT_EQ(FirstInvalidUtf8("ab\xed\xa0\x80"), 2u);    // surrogate
  EXPECT_EQ(FirstInvalidUtf8("\xf4\x90\x80\x80"), 0u);  // above U+10FFFF
  EXPECT_EQ(FirstInvalidUtf8("\xc3"), 0u);              // cut
}

}  // namespace
}  // namespace penc
