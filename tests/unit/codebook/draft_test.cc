#include "codebook/draft.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "codebook/read.h"

namespace penc {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

ColumnSurvey Survey(absl::string_view name, std::initializer_list<const char*> cells, int times = 1) {
  ColumnSurvey survey(name);
  for (int i = 0; i < times; ++i) {
    for (const char* cell : cells) survey.Add(cell);
  }
  return survey;
}

TEST(Draft, ProposesTypesListsAndRoundedRanges) {
  ColumnSurvey names("Nom complet");
  for (int i = 0; i < 500; ++i) names.Add(absl::StrCat("Awa ", i));
  ColumnSurvey age("Âge"), income("revenu");
  for (int i = 3; i <= 87; ++i) age.Add(absl::StrCat(i));
  for (int i = 0; i < 100; ++i) income.Add(absl::StrCat(i * 1234, ".5"));
  const std::string text = DraftCodebook(
      "Visites 2026", {Survey("Sexe", {"m", "f", "", "f"}, 5), names, age, income,
                       Survey("date/jour", {"2026-03-31", "2025-01-02"}), Survey("Sexe", {"1", "0"}, 9),
                       Survey("person", {"010", "~", "yes", "say \"no\""}, 9), Survey("vide", {"", ""})});
  EXPECT_THAT(text, HasSubstr("  sexe: [\"f\", \"m\"]\n"));
  EXPECT_THAT(text,
              HasSubstr("      age: {type: integer, range: [0, 90], sensitivity: sensitive, fr: \"Âge\"}\n"));
  EXPECT_THAT(text, HasSubstr("      revenu: {type: number, range: [0, 200000], step: 0.1, sensitivity: "
                              "sensitive, fr: \"revenu\"}\n"));
  EXPECT_THAT(text, HasSubstr("      date_jour: {type: day, from: 2015-01-01, to: 2040-12-31,"));
  EXPECT_THAT(text, HasSubstr("      sexe_2: {type: code, codes: sexe_2,"));
  EXPECT_THAT(text, HasSubstr("#   Nom complet\n#   vide\n"));
  EXPECT_THAT(text, Not(HasSubstr("Awa")));
  EXPECT_THAT(text, ::testing::StartsWith("# PROPOSITION"));
  EXPECT_THAT(text, HasSubstr("come from records"));

  const auto book = ReadCodebook("draft.yaml", text);
  ASSERT_TRUE(book.ok()) << book.status() << text;
  EXPECT_EQ(book->tables[0].name, "visites_2026");
  EXPECT_TRUE(book->code_lists[2].Find("010").has_value());
  EXPECT_TRUE(book->code_lists[2].Find("say \"no\"").has_value());
  EXPECT_EQ(book->tables[0].columns[4].name, "sexe_2");
}

TEST(Draft, SaysWhenNoColumnFits) {
  const std::string text = DraftCodebook("t", {Survey("note\n: x", {"a", "b", "c"})});
  EXPECT_THAT(text, HasSubstr("#   note : x\n"));
  EXPECT_THAT(text, HasSubstr("no column fits"));
}

TEST(Draft, ProposesNegativeAndSingleValues) {
  ColumnSurvey t("t"), zero("zero");
  for (int i = -37; i < 25; ++i) t.Add(absl::StrCat(i));
  for (int i = 0; i < 20; ++i) zero.Add(absl::StrCat("0.", i));
  const std::string text = DraftCodebook("t", {t, zero});
  EXPECT_THAT(text, HasSubstr("t: {type: integer, range: [-40, 30],"));
  EXPECT_THAT(text, HasSubstr("zero: {type: number, range: [0, 1], step: 0.01,"));
  EXPECT_TRUE(ReadCodebook("d", text).ok());
}

TEST(Draft, KeepsBoundedMemoryOnLongColumns) {
  ColumnSurvey survey("x");
  for (int i = 0; i < 100000; ++i) survey.Add(absl::StrCat("value ", i));
  EXPECT_EQ(survey.values(), nullptr);
  EXPECT_EQ(survey.filled(), 100000u);
}

TEST(Identifier, ComesFromAnyHeader) {
  EXPECT_EQ(IdentifierOf("Pays d'origine"), "pays_d_origine");
  EXPECT_EQ(IdentifierOf("  Région (P-code) "), "region_p_code");
  EXPECT_EQ(IdentifierOf("2026"), "c_2026");
  EXPECT_EQ(IdentifierOf("Âge À L'ŒIL"), "age_a_l_oeil");
  EXPECT_EQ(IdentifierOf("年"), "column");
  EXPECT_EQ(IdentifierOf("entered"), "entered_1");
  EXPECT_EQ(IdentifierOf(std::string(500, 'a')).size(), 48u);
}

}  // namespace
}  // namespace penc
