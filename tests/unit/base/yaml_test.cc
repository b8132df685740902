// What people write wrongly in YAML, and what they are told: one row per kind of mistake.
#include "base/yaml.h"

#include <gmock/gmock.h>
#include <google/protobuf/struct.pb.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "penc/storage/v1/codebook.pb.h"

namespace penc {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

storage::v1::Codebook Read(absl::string_view text, YamlLines* lines = nullptr) {
  storage::v1::Codebook book;
  const absl::Status status = ReadYaml("a.yaml", text, &book, lines);
  EXPECT_TRUE(status.ok()) << status;
  return book;
}

constexpr char kGood[] =
    "codebook: nls\n"
    "version: 1\n"
    "reference_promise: {epsilon: 8, delta: 1e-6}\n"
    "codes:\n"
    "  race: [black, {code: white, fr: Blanche}]\n"
    "tables:\n"
    "  work:\n"
    "    unit: event\n"
    "    caps: {cells: 4, rows: 15}\n"
    "    columns:\n"
    "      zone: {type: code, codes: race, constant: true}\n"
    "      age:\n"
    "        type: integer\n"
    "        range: [010, \"99\"]\n";

TEST(Yaml, ReadsMappingsListsShorthandsAndKeys) {
  YamlLines lines;
  const auto book = Read(kGood, &lines);
  EXPECT_EQ(book.codebook(), "nls");
  EXPECT_EQ(book.version(), 1u);
  EXPECT_EQ(book.reference_promise().delta(), "1e-6");  // texts are verbatim
  ASSERT_THAT(book.codes(), SizeIs(1));
  EXPECT_EQ(book.codes(0).name(), "race");
  ASSERT_THAT(book.codes(0).codes(), SizeIs(2));
  EXPECT_EQ(book.codes(0).codes(0).code(), "black");
  EXPECT_EQ(book.codes(0).codes(1).fr(), "Blanche");
  const auto& columns = book.tables(0).columns();
  ASSERT_THAT(columns, SizeIs(2));
  EXPECT_EQ(columns[0].name(), "zone");  // order of the file, not of the alphabet
  EXPECT_EQ(columns[0].type(), storage::v1::COLUMN_TYPE_CODE);
  EXPECT_TRUE(columns[0].constant());
  EXPECT_THAT(columns[1].range(), ElementsAre("010", "99"));

  EXPECT_EQ(lines.LineOf("tables.work.columns.zone.codes"), 11);
  EXPECT_EQ(lines.LineOf("tables.work.columns.age.range"), 14);
  EXPECT_EQ(lines.LineOf("tables.work.columns.age.range[7]"), 14);  // the nearest that was written
  EXPECT_EQ(lines.LineOf("tables.work.columns.age.to"), 12);
  EXPECT_EQ(lines.LineOf("elsewhere"), 1);
  EXPECT_EQ(lines.LineOf("codes.race[1].fr"), 5);
  EXPECT_FALSE(lines.Has("tables.work.labels"));
}

TEST(Yaml, AcceptsByteOrderMarkAndWindowsLineEnds) {
  std::string text = "\xef\xbb\xbf";
  for (const char* c = kGood; *c != 0; ++c) text += *c == '\n' ? "\r\n" : std::string(1, *c);
  YamlLines lines;
  EXPECT_EQ(Read(text, &lines).SerializeAsString(), Read(kGood).SerializeAsString());
  EXPECT_EQ(lines.LineOf("tables.work.columns.age.range"), 14);
}

TEST(Yaml, ErrorsAfterReadingNameFileLineAndPathInBothLanguages) {
  YamlLines lines;
  Read(kGood, &lines);
  const Text text = Explain(lines.Error("tables.work.caps.rows", {"trop", "too many"}));
  EXPECT_EQ(text.fr, "a.yaml ligne 9: tables.work.caps.rows: trop");
  EXPECT_EQ(text.en, "a.yaml line 9: tables.work.caps.rows: too many");
}

struct Mistake {
  const char* name;
  std::string text;
  std::string expected;  // a part of the English message, beginning with its line
};

std::string Repeat(absl::string_view text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) absl::StrAppend(&all, text);
  return all;
}

// A file whose first three lines are right.
std::string With(absl::string_view rest) {
  return absl::StrCat("codebook: a\nversion: 1\ntables: {}\n", rest);
}

const std::vector<Mistake>& Mistakes() {
  static const auto* const mistakes = new std::vector<Mistake>{
      {"Empty", "", "line 1: the file is empty"},
      {"OnlyComments", "# nothing\n\n", "line 1: the file is empty"},
      {"DuplicateKey", With("codes: {}\n\ncodes: {}\n"),
       "line 6: \"codes\" is written twice (first on line 4)"},
      {"DuplicateKeyDeep", With("codes:\n  sex: [f]\n  age: [u]\n  sex: [m]\n"),
       "line 7: \"sex\" is written twice"},
      {"UnknownKey", With("closings: month\n"), "line 4: closings: unknown key (did you mean \"closing\"?)"},
      {"UnknownKeyFarFromAll", With("zzz: 1\n"), "line 4: zzz: unknown key; possible: codebook, version"},
      {"UnknownKeyDeep", With("codes:\n  sex:\n    - {code: f, frr: Femme}\n"),
       "line 6: codes.sex[0].frr: unknown key (did you mean \"fr\"?)"},
      {"KeyFieldWrittenInside", With("codes:\n  sex: {name: x, codes: [f]}\n"),
       "line 5: codes.sex.name: unknown key"},
      {"OctalNumber", "codebook: a\nversion: 010\n",
       "line 2: version: expected a whole number from 0, in digits"},
      {"HexNumber", "version: 0x10\n", "line 1: version: expected a whole number"},
      {"Underscores", "version: 1_000\n", "line 1: version: expected a whole number"},
      {"PlusSign", "version: +1\n", "line 1: version: expected a whole number"},
      {"Fraction", "version: 1.0\n", "found \"1.0\"; example: version: 1"},
      {"QuotedNumber", "version: \"1\"\n", "without quotes"},
      {"Negative", "version: -1\n", "line 1: version: expected a whole number from 0"},
      {"TooLarge", "version: 4294967296\n", "line 1: version: expected a whole number"},
      {"FarTooLarge", "version: 99999999999999999999999\n", "line 1: version: expected a whole number"},
      {"YesForTrue", "tables: {t: {unit: event, columns: {c: {type: code,\n constant: yes}}}}\n",
       "line 2: tables.t.columns.c.constant: expected true or false, found \"yes\"; example: constant: true"},
      {"EnumMisspelt", "closing: monht\n",
       "line 1: closing: expected one of month, quarter, year, found \"monht\" (did you mean \"month\"?)"},
      {"EnumInFullSpelling", "closing: CLOSING_MONTH\n",
       "line 1: closing: expected one of month, quarter, year"},
      {"ScalarForMapping", With("reference_promise: 8\n"),
       "line 4: reference_promise: expected a mapping, found \"8\"; example: reference_promise: {epsilon: 8, "
       "delta: 1e-6}"},
      {"ScalarForList", With("codes:\n  sex: f\n"),
       "line 5: codes.sex: expected a list in brackets, found \"f\""},
      {"ListForKeyed", With("codes:\n  - sex\n"), "line 5: codes: expected a mapping, found a list"},
      {"ListForText", "codebook: [a]\n",
       "line 1: codebook: expected a text, found a list; example: codebook: migration"},
      {"NothingForText", "codebook:\nversion: 1\n", "codebook: expected a text, found nothing"},
      {"NothingForMapping", With("codes:\n  sex:\n  age: [u]\n"), "codes.sex: expected a mapping"},
      {"ListAtTop", "- a\n", "line 1: expected a mapping (codebook, version"},
      {"Missing", "codebook: a\n\ntables: {}\n", "line 1: \"version\" is missing; example: version: 1"},
      {"MissingDeep", With("reference_promise:\n  epsilon: 8\n"),
       "line 5: reference_promise: \"delta\" is missing"},
      {"Anchor", With("codes: &a {}\n"), "line 4: YAML anchors and aliases"},
      {"AnchorOnScalar", "codebook: &a b\n", "line 1: YAML anchors and aliases"},
      {"Alias", With("codes: *a\n"), "line 4, column 8: malformed YAML (a YAML alias (*); quote the value)"},
      {"Merge", With("<<: {codes: {}}\n"), "line 4: <<: unknown key"},
      {"Tag", "codebook: !!str a\n", "line 1: YAML tags (!) are not accepted"},
      {"TagOnMapping", With("codes: !x {}\n"), "line 4: YAML tags (!) are not accepted"},
      {"SeveralDocuments", With("---\ncodebook: b\n"), "line 5: a second document starts here"},
      {"Tabs", "codes:\n\tsex: [f]\n", "malformed YAML"},
      {"OpenBracket", With("codes: {sex: [f\n"), "malformed YAML"},
      {"OpenQuote", "codebook: \"a\n", "malformed YAML (a quote is not closed)"},
      {"Unaligned", "codes:\n    sex: [f]\n  age: [u]\n",
       "line 3, column 3: malformed YAML (a line is not aligned"},
      {"TwoColons", "codebook: a: b\n", "line 1, column 12: malformed YAML (a colon too many"},
      {"MappingAsKey", With("{a: b}: c\n"), "line 4: a key must be a word"},
      {"EmptyKey", With("~: c\n"), "line 4: an empty key"},
      {"TooDeep", Repeat("[", 40) + Repeat("]", 40), "line 1: more than 32 levels"},
      {"FarTooDeep", Repeat("[", 100000), "line 1: "},
      {"DeepBlocks", Repeat("- ", 5000) + "a", "line 1: more than 32 levels"},
      {"TooManyValues", absl::StrCat("[", Repeat("a,", 200001), "]"), "line 1: more than 200000 values"},
      {"TooLargeFile", Repeat("# comment\n", 500000), "a.yaml: more than 4 MiB"},
      {"NulByte", std::string("codebook: a\nversion: \0001\n", 24), "line 2: NUL byte"},
      {"Utf16",
       std::string("\xff\xfe"
                   "c\0o\0",
                   6),
       "line 1: NUL byte; save the file as UTF-8"},
      {"NotUtf8", "codebook: a\n# S\xe9n\xe9gal\n", "line 2: not UTF-8"},
      {"Surrogate", "codebook: \xed\xa0\x80\n", "line 1: not UTF-8"},
  };
  return *mistakes;
}

class YamlMistakes : public ::testing::TestWithParam<size_t> {};

TEST_P(YamlMistakes, NameTheLineAndWhatIsExpected) {
  const Mistake& mistake = Mistakes()[GetParam()];
  storage::v1::Codebook book;
  const absl::Status status = ReadYaml("a.yaml", mistake.text, &book);
  ASSERT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << mistake.name;
  EXPECT_THAT(std::string(status.message()), HasSubstr(mistake.expected));
  EXPECT_THAT(std::string(status.message()), ::testing::StartsWith("a.yaml"));
  EXPECT_NE(Explain(status).fr, Explain(status).en);
}
INSTANTIATE_TEST_SUITE_P(All, YamlMistakes, ::testing::Range<size_t>(0, Mistakes().size()),
                         [](const auto& info) { return std::string(Mistakes()[info.param].name); });

TEST(Yaml, MapFieldsAndOneofs) {
  google::protobuf::Struct bag;
  ASSERT_TRUE(ReadYaml("a.yaml", "fields: {\"\": {string_value: no}, b.c: {bool_value: true}}", &bag).ok());
  EXPECT_EQ(bag.fields().at("").string_value(), "no");
  EXPECT_TRUE(bag.fields().at("b.c").bool_value());
  const absl::Status both =
      ReadYaml("a.yaml", "fields:\n  a: {string_value: x,\n      bool_value: true}\n", &bag);
  EXPECT_EQ(both.message(),
            "a.yaml line 3: fields.a.bool_value: either string_value or bool_value, not both");
}

TEST(Yaml, EveryTruncationOfAGoodFileIsReadOrRefusedAndNeverCrashes) {
  const std::string good = kGood;
  for (size_t length = 0; length <= good.size(); ++length) {
    storage::v1::Codebook book;
    const absl::Status status = ReadYaml("a.yaml", good.substr(0, length), &book);
    EXPECT_TRUE(status.ok() || absl::IsInvalidArgument(status)) << status;
  }
}

TEST(Yaml, EveryFlippedByteOfAGoodFileIsReadOrRefusedAndNeverCrashes) {
  for (size_t at = 0; at + 1 < sizeof(kGood); ++at) {
    for (const char c : {'\0', '\n', '\t', ' ', ':', '-', '[', ']', '{', '}', '&', '*', '!', '|', '>', '"',
                         '\'', '%', '\xff'}) {
      std::string text = kGood;
      text[at] = c;
      storage::v1::Codebook book;
      const absl::Status status = ReadYaml("a.yaml", text, &book);
      EXPECT_TRUE(status.ok() || absl::IsInvalidArgument(status)) << status;
    }
  }
}

TEST(SplitYaml, KeepsLineNumbersAndLeavesOutEmptyParts) {
  const auto parts = SplitYaml("# head\n---\na: 1\n--- # next\n\n---\r\nb: 2\n");
  ASSERT_THAT(parts, SizeIs(2));
  EXPECT_EQ(parts[0].first_line, 2);
  EXPECT_EQ(parts[1].first_line, 6);
  storage::v1::Codebook book;
  EXPECT_THAT(std::string(ReadYaml("f", parts[1].text, &book).message()),
              HasSubstr("f line 7: b: unknown key"));
  EXPECT_THAT(SplitYaml(""), SizeIs(0));
  EXPECT_THAT(SplitYaml("a: 1"), SizeIs(1));
}

}  // namespace
}  // namespace penc
