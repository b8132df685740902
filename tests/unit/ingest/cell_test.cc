// Cells to stored values, references to person keys, headings that must never be stored.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codebook/codes.h"
#include "codebook/read.h"
#include "ingest/cell.h"
#include "ingest/person_key.h"
#include "ingest/sensitive.h"

namespace penc {
namespace {

constexpr char kCodebook[] = R"(codebook: cells
version: 1
reference_promise: {epsilon: 8, delta: 1e-6}
closing: quarter
codes:
  sex: [{code: f, fr: Femme, en: Female}, {code: m, fr: Homme, en: Male}]
  stay: [{code: visa, fr: Expiré, en: Visa expired}, {code: card, fr: Expiré, en: Card expired},
         {code: none, fr: Sans, en: card}]
  need: [{code: food, fr: Vivres, en: Food}, {code: care, fr: Soins, en: Care}, {code: roof, fr: Toit, en: Roof}]
tables:
  visit:
    unit: event
    caps: {cells: 2, rows: 2}
    labels: {fr: Visites, en: Visits}
    columns:
      sex: {type: code, codes: sex, sensitivity: public, fr: Sexe, en: Sex}
      stay: {type: code, codes: stay, sensitivity: public, fr: Séjour, en: Stay}
      needs: {type: codes, codes: need, max: 2, sensitivity: public, fr: Besoins, en: Needs}
      age: {type: integer, range: [0, 120], sensitivity: public, fr: Âge, en: Age}
      cost: {type: number, range: [-10, 1000], step: 0.5, sensitivity: public, fr: Coût, en: Cost}
      day: {type: day, from: 2026-01-01, to: 2026-12-31, sensitivity: public, fr: Jour, en: Day}
      month: {type: month, from: 2026-01, to: 2026-12, sensitivity: public, fr: Mois, en: Month}
)";

class Cells : public ::testing::Test {
 protected:
  CellProblem Parse(const std::string& column, const std::string& cell, StoredValue* value = nullptr) {
    MappedColumn mapped;
    mapped.column = *table().Find(column);
    mapped.values = values_;
    mapped.separator = separator_;
    CellParser parser(codebook_, table().columns[mapped.column], mapped, mapping_);
    StoredValue here = 0;
    return parser.Parse(cell, value == nullptr ? &here : value);
  }
  StoredValue Value(const std::string& column, const std::string& cell) {
    StoredValue value = 0;
    EXPECT_EQ(Parse(column, cell, &value), CellProblem::kNone) << column << ": " << cell;
    return value;
  }
  const Table& table() const { return codebook_.tables[0]; }

  const Codebook codebook_ = ReadCodebook("cells.yaml", kCodebook).value();
  Mapping mapping_;
  std::map<std::string, std::string> values_;
  std::string separator_;
};

TEST_F(Cells, ReadsCodesAndTheMappingsSpellings) {
  values_ = {{"Féminin", "f"}, {"ne sait pas", ""}};
  EXPECT_EQ(Value("sex", "f"), 1u);
  EXPECT_EQ(Value("sex", "m"), 2u);
  EXPECT_EQ(Value("sex", "Féminin"), 1u);
  EXPECT_EQ(Value("sex", "ne sait pas"), kNull);
  EXPECT_EQ(Value("sex", ""), kNull);
  EXPECT_EQ(Parse("sex", "F"), CellProblem::kUnknownCode);
}

TEST_F(Cells, TakesALabelOfEitherLanguageForItsCodeUnlessTheMappingSaysOtherwise) {
  EXPECT_EQ(Value("sex", "Femme"), 1u);
  EXPECT_EQ(Value("sex", "Male"), 2u);
  EXPECT_EQ(Value("needs", "Roof"), 0b100u);
  EXPECT_EQ(Value("needs", "Vivres;Toit"), 0b101u);
  EXPECT_EQ(Parse("sex", "Dame"), CellProblem::kUnknownCode);
  values_ = {{"Femme", "m"}};
  EXPECT_EQ(Value("sex", "Femme"), 2u);
}

TEST_F(Cells, DoesNotGuessWhichOfTwoCodesALabelOfBothStandsFor) {
  EXPECT_EQ(Parse("stay", "Expiré"), CellProblem::kUnknownCode);
  EXPECT_EQ(Value("stay", "Visa expired"), 1u);
  EXPECT_EQ(Value("stay", "card"), 2u) << "a code goes before another code's label";
}

TEST_F(Cells, ReadsSeveralCodesInAnyOrderAndNoMoreThanTheCodebookAllows) {
  EXPECT_EQ(Value("needs", "food roof"), 0b101u);
  EXPECT_EQ(Value("needs", "roof;food"), 0b101u);
  EXPECT_EQ(Value("needs", "food food"), 0b001u);
  EXPECT_EQ(Parse("needs", "food care roof"), CellProblem::kTooManyCodes);
  EXPECT_EQ(Parse("needs", "food, rice"), CellProblem::kUnknownCode);
  EXPECT_EQ(Value("needs", " ; "), kNull);
}

TEST_F(Cells, CutsSeveralCodesOnlyWhereTheMappingSays) {
  values_ = {{"De la nourriture, souvent", "food"}, {"Un toit", "roof"}};
  EXPECT_EQ(Value("needs", "De la nourriture, souvent"), 0b001u);
  EXPECT_EQ(Parse("needs", "De la nourriture, souvent|Un toit"), CellProblem::kUnknownCode);
  separator_ = "|";
  EXPECT_EQ(Value("needs", "De la nourriture, souvent|Un toit"), 0b101u);
  EXPECT_EQ(Parse("needs", "food;roof"), CellProblem::kUnknownCode);
}

TEST_F(Cells, AnEmptyCellIsNothingInEveryColumn) {
  for (const Column& column : table().columns) EXPECT_EQ(Value(column.name, ""), kNull) << column.name;
}

TEST_F(Cells, TellsZeroFromNothing) {
  EXPECT_NE(Value("age", "0"), kNull);
  EXPECT_EQ(Value("cost", "0"), Value("cost", "-0"));
  values_ = {{"inconnu", ""}, {"adulte", "40"}};
  EXPECT_EQ(Value("age", "inconnu"), kNull);
  EXPECT_EQ(Value("age", "adulte"), Value("age", "40"));
}

TEST_F(Cells, ReadsNumbersAsSpreadsheetsWriteThem) {
  EXPECT_EQ(Value("age", "007"), Value("age", "7"));
  EXPECT_EQ(Value("age", "12."), Value("age", "12"));
  EXPECT_EQ(Value("cost", "1e+02"), Value("cost", "100"));
  EXPECT_EQ(Value("cost", "1.5E+02"), Value("cost", "150"));
  EXPECT_EQ(Value("cost", "5e-1"), Value("cost", "0.5"));
  for (const char* cell : {"e+2", "1e+", "+", "1+2", "1e++2", "1e+999999999999"})
    EXPECT_EQ(Parse("cost", cell), CellProblem::kNotANumber) << cell;
  EXPECT_EQ(Parse("age", "12.5"), CellProblem::kNotANumber);
  EXPECT_EQ(Parse("age", "121"), CellProblem::kOutOfRange);
  EXPECT_EQ(Parse("age", "-1"), CellProblem::kOutOfRange);
  EXPECT_EQ(Parse("age", "douze"), CellProblem::kNotANumber);
  EXPECT_EQ(Parse("age", "99999999999999999999"), CellProblem::kNotANumber);
  mapping_.decimal = ',';
  EXPECT_EQ(Value("cost", "1 000"), Value("cost",
                                          "1\xC2\xA0"
                                          "000"));
  EXPECT_EQ(Value("cost", "12,5") - Value("cost", "12"), 1u);
  EXPECT_EQ(Parse("cost", "12.5"), CellProblem::kNotANumber);
}

TEST_F(Cells, DoesNotReadTwoNumbersAsOne) {
  for (const char* cell : {"1 5", "1–5", "12 13", "1 2345", "1 000 00", "12€", "1²", "5 ans", "1-5"}) {
    EXPECT_EQ(Parse("cost", cell), CellProblem::kNotANumber) << cell;
  }
  EXPECT_EQ(Value("cost", "1\u202F000"), Value("cost", "1000"));
  EXPECT_EQ(Value("cost", "- 5"), Value("cost", "-5"));
  EXPECT_EQ(Value("cost", "\u00A05\u00A0"), Value("cost", "5"));
}

TEST_F(Cells, RoundsToTheColumnsStepHalvesAwayFromZero) {
  EXPECT_EQ(Value("cost", "1.2"), Value("cost", "1"));
  EXPECT_EQ(Value("cost", "1.25"), Value("cost", "1.5"));
  EXPECT_EQ(Value("cost", "-1.25"), Value("cost", "-1.5"));
  EXPECT_EQ(Parse("cost", "1000.5"), CellProblem::kOutOfRange);
  EXPECT_EQ(Parse("cost", "1,5"), CellProblem::kNotANumber) << "the mapping says a decimal point";
}

TEST_F(Cells, ReadsDatesOfTheFormThatTheMappingSaysAndAsksAboutTheOthers) {
  EXPECT_EQ(Parse("day", "03/04/2026"), CellProblem::kAmbiguousDate);
  mapping_.dates = DateForm::kDayFirst;
  EXPECT_EQ(Value("day", "03/04/2026"), Value("day", "2026-04-03"));
  EXPECT_EQ(Parse("day", "31/02/2026"), CellProblem::kNotADate);
  EXPECT_EQ(Parse("day", "04/13/2026"), CellProblem::kNotADate);
  EXPECT_EQ(Parse("day", "03/04/26"), CellProblem::kNotADate);
  EXPECT_EQ(Parse("day", "03/04/2031"), CellProblem::kOutOfRange);
  mapping_.dates = DateForm::kMonthFirst;
  EXPECT_EQ(Value("day", "03/04/2026"), Value("day", "2026-03-04"));
  mapping_.dates = DateForm::kExcel;
  EXPECT_EQ(Value("day", "46115"), Value("day", "2026-04-03"));
  EXPECT_EQ(Value("day", "46115.75"), Value("day", "2026-04-03")) << "the time of day";
  EXPECT_EQ(Parse("day", "60"), CellProblem::kNotADate) << "February 29, 1900 never was";
  EXPECT_EQ(Parse("day", "46115x"), CellProblem::kNotADate);
}

TEST_F(Cells, ReadsIsoDatesAndMomentsWithoutBeingTold) {
  EXPECT_EQ(Value("day", "2026-04-03T23:59:00+02:00"), Value("day", "2026-04-03"));
  EXPECT_EQ(Value("day", "2026-04-03 10:15"), Value("day", "2026-04-03"));
  EXPECT_EQ(Parse("day", "2026-02-29"), CellProblem::kNotADate);
  EXPECT_EQ(Parse("day", "2025-12-31"), CellProblem::kOutOfRange);
  EXPECT_EQ(Parse("day", "17/04/2026"), CellProblem::kAmbiguousDate) << "the next row may be 03/04";
  mapping_.dates = DateForm::kIso;
  EXPECT_EQ(Parse("day", "17/04/2026"), CellProblem::kNotADate);
}

TEST_F(Cells, PutsADayIntoTheColumnsMonth) {
  mapping_.dates = DateForm::kDayFirst;
  EXPECT_EQ(Value("month", "2026-04"), Value("month", "17/04/2026"));
  EXPECT_EQ(Value("month", "2026-04-30"), Value("month", "2026-04-01"));
  EXPECT_EQ(Parse("month", "2026-13"), CellProblem::kNotADate);
}

class Keys : public ::testing::Test {
 protected:
  std::string Key(const std::vector<absl::string_view>& parts, char node = 'k') {
    PersonKey key;
    if (!PersonKeyMaker(Secret(std::string(32, node))).Make(parts, &key)) return "none";
    return {reinterpret_cast<const char*>(key.data()), key.size()};
  }
};

TEST_F(Keys, AreTheSameForSpellingsOfOneReference) {
  EXPECT_EQ(Key({"  Dossier  12 "}), Key({"dossier 12"}));
  EXPECT_EQ(Key({"A\tB\n C"}), Key({"a b c"}));
  EXPECT_EQ(Key({"STRASSE"}), Key({"straße"}));  // folded, not only made small
  EXPECT_EQ(Key({" x ", "Y"}), Key({"X", " y"}));
  EXPECT_EQ(Key({"ＡＢ１２"}), Key({"ab12"}));  // full width
  EXPECT_EQ(Key({"e\xCC\x81"}), Key({"É"}));    // composed or not
  EXPECT_EQ(Key({"a\xC2\xA0"
                 "b"}),
            Key({"a b"}));  // no-break space
}

TEST_F(Keys, DifferForDifferentReferencesAndNodes) {
  EXPECT_NE(Key({"007"}), Key({"7"}));
  EXPECT_NE(Key({"ab", "c"}), Key({"a", "bc"}));
  EXPECT_NE(Key({"ab", "c"}), Key({"abc"}));
  EXPECT_NE(Key({"ab", "c"}), Key({"ab c"}));
  EXPECT_NE(Key({"c", "ab"}), Key({"ab", "c"}));
  EXPECT_NE(Key({"ab", ""}), Key({"ab"}));
  EXPECT_NE(Key({"", "ab"}), Key({"ab", ""}));
  EXPECT_NE(Key({"1.0"}), Key({"1"}));
  EXPECT_NE(Key({"12"}, 'k'), Key({"12"}, 'l'));
}

TEST_F(Keys, DoNotExistForNothingAndForWhatIsNoText) {
  EXPECT_EQ(Key({"", "  "}), "none");
  EXPECT_EQ(Key({"\u00A0\u2003"}), "none") << "spaces of other alphabets are spaces";
  EXPECT_EQ(Key({"\xFF\xFE"}), "none");
}

TEST(Sensitive, HeadingsAreRecognisedInBothLanguages) {
  const std::map<std::string, std::vector<const char*>> headings = {
      {"a person's name",
       {"Nom", "PRÉNOMS", "full name", "first_name", "FirstName", "nom_complet", "Nom de famille"}},
      {"a phone number", {"Téléphone", "phone_number", "N° de tél.", "Mobile", "WhatsApp"}},
      {"an e-mail address", {"E-mail", "courriel", "Mail du contact"}},
      {"an address", {"Adresse", "home address", "adresse e-mail"}},
      {"a document number",
       {"Passeport n°", "passport_no", "CNI", "Numéro de carte d'identité", "carte d’identité", "National ID",
        "ID number", "acte de naissance", "Titre de séjour", "NIN"}},
      {"coordinates", {"GPS latitude", "_geo/longitude", "Coordonnées", "lat", "household.geopoint"}},
      {"a device id", {"deviceid", "device id"}},
      {"free text", {"Commentaires"}},
      {"a person who entered data", {"_submitted_by", "Enquêteur"}}};
  for (const auto& [kind, spellings] : headings) {
    for (const char* heading : spellings) {
      const auto found = LooksSensitive(heading);
      ASSERT_TRUE(found.has_value()) << heading;
      EXPECT_EQ(found->en, kind) << heading;
    }
  }
  for (const char* heading : {"sexe", "age_band", "nombre", "nomination", "pays", "latin", "telephonie",
                              "renom", "date de naissance", "identité de genre", "paid card", ""}) {
    EXPECT_FALSE(LooksSensitive(heading).has_value()) << heading;
  }
}

}  // namespace
}  // namespace penc
