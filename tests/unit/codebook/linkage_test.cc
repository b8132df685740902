// How a codebook says that persons of several organisations are recognised.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_replace.h"
#include "codebook/check.h"
#include "codebook/read.h"

namespace penc {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kBook[] = R"(
codebook: test
version: 2
codes:
  sex: [f, m]
tables:
  person:
    unit: person
    columns:
      sex: {type: code, codes: sex}
      network_bucket: {type: integer, range: [0, 1048575], sensitivity: never}
  visit:
    unit: event
    caps: {cells: 3, rows: 3}
    columns:
      number: {type: integer, range: [0, 1048575], sensitivity: never}
linkage:
  column: person.network_bucket
  fields: [surname, given_name, birth_year]
  key_check: "00112233445566778899aabbccddeeff"
)";

absl::StatusOr<Codebook> With(std::initializer_list<std::pair<absl::string_view, absl::string_view>> edits) {
  std::string text = kBook;
  for (const auto& edit : edits) {
    EXPECT_THAT(text, HasSubstr(std::string(edit.first)));
    text = absl::StrReplaceAll(text, {edit});
  }
  return ReadCodebook("book.yaml", text);
}
std::string WhyNot(std::initializer_list<std::pair<absl::string_view, absl::string_view>> edits) {
  const auto read = With(edits);
  return read.ok() ? "read all the same" : Explain(read.status()).en;
}

constexpr char kWhole[] =
    "linkage:\n  column: person.network_bucket\n  fields: [surname, given_name, birth_year]\n"
    "  key_check: \"00112233445566778899aabbccddeeff\"\n";
constexpr char kColumn[] = "      network_bucket: {type: integer, range: [0, 1048575], sensitivity: never}\n";

TEST(Linkage, NamesItsColumnFieldsAndKey) {
  const Codebook book = *With({});
  ASSERT_TRUE(book.linkage.has_value());
  EXPECT_EQ(book.linkage->column, (ColumnRef{0, 1}));
  EXPECT_THAT(book.linkage->fields, ElementsAre("surname", "given_name", "birth_year"));
  EXPECT_FALSE(With({{kWhole, ""}})->linkage.has_value());
}

TEST(Linkage, TakesOnlyAColumnThatNobodyCanAskAndThatHoldsAllBuckets) {
  for (const auto& edit : std::initializer_list<std::pair<absl::string_view, absl::string_view>>{
           {"column: person.network_bucket", "column: person.sex"},
           {"column: person.network_bucket", "column: person.nothing"},
           {"column: person.network_bucket", "column: visit.number"},
           {"column: person.network_bucket", "column: network_bucket"},
           {"1048575], sensitivity: never", "1048575], sensitivity: public"},
           {"[0, 1048575]", "[1, 1048575]"},
           {"[0, 1048575]", "[0, 1000]"}}) {
    EXPECT_THAT(WhyNot({edit}), HasSubstr("linkage.column")) << edit.second;
  }
}

TEST(Linkage, RefusesFieldsAndCheckValuesThatMeanNothing) {
  EXPECT_THAT(WhyNot({{"[surname, given_name, birth_year]", "[]"}}), HasSubstr("linkage.fields"));
  EXPECT_THAT(WhyNot({{"given_name", "surname"}}), HasSubstr("linkage.fields"));
  EXPECT_THAT(WhyNot({{"given_name", "Given Name"}}), HasSubstr("linkage.fields"));
  EXPECT_THAT(WhyNot({{"ddeeff\"", "ddee\""}}), HasSubstr("linkage.key_check"));
  EXPECT_THAT(WhyNot({{"ddeeff\"", "ddeefg\""}}), HasSubstr("linkage.key_check"));
}

// Offices that make buckets with different keys have different codebooks, so that no plan of one is a plan of
// the other: a round's descriptor is refused before anything is charged.
TEST(Linkage, AnotherKeyOrOtherFieldsAreAnotherCodebook) {
  const std::string hash = With({})->hash;
  EXPECT_NE(hash, With({{"0011", "0012"}})->hash);
  EXPECT_NE(hash, With({{"surname, given_name", "given_name, surname"}})->hash);
  EXPECT_NE(hash, With({{kWhole, ""}})->hash);
}

TEST(Linkage, OfStoredBucketsStaysWhatItIs) {
  const Codebook old = *With({});
  const auto why = [&](std::initializer_list<std::pair<absl::string_view, absl::string_view>> edits) {
    std::vector<std::pair<absl::string_view, absl::string_view>> all = {{"version: 2", "version: 3"}};
    std::string text = absl::StrReplaceAll(kBook, all);
    for (const auto& edit : edits) text = absl::StrReplaceAll(text, {edit});
    const auto next = ReadCodebook("next.yaml", text);
    EXPECT_TRUE(next.ok()) << next.status();
    const absl::Status allowed = AdditionsOnly(old, *next);
    return allowed.ok() ? std::string("ok") : Explain(allowed).en;
  };
  EXPECT_EQ(why({}), "ok");
  EXPECT_THAT(why({{"0011", "0012"}}), HasSubstr("key or fields changed"));
  EXPECT_THAT(why({{"surname, given_name", "given_name, surname"}}), HasSubstr("key or fields changed"));
  EXPECT_THAT(why({{kWhole, ""}}), HasSubstr("removed"));
  // A new key with a new column.
  const std::string both =
      std::string(kColumn) + "      bucket_2: {type: integer, range: [0, 1048575], sensitivity: never}\n";
  EXPECT_EQ(why({{kColumn, both}, {"person.network_bucket", "person.bucket_2"}, {"0011", "0012"}}), "ok");
}

TEST(Linkage, BeginsWithAColumnThatIsNewWithIt) {
  const Codebook without = *With({{kWhole, ""}, {"version: 2", "version: 1"}});
  EXPECT_THAT(Explain(AdditionsOnly(without, *With({}))).en, HasSubstr("was there before"));
  const Codebook before = *With({{kWhole, ""}, {kColumn, ""}, {"version: 2", "version: 1"}});
  EXPECT_TRUE(AdditionsOnly(before, *With({})).ok());
}

TEST(Linkage, BucketsOfFewerAreTheFirstBits) {
  EXPECT_EQ(Linkage::BucketOf(1 + 0xABCDE, 20), 0xABCDEu);
  EXPECT_EQ(Linkage::BucketOf(1 + 0xABCDE, 12), 0xABCu);
  EXPECT_EQ(Linkage::BucketOf(1, 10), 0u);
  EXPECT_EQ(Linkage::BucketOf(1 << 20, 10), 1023u);
}

}  // namespace
}  // namespace penc
