// Mappings as people write them, mistakes with their lines, and the first mapping that a file's headings
// suggest.
#include "ingest/mapping.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "codebook/read.h"
#include "tests/support/small_store.h"

namespace penc {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;

constexpr char kMapping[] = R"(mapping: trips
codebook: small@1
table: move
file: {encoding: windows-1252, delimiter: ";", decimal: ",", dates: dd/mm/yyyy}
person: [site, dossier]
row: [fiche]
columns:
  origin: {from: Origine, values: {Paris: a, "?": ""}}
  needs: {from: Besoins, separator: "|"}
  dest: Destination
  cost: {values: {gratuit: "0"}}
ignore: [Nom]
consent: {from: accord, keep: [oui, Oui]}
nothing: [NA]
)";

class Mappings : public ::testing::Test {
 protected:
  absl::StatusOr<Mapping> Read(const std::string& text) const {
    return ReadMapping("m.yaml", text, codebook_);
  }
  // The mistake that `written` instead of `text` makes, in both languages.
  Text Mistake(const std::string& text, const std::string& written) const {
    EXPECT_THAT(kMapping, HasSubstr(text));
    const auto mapping = Read(absl::StrReplaceAll(kMapping, {{text, written}}));
    return mapping.ok() ? Text{"lu", "read all the same"} : Explain(mapping.status());
  }

  const Codebook codebook_ = ReadCodebook("small.yaml", kStoreCodebook).value();
  const uint32_t move_ = codebook_.FindTable("move").value();
  const Table& table_ = codebook_.tables[move_];
};

TEST_F(Mappings, AreReadInEveryPart) {
  const auto read = Read(kMapping);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->name, "trips");
  EXPECT_EQ(read->table, move_);
  EXPECT_EQ(read->form.encoding, "windows-1252");
  EXPECT_EQ(read->form.delimiter, ';');
  EXPECT_EQ(read->decimal, ',');
  EXPECT_EQ(read->dates, DateForm::kDayFirst);
  EXPECT_THAT(read->person, ElementsAre("site", "dossier"));
  EXPECT_THAT(read->row, ElementsAre("fiche"));
  EXPECT_THAT(read->ignore, ElementsAre("Nom"));
  EXPECT_EQ(read->consent_from, "accord");
  EXPECT_THAT(read->consent_keep, ElementsAre("oui", "Oui"));
  EXPECT_THAT(read->nothing, ElementsAre("NA"));
  ASSERT_EQ(read->columns.size(), 4u);
  EXPECT_EQ(read->columns[0].column, *table_.Find("origin"));
  EXPECT_EQ(read->columns[0].from, "Origine");
  EXPECT_THAT(read->columns[0].values, ElementsAre(Pair("?", ""), Pair("Paris", "a")));
  EXPECT_EQ(read->columns[1].separator, "|");
  EXPECT_EQ(read->columns[2].from, "Destination") << "the short form";
  EXPECT_EQ(read->columns[3].from, "cost") << "a column of the same name";
}

TEST_F(Mappings, AskWhatTheyDoNotSay) {
  const auto read =
      Read("mapping: m\ncodebook: small@1\ntable: move\nperson: [each-row]\ncolumns: {dest: dest}\n");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_THAT(read->person, IsEmpty());
  EXPECT_EQ(read->form.encoding, "");
  EXPECT_EQ(read->form.delimiter, 0);
  EXPECT_EQ(read->decimal, '.');
  EXPECT_EQ(read->dates, DateForm::kAsk);
  EXPECT_EQ(read->consent_from, "");
}

TEST_F(Mappings, KnowEveryDelimiterAndFormOfDates) {
  for (const auto& [written, delimiter] :
       {std::pair{"\",\"", ','}, {"tab", '\t'}, {"\"\\t\"", '\t'}, {"\"|\"", '|'}}) {
    const auto read = Read(absl::StrReplaceAll(kMapping, {{"\";\"", written}}));
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(read->form.delimiter, delimiter);
  }
  for (const auto& [written, dates] : {std::pair{"yyyy-mm-dd", DateForm::kIso},
                                       {"mm/dd/yyyy", DateForm::kMonthFirst},
                                       {"excel", DateForm::kExcel}}) {
    const auto read = Read(absl::StrReplaceAll(kMapping, {{"dd/mm/yyyy", written}}));
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(read->dates, dates);
  }
}

TEST_F(Mappings, NameTheLineOfEveryMistakeInBothLanguages) {
  struct Case {
    const char *text, *written, *line, *said;
  };
  for (const Case& c : {
           Case{"codebook: small@1", "codebook: large@1", "line 2", "here it is small"},
           Case{"table: move", "table: mouve", "line 3", "person, move, visit"},
           Case{"delimiter: \";\"", "delimiter: \"::\"", "line 4", "or tab"},
           Case{"delimiter: \";\"", "delimiter: x", "line 4", "or tab"},
           Case{"decimal: \",\"", "decimal: \"'\"", "line 4", "\".\" or \",\""},
           Case{"dd/mm/yyyy", "dd/mm/yy", "line 4", "or excel"},
           Case{"[site, dossier]", "[]", "line 5", "at least one column"},
           Case{"origin: {from", "orgin: {from", "line 8", "did you mean origin?"},
           Case{"Paris: a", "Paris: paris", "line 8", "unknown code \"paris\""},
           Case{"separator: ", "separater: ", "line 9", "separator"},
           Case{"dest: Destination", "needs: Destination", "line 10", "needs"},
           Case{"keep: [oui, Oui]", "kept: [oui]", "line 13", "keep"},
           Case{"nothing: [NA]", "nothing: [NA", "line 1", "m.yaml"},
       }) {
    const Text mistake = Mistake(c.text, c.written);
    EXPECT_THAT(mistake.en, AllOf(HasSubstr("m.yaml"), HasSubstr(c.line), HasSubstr(c.said))) << c.written;
    EXPECT_THAT(mistake.fr, AllOf(HasSubstr("m.yaml"), Not(HasSubstr(" the ")))) << c.written;
  }
}

TEST_F(Mappings, NameTheAnswersOfAQuestionThatWasLeftOpen) {
  const Text value = Mistake("{Paris: a,", "{Paris: \"?\",");
  EXPECT_THAT(value.en,
              AllOf(HasSubstr("m.yaml line 8"), HasSubstr("column \"Origine\": an answer is missing"),
                    HasSubstr("a ("), HasSubstr("''")));
  EXPECT_THAT(value.fr,
              AllOf(HasSubstr("m.yaml ligne 8"), HasSubstr("colonne «Origine»: réponse manquante")));
  EXPECT_THAT(Mistake("{Paris: a,", "{Paris: zz,").en,
              AllOf(HasSubstr("unknown code \"zz\""), HasSubstr("a (")));
}

TEST_F(Mappings, OfAFileWithTheCodebooksOwnHeadingsTakesThoseItKnows) {
  const Mapping own = OwnMapping(codebook_, move_, {.names = {"cost", "person_ref", "other", "origin"}});
  EXPECT_THAT(own.person, ElementsAre("person_ref"));
  EXPECT_EQ(own.dates, DateForm::kIso);
  ASSERT_EQ(own.columns.size(), 2u);
  EXPECT_EQ(own.columns[0].from, "origin");
  EXPECT_EQ(own.columns[1].from, "cost");
}

}  // namespace
}  // namespace penc
