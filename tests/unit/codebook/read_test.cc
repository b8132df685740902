// What a codebook file may not say: one row per mistake, with its line.
#include "codebook/read.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace penc {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr char kGood[] =
    "codebook: test\n"                                                              // 1
    "version: 3\n"                                                                  // 2
    "reference_promise: {epsilon: 4, delta: 0}\n"                                   // 3
    "closing: month\n"                                                              // 4
    "codes:\n"                                                                      // 5
    "  country: [{code: MLI, fr: Mali}, {code: NER, en: The Niger}, FRA]\n"         // 6
    "  adm1: {parent: country, codes: [{code: ML01, fr: Kayes, in: MLI}]}\n"        // 7
    "  need: [food, shelter, none]\n"                                               // 8
    "folds:\n"                                                                      // 9
    "  country:\n"                                                                  // 10
    "    groups: [{code: sahel, fr: Sahel, of: [NER, MLI]}]\n"                      // 11
    "    rest: {code: other, fr: Autres, en: Others}\n"                             // 12
    "mains: {need: [shelter, food, none]}\n"                                        // 13
    "tables:\n"                                                                     // 14
    "  person:\n"                                                                   // 15
    "    unit: person\n"                                                            // 16
    "    caps: {cells: 2, rows: 1}\n"                                               // 17
    "    columns:\n"                                                                // 18
    "      place: {type: place, codes: adm1, sensitivity: public}\n"                // 19
    "      needs: {type: codes, codes: need, max: 2, fr: Besoins}\n"                // 20
    "  visit:\n"                                                                    // 21
    "    unit: event\n"                                                             // 22
    "    caps: {cells: 3, rows: 9}\n"                                               // 23
    "    columns:\n"                                                                // 24
    "      country: {type: code, codes: country, constant: true}\n"                 // 25
    "      seq: {type: integer, range: [-2, 9]}\n"                                  // 26
    "      paid: {type: number, range: [0, 10], step: 0.25, sensitivity: never}\n"  // 27
    "      day: {type: day, from: 2020-01-01, to: 2020-12-31}\n"                    // 28
    "      week: {type: week}\n";                                                   // 29

TEST(ReadCodebook, UnderstandsEveryPart) {
  const auto book = ReadCodebook("b.yaml", kGood);
  ASSERT_TRUE(book.ok()) << book.status();
  EXPECT_EQ(book->name, "test");
  EXPECT_EQ(book->version, 3u);
  EXPECT_EQ(book->reference_promise.epsilon, "4");
  EXPECT_EQ(book->closing, Closing::kMonth);
  const CodeList& country = book->code_lists[0];
  EXPECT_EQ(country.codes[0].label.en, "Mali");  // one label stands for both
  EXPECT_EQ(country.codes[2].label.fr, "FRA");
  EXPECT_THAT(country.fold->group_of, ElementsAre(0, 0, 1));
  EXPECT_EQ(country.fold->groups[1].code, "other");
  EXPECT_EQ(book->code_lists[1].codes[0].parent, "MLI");
  EXPECT_THAT(book->code_lists[2].main_order, ElementsAre(1, 0, 2));
  const Table& person = book->tables[0];
  EXPECT_EQ(person.unit, Unit::kPerson);
  EXPECT_EQ(person.caps.cells, 2u);
  EXPECT_TRUE(person.columns[0].constant);
  EXPECT_EQ(person.columns[0].sensitivity, Sensitivity::kPublic);
  EXPECT_EQ(person.columns[1].sensitivity, Sensitivity::kSensitive);  // where the file is silent
  EXPECT_EQ(person.columns[1].max_codes, 2u);
  const Table& visit = book->tables[1];
  EXPECT_THAT(visit.columns, SizeIs(5));
  EXPECT_TRUE(visit.columns[0].constant);
  EXPECT_FALSE(visit.columns[1].constant);
  EXPECT_EQ(visit.columns[1].lo, -2);
  EXPECT_EQ(visit.columns[1].size(nullptr), 12u);
  EXPECT_EQ(visit.columns[2].hi, 40);
  EXPECT_EQ(visit.columns[2].step_num, 1);
  EXPECT_EQ(visit.columns[2].step_den, 4);
  EXPECT_EQ(visit.columns[3].size(nullptr), 366u);
  EXPECT_LT(visit.columns[4].lo, 0);
}

TEST(ReadCodebook, KnowsListsThatNobodyDeclared) {
  const auto with = [](const std::string& column) {
    return ReadCodebook("b.yaml",
                        absl::StrReplaceAll(kGood, {{"seq: {type: integer, range: [-2, 9]}", column}}));
  };
  const auto book = with("seq: {type: text, open: true}");
  ASSERT_TRUE(book.ok()) << book.status();
  const Column& column = book->tables[1].columns[1];
  EXPECT_EQ(column.type, ColumnType::kText);
  EXPECT_EQ(column.max_codes, 256u);
  EXPECT_FALSE(column.is_date() || column.is_amount());
  EXPECT_NE(with("seq: {type: text, open: true, max: 9}")->hash, book->hash);
}

TEST(ReadCodebook, HashesTheMeaningNotTheLayout) {
  const std::string good = ReadCodebook("b.yaml", kGood)->hash;
  EXPECT_THAT(good, SizeIs(32));
  const auto hash_with = [](absl::string_view from, absl::string_view to) {
    return ReadCodebook("b.yaml", absl::StrReplaceAll(kGood, {{from, to}}))->hash;
  };
  EXPECT_EQ(hash_with("need: [food, shelter, none]",
                      "need:\n   # comment\n   codes: [\"food\", shelter, {code: none}]"),
            good);
  EXPECT_NE(hash_with("Besoins", "Les besoins"), good);
  EXPECT_NE(hash_with("rows: 9", "rows: 8"), good);
  EXPECT_NE(hash_with("[shelter, food, none]", "[food, shelter, none]"), good);
  EXPECT_NE(hash_with("version: 3", "version: 4"), good);
}

struct Mistake {
  const char* name;
  const char* from;      // what is written in kGood
  std::string to;        // and what instead
  const char* expected;  // the beginning of the English message
};

std::string Codes(int n) {
  std::string all = "[";
  for (int i = 0; i < n; ++i) absl::StrAppend(&all, i == 0 ? "" : ", ", "c", i);
  return all + "]";
}

const std::vector<Mistake>& Mistakes() {
  static const auto* const mistakes = new std::vector<Mistake>{
      {"BookName", "codebook: test", "codebook: Le lexique", "b.yaml line 1: codebook: the name is"},
      {"VersionZero", "version: 3", "version: 0", "b.yaml line 2: version: versions start at 1"},
      {"EpsilonZero", "epsilon: 4", "epsilon: 0",
       "b.yaml line 3: reference_promise.epsilon: expected a decimal above 0"},
      {"EpsilonWord", "epsilon: 4", "epsilon: four",
       "b.yaml line 3: reference_promise.epsilon: expected a decimal"},
      {"DeltaOne", "delta: 0", "delta: 1",
       "b.yaml line 3: reference_promise.delta: expected a decimal from 0"},
      {"KeysDeltaOfReference", "delta: 0}", "delta: 1e-6, keys_delta: 1e-7}",
       "b.yaml line 3: reference_promise.keys_delta: it is each organisation that sets a delta aside"},
      {"TextWithoutOpen", "seq: {type: integer, range: [-2, 9]}", "seq: {type: text}",
       "b.yaml line 26: tables.visit.columns.seq: \"open\" is missing"},
      {"TextWithRange", "seq: {type: integer, range: [-2, 9]}",
       "seq: {type: text, open: true, range: [0, 1]}",
       "b.yaml line 26: tables.visit.columns.seq.range: \"range\" does not go with"},
      {"TextNamesNone", "seq: {type: integer, range: [-2, 9]}", "seq: {type: text, open: true, max: 0}",
       "b.yaml line 26: tables.visit.columns.seq.max: expected 1 to 4096"},
      {"OpenOfCodes", "codes: country, constant: true}", "codes: country, open: true}",
       "b.yaml line 25: tables.visit.columns.country.open: \"open\" does not go with"},
      {"ListName", "  need: [", "  Needs: [", "b.yaml line 8: codes.Needs: a list's name is"},
      {"EmptyList", "[food, shelter, none]\nfolds", "[]\nfolds",
       "b.yaml line 8: codes.need: a list has 1 to"},
      {"CodeTwice", "[food, shelter, none]\nfolds", "[food, none,\n   food]\nfolds",
       "b.yaml line 9: codes.need[2]: the code \"food\" is written twice"},
      {"CodeWithSpace", "[food, shelter, none]\nfolds", "[food, \" shelter\", none]\nfolds",
       "b.yaml line 8: codes.need[1]: a code has 1 to 64 bytes"},
      {"CodeTooLong", "[food, shelter", "[food, " + std::string(65, 'x'),
       "b.yaml line 8: codes.need[1]: a code has 1"},
      {"ParentUnknown", "parent: country", "parent: contry",
       "b.yaml line 7: codes.adm1.parent: no list \"contry\" before this one (did you mean \"country\"?)"},
      {"ParentLater", "parent: country", "parent: need",
       "b.yaml line 7: codes.adm1.parent: no list \"need\" before"},
      {"ParentCodeUnknown", "in: MLI", "in: BFA",
       "b.yaml line 7: codes.adm1.codes[0].in: \"BFA\" is not a code of country"},
      {"ParentCodeMissing", ", in: MLI", "", "b.yaml line 7: codes.adm1.codes[0]: \"in\" is missing"},
      {"InWithoutParent", "{code: MLI, fr: Mali}", "{code: MLI, in: XX}",
       "b.yaml line 6: codes.country[0].in: \"in\" needs \"parent: LIST\""},
      {"FoldOfUnknownList", "  country:\n    groups", "  contry:\n    groups",
       "b.yaml line 10: folds.contry: no list \"contry\" under codes (did you mean"},
      {"FoldUnknownCode", "of: [NER, MLI]", "of: [NER, MIL]",
       "b.yaml line 11: folds.country.groups[0].of[1]: \"MIL\" is not a code of country (did you mean "
       "\"MLI\"?)"},
      {"FoldCodeTwice", "of: [NER, MLI]", "of: [NER, NER]",
       "b.yaml line 11: folds.country.groups[0].of[1]: \"NER\" is in"},
      {"FoldEmptyGroup", "of: [NER, MLI]", "of: []",
       "b.yaml line 11: folds.country.groups[0].of: a group has at least"},
      {"FoldGroupTwice", "rest: {code: other", "rest: {code: sahel",
       "b.yaml line 12: folds.country.rest: the code \"sahel\" is written twice"},
      {"FoldNotTotal", "    rest: {code: other, fr: Autres, en: Others}\n", "",
       "b.yaml line 10: folds.country: 1 code(s) of country missing: FRA; add them to a group or write rest"},
      {"MainNotTotal", "[shelter, food, none]", "[shelter]",
       "b.yaml line 13: mains.need: 2 code(s) of need missing: food, none"},
      {"MainTwice", "[shelter, food, none]", "[shelter, food, food]",
       "b.yaml line 13: mains.need[2]: \"food\" is written twice"},
      {"MainUnknownCode", "[shelter, food, none]", "[shelter, fod, none]",
       "b.yaml line 13: mains.need[1]: \"fod\" is not"},
      {"MainOfUnknownList", "mains: {need", "mains: {needs",
       "b.yaml line 13: mains.needs: no list \"needs\" under codes"},
      {"TableName", "  visit:", "  Visit:", "b.yaml line 21: tables.Visit: a table's name is"},
      {"PersonWithRows", "rows: 1}", "rows: 2}",
       "b.yaml line 17: tables.person.caps.rows: a table with \"unit: person\""},
      {"CapZero", "cells: 3", "cells: 0", "b.yaml line 23: tables.visit.caps.cells: expected 1 to 65535"},
      {"CapRowsZero", "rows: 9", "rows: 0", "b.yaml line 23: tables.visit.caps.rows: expected 1 to 65535"},
      {"EventWithoutCaps", "    caps: {cells: 3, rows: 9}\n", "",
       "b.yaml line 21: tables.visit: \"caps\" is missing"},
      {"ColumnName",
       "      seq:", "      Seq:", "b.yaml line 26: tables.visit.columns.Seq: a column's name is"},
      {"ColumnReserved",
       "      seq:", "      entered:", "b.yaml line 26: tables.visit.columns.entered: a column's name"},
      {"NotConstantInPerson", "max: 2,", "max: 2, constant: false,",
       "b.yaml line 20: tables.person.columns.needs.constant: in a table with \"unit: person\""},
      {"ListMissing", "codes: country, constant", "constant",
       "b.yaml line 25: tables.visit.columns.country: \"codes\" is"},
      {"ListUnknown", "codes: country, constant", "codes: contry, constant",
       "b.yaml line 25: tables.visit.columns.country.codes: no list \"contry\" under codes (did you mean"},
      {"PlaceWithoutParent", "type: place, codes: adm1", "type: place, codes: need",
       "b.yaml line 19: tables.person.columns.place.codes: a \"place\" column needs a list with \"parent\""},
      {"MaxMissing", " max: 2,", "", "b.yaml line 20: tables.person.columns.needs.max: expected 1 to 3"},
      {"MaxAboveList", "max: 2", "max: 4",
       "b.yaml line 20: tables.person.columns.needs.max: expected 1 to 3"},
      {"MaxOnCode", "codes: country, constant: true", "codes: country, max: 2",
       "b.yaml line 25: tables.visit.columns.country.max: \"max\" does not go with this column type"},
      {"RangeOnDate", "{type: week}", "{type: week, range: [1, 2]}",
       "b.yaml line 29: tables.visit.columns.week.range: \"range\" does not go"},
      {"StepOnInteger", "range: [-2, 9]", "range: [-2, 9], step: 2",
       "b.yaml line 26: tables.visit.columns.seq.step: \"step\""},
      {"CodesOnNumber", "step: 0.25", "codes: need",
       "b.yaml line 27: tables.visit.columns.paid.codes: \"codes\" does not"},
      {"RangeMissing", "{type: integer, range: [-2, 9]}", "{type: integer}",
       "b.yaml line 26: tables.visit.columns.seq.range: expected [lowest, highest]; example: range: [0, "
       "168]"},
      {"RangeOfThree", "range: [-2, 9]", "range: [-2, 9, 10]",
       "b.yaml line 26: tables.visit.columns.seq.range: expected ["},
      {"RangeEmpty", "range: [-2, 9]", "range: [9, -2]",
       "b.yaml line 26: tables.visit.columns.seq.range: the end is before"},
      {"RangeOctal", "range: [-2, 9]", "range: [-2, 010]",
       "b.yaml line 26: tables.visit.columns.seq.range: expected [low"},
      {"RangeTooWide", "range: [-2, 9]", "range: [0, 2147483646]",
       "b.yaml line 26: tables.visit.columns.seq.range: more than 2147483646 values"},
      {"RangeFarTooWide", "range: [-2, 9]", "range: [0, 1e18]",
       "b.yaml line 26: tables.visit.columns.seq.range: \"1e18\" is not a multiple of the step 1"},
      {"RangeFraction", "range: [-2, 9]", "range: [-2, 9.5]",
       "b.yaml line 26: tables.visit.columns.seq.range: \"9.5\" is not a multiple of the step 1"},
      {"RangeOffStep", "range: [0, 10], step: 0.25", "range: [0, 10.1], step: 0.25",
       "b.yaml line 27: tables.visit.columns.paid.range: \"10.1\" is not a multiple of the step 0.25"},
      {"StepZero", "step: 0.25", "step: 0",
       "b.yaml line 27: tables.visit.columns.paid.step: expected a number above 0"},
      {"DateOfOtherUnit", "from: 2020-01-01", "from: 2020-01",
       "b.yaml line 28: tables.visit.columns.day.from: \"2020-01\" is not a period expected here; write for "
       "example 2026-03"},
      {"DateWithoutEnd", ", to: 2020-12-31", "",
       "b.yaml line 28: tables.visit.columns.day: \"from\" and \"to\" go together"},
      {"DateBackwards", "to: 2020-12-31", "to: 2019-12-31",
       "b.yaml line 28: tables.visit.columns.day.to: the end is before"},
      {"NoColumns",
       "    columns:\n      place: {type: place, codes: adm1, sensitivity: public}\n"
       "      needs: {type: codes, codes: need, max: 2, fr: Besoins}\n",
       "    columns: {}\n", "b.yaml line 18: tables.person.columns: a table has 1 to 256 columns"},
      {"TypeMisspelt", "{type: week}", "{type: weak}",
       "b.yaml line 29: tables.visit.columns.week.type: expected one of code, codes, place, integer, number, "
       "day, week, "
       "month, quarter, year, text, found \"weak\" (did you mean \"week\"?)"},
  };
  return *mistakes;
}

class CodebookMistakes : public ::testing::TestWithParam<size_t> {};

TEST_P(CodebookMistakes, NameTheLineAndTheWayOut) {
  const Mistake& mistake = Mistakes()[GetParam()];
  ASSERT_THAT(kGood, HasSubstr(mistake.from));
  const auto book = ReadCodebook("b.yaml", absl::StrReplaceAll(kGood, {{mistake.from, mistake.to}}));
  ASSERT_EQ(book.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(book.status().message()), ::testing::StartsWith(mistake.expected));
  EXPECT_THAT(Explain(book.status()).fr, HasSubstr(" ligne "));
}
INSTANTIATE_TEST_SUITE_P(All, CodebookMistakes, ::testing::Range<size_t>(0, Mistakes().size()),
                         [](const auto& info) { return std::string(Mistakes()[info.param].name); });

TEST(ReadCodebook, HoldsThirtyOneCodesAtOnceAndNoMore) {
  for (const int n : {31, 32}) {
    const std::string text =
        absl::StrReplaceAll(kGood, {{"[food, shelter, none]\nfolds", absl::StrCat(Codes(n), "\nfolds")},
                                    {"mains: {need: [shelter, food, none]}\n", ""}});
    const auto book = ReadCodebook("b.yaml", text);
    EXPECT_EQ(book.ok(), n == 31) << book.status();
    if (n == 32) {
      EXPECT_THAT(
          std::string(book.status().message()),
          HasSubstr(
              "b.yaml line 19: tables.person.columns.needs.codes: a \"codes\" column has at most 31 codes"));
    }
  }
}

TEST(ReadCodebook, RefusesSeparatorsInCodesThatStandTogether) {
  const std::string text = absl::StrReplaceAll(kGood, {{"food", "\"food, water\""}});
  EXPECT_THAT(
      std::string(ReadCodebook("b.yaml", text).status().message()),
      HasSubstr("line 20: tables.person.columns.needs.codes: in a \"codes\" column a code has no space"));
}

TEST(ReadCodebook, EveryFlippedByteOfAGoodFileIsReadOrRefusedAndNeverCrashes) {
  for (size_t at = 0; at + 1 < sizeof(kGood); ++at) {
    for (const char c : {'\0', '\n', ' ', ',', ':', '-', '[', '}', '9', 'e', '"', '\xff'}) {
      std::string text = kGood;
      text[at] = c;
      const auto book = ReadCodebook("b.yaml", text);
      EXPECT_TRUE(book.ok() || absl::IsInvalidArgument(book.status())) << book.status();
    }
  }
}

}  // namespace
}  // namespace penc
