// Which changes of a codebook leave stored records what they are.
#include "codebook/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_replace.h"
#include "codebook/read.h"

namespace penc {
namespace {

using ::testing::HasSubstr;

constexpr char kOld[] = R"(
codebook: test
version: 1
closing: quarter
codes:
  country: [MLI, NER]
  adm1: {parent: country, codes: [{code: ML01, in: MLI}, {code: NE01, in: NER}]}
  need: [food, roof, care]
tables:
  person:
    unit: person
    columns:
      place: {type: place, codes: adm1}
      consent: {type: code, codes: need, sensitivity: never}
  visit:
    unit: event
    caps: {cells: 3, rows: 3}
    columns:
      need: {type: codes, codes: need, max: 2}
      home: {type: code, codes: country, constant: true}
      age: {type: integer, range: [0, 99]}
      paid: {type: number, range: [0, 10], step: 1}
      month: {type: month, from: 2020-01, to: 2030-12}
)";

absl::Status Change(std::initializer_list<std::pair<absl::string_view, absl::string_view>> edits) {
  std::string text = absl::StrReplaceAll(kOld, {{"version: 1", "version: 2"}});
  for (const auto& edit : edits) {
    EXPECT_THAT(text, HasSubstr(std::string(edit.first)));
    text = absl::StrReplaceAll(text, {edit});
  }
  const auto next = ReadCodebook("next.yaml", text);
  EXPECT_TRUE(next.ok()) << next.status();
  return AdditionsOnly(*ReadCodebook("old.yaml", kOld), *next);
}

TEST(AdditionsOnly, LetsACodebookGrowAndSpeakBetter) {
  EXPECT_TRUE(Change({}).ok());
  EXPECT_TRUE(
      Change({{"[MLI, NER]", "[{code: MLI, fr: Mali}, NER, BFA]"},
              {"[food, roof, care]", "[food, roof, care, cash]"},
              {"max: 2", "max: 3"},
              {"[0, 99]", "[0, 120]"},
              {"2030-12", "2040-12"},
              {"cells: 3", "cells: 2"},
              {", constant: true", ""},
              {"    columns:\n      place", "    labels: {fr: Personnes}\n    columns:\n      place"}})
          .ok());
  EXPECT_TRUE(Change({{"  need: [food", "  new: [a]\n  need: [food"}}).ok());
  EXPECT_TRUE(Change({{"to: 2030-12}\n",
                       "to: 2030-12}\n      extra: {type: year}\n  more:\n    unit: person\n    columns:\n"
                       "      y: {type: year}\n"}})
                  .ok());
}

TEST(AdditionsOnly, NamesTheFirstThingThatWasTakenAwayOrMoved) {
  const struct {
    absl::string_view from, to, expected;
  } rows[] = {
      {"codebook: test", "codebook: other", "another codebook: other instead of test"},
      {"version: 2", "version: 1", "version 1 after 1: it must rise"},
      {"closing: quarter", "closing: month", "\"closing\" changed"},
      {"[food, roof, care]", "[food, care, roof]", "codes.need: \"roof\" was removed or moved"},
      {"[food, roof, care]", "[cash, food, roof, care]", "codes.need: \"food\" was removed or moved"},
      {"[food, roof, care]", "[food, roof]", "codes.need: \"care\" was removed or moved"},
      {"{code: NE01, in: NER}", "{code: NE01, in: MLI}", "codes.adm1: \"NE01\" changed its parent"},
      {"age: {type: integer, range: [0, 99]}", "old_age: {type: integer, range: [0, 99]}",
       "tables.visit: \"age\" was removed or moved"},
      {"      age: {type: integer, range: [0, 99]}\n", "", "tables.visit: \"age\" was removed or moved"},
      {"      need: {", "      first: {type: year}\n      need: {",
       "tables.visit: \"need\" was removed or moved"},
      {"[0, 99]", "[1, 99]", "tables.visit.age: the beginning or the step changed"},
      {"[0, 99]", "[0, 98]", "tables.visit.age: the end or \"max\" was lowered"},
      {"step: 1", "step: 0.5", "tables.visit.paid: the beginning or the step changed"},
      {"max: 2", "max: 1", "tables.visit.need: the end or \"max\" was lowered"},
      {"2020-01", "2019-01", "tables.visit.month: the beginning or the step changed"},
      {"type: month, from: 2020-01, to: 2030-12", "type: year", "tables.visit.month: type or list changed"},
      {"home: {type: code, codes: country", "home: {type: code, codes: need",
       "tables.visit.home: type or list changed"},
      {"range: [0, 99]", "range: [0, 99], constant: true", "tables.visit.age: \"constant\" was added"},
      {"sensitivity: never", "sensitivity: sensitive", "tables.person.consent: a \"never\" column stays so"},
      {"  visit:\n", "  call:\n", "tables: \"visit\" was removed or moved"},
  };
  for (const auto& row : rows) {
    const absl::Status status = row.from == "version: 2"
                                    ? Change({{row.from, row.to}, {"[MLI, NER]", "[MLI, NER, BFA]"}})
                                    : Change({{row.from, row.to}});
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << row.expected;
    EXPECT_THAT(std::string(status.message()), ::testing::StartsWith(std::string(row.expected)));
  }
}

TEST(AdditionsOnly, RefusesALostListAndAChangedUnit) {
  const std::string without = absl::StrReplaceAll(
      kOld,
      {{"version: 1", "version: 2"}, {"  need: [food", "  needs: [food"}, {"codes: need", "codes: needs"}});
  const auto next = ReadCodebook("n", without);
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_THAT(std::string(AdditionsOnly(*ReadCodebook("o", kOld), *next).message()),
              HasSubstr("codes: the list \"need\" was removed"));
  EXPECT_THAT(std::string(Change({{"unit: event\n    caps: {cells: 3, rows: 3}", "unit: person"}}).message()),
              HasSubstr("tables.visit: \"unit\" changed"));
}

TEST(AdditionsOnly, TakesTheSameFileAgain) {
  EXPECT_TRUE(AdditionsOnly(*ReadCodebook("o", kOld), *ReadCodebook("o", kOld)).ok());
}

}  // namespace
}  // namespace penc
