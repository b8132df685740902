#include "ingest/propose.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "codebook/read.h"
#include "embedded/embedded.h"
#include "ingest/mapping.h"
#include "ingest/row_file.h"
#include "ingest/synonyms.h"
#include "memory_file.h"

namespace penc {
namespace {

const Codebook& Shipped() {
  static const auto* const codebook =
      new Codebook(*ReadCodebook("migration.yaml", *embedded::File("codebook/migration.yaml")));
  return *codebook;
}

Proposal Proposed(const std::string& text, std::map<std::string, std::string> answers = {},
                  const char* table = nullptr) {
  MemoryFile bytes(text);
  const auto file = OpenRowFile(bytes);
  EXPECT_TRUE(file.ok()) << file.status();
  ProposeOptions options;
  options.name = "essai";
  options.answers = std::move(answers);
  options.quote_values = true;
  if (table != nullptr) options.table = Shipped().FindTable(table);
  auto proposal = Propose(**file, Shipped(), options);
  EXPECT_TRUE(proposal.ok()) << proposal.status();
  return *std::move(proposal);
}

const OpenQuestion* Question(const Proposal& proposal, const std::string& id) {
  for (const OpenQuestion& question : proposal.questions) {
    if (question.id == id) return &question;
  }
  return nullptr;
}

const PreviewedColumn& ColumnOf(const Proposal& proposal, const std::string& source) {
  for (const PreviewedColumn& column : proposal.columns) {
    if (column.source == source) return column;
  }
  ADD_FAILURE() << "no column " << source;
  static const auto* const none = new PreviewedColumn;
  return *none;
}

constexpr char kFrench[] =
    "Code bénéficiaire;Nom et prénom;Téléphone;Date d'enregistrement;Sexe;Âge;Nationalité;Pays "
    "d'origine;Destination;"
    "Motif du départ;Vulnérabilités;Observations\n"
    "BKO-1;Awa T.;+223 76 00 00 01;13/01/2026;Femme;23;malienne;Mali;Espagne;Études;enceinte;rien à dire\n"
    "BKO-2;Issa K.;+223 76 00 00 02;02/02/2026;homme;41;Malien;mali;FRA;guerre;;un autre texte\n"
    "BKO-3;Binta S.;+223 76 00 00 03;03/02/2026;F;16;Guinée;Guinée;Italie;famille;MENA;encore autre chose\n";

TEST(Propose, UnderstandsAFrenchFormAsOfficesWriteIt) {
  const Proposal proposal = Proposed(kFrench);
  EXPECT_EQ(proposal.draft.table, "person");
  EXPECT_EQ(proposal.draft.dates, "dd/mm/yyyy");
  EXPECT_EQ(absl::StrJoin(proposal.draft.person, ","), "Code bénéficiaire");
  for (const auto& [source, target] :
       {std::pair("Sexe", "sex"), std::pair("Âge", "age_band"), std::pair("Nationalité", "nationality"),
        std::pair("Pays d'origine", "origin_country"), std::pair("Destination", "dest_country"),
        std::pair("Motif du départ", "reason"), std::pair("Vulnérabilités", "protection_profile"),
        std::pair("Date d'enregistrement", "reg_month")}) {
    EXPECT_EQ(ColumnOf(proposal, source).target, target) << source;
  }
  EXPECT_EQ(ColumnOf(proposal, "Nom et prénom").fate, Fate::kNever);
  EXPECT_EQ(ColumnOf(proposal, "Téléphone").fate, Fate::kNever);
  EXPECT_EQ(ColumnOf(proposal, "Observations").fate, Fate::kNever);  // free text holds names
  EXPECT_EQ(Question(proposal, "person"), nullptr);
}

TEST(Propose, WritesAMappingThatReadsBack) {
  const std::string text = WriteMapping(Proposed(kFrench).draft);
  const auto mapping = ReadMapping("essai.yaml", text, Shipped());
  ASSERT_TRUE(mapping.ok()) << mapping.status() << "\n" << text;
  EXPECT_EQ(mapping->columns.size(), 8u);
  for (const MappedColumn& column : mapping->columns) {
    if (column.from == "Âge") {
      EXPECT_EQ(column.values.at("16"), "12-17");
    }
    if (column.from == "Nationalité") {
      EXPECT_EQ(column.values.at("malienne"), "MLI");
    }
  }
}

TEST(Propose, WritesHeadingsOfAnyShape) {
  const std::vector<std::string> headings = {"a \"b\"", "c:\\d", "# e",  "f\ng", "- h",
                                             "{i: j}",  "no",    "k\tl", "'m"};
  MappingDraft draft;
  draft.name = "'{";
  draft.codebook = absl::StrCat(Shipped().name, "@", Shipped().version);
  draft.table = "person";
  draft.person = {headings[0]};
  draft.columns = {{"sex", headings[1], false, {{headings[4], "f"}}}};
  draft.ignore = headings;
  draft.open = {{"«f\ng» ?", "\"f\ng\"?"}};
  const std::string text = WriteMapping(draft);
  const auto mapping = ReadMapping("essai.yaml", text, Shipped());
  ASSERT_TRUE(mapping.ok()) << mapping.status() << "\n" << text;
  EXPECT_EQ(mapping->person, draft.person);
  EXPECT_EQ(mapping->ignore, headings);
  ASSERT_EQ(mapping->columns.size(), 1u);
  EXPECT_EQ(mapping->columns[0].from, headings[1]);
  EXPECT_EQ(mapping->columns[0].values.at(headings[4]), "f");
}

TEST(Propose, NeverGuessesWhichWayADateReads) {
  constexpr char kBoth[] = "id,date of registration,sex\nA,03/04/2026,f\nB,05/06/2026,m\n";
  const Proposal asked = Proposed(kBoth, {}, "person");
  ASSERT_NE(Question(asked, "dates"), nullptr);
  EXPECT_EQ(asked.draft.dates, "");
  EXPECT_TRUE(absl::StrContains(WriteMapping(asked.draft), "3 avril"));
  const Proposal told = Proposed(kBoth, {{"dates", "mm/dd/yyyy"}}, "person");
  EXPECT_EQ(told.draft.dates, "mm/dd/yyyy");
  EXPECT_EQ(Question(told, "dates"), nullptr);
}

TEST(Propose, AsksWhichColumnIsThePersonWhereNoneIsCalledSo) {
  constexpr char kNone[] = "matricule bleu,sexe,nationalité\nx1,f,MLI\nx2,m,SEN\n";
  const Proposal asked = Proposed(kNone, {}, "person");
  const OpenQuestion* person = Question(asked, "person");
  ASSERT_NE(person, nullptr);
  EXPECT_EQ(person->options[0].id, "matricule bleu");
  EXPECT_EQ(person->options.back().id, "each-row");
  EXPECT_EQ(Proposed(kNone, {{"person", "matricule bleu"}}, "person").draft.person[0], "matricule bleu");
  EXPECT_TRUE(Proposed(kNone, {{"person", "each-row"}}, "person").draft.person.empty());
}

TEST(Propose, AsksWhatASpellingMeansAndKeepsTheAnswer) {
  constexpr char kOdd[] = "id,sexe\nA,Dame\nB,m\nC,f\n";
  const Proposal asked = Proposed(kOdd, {}, "person");
  ASSERT_NE(Question(asked, "value:sexe:Dame"), nullptr);
  const Proposal told = Proposed(kOdd, {{"value:sexe:Dame", "f"}}, "person");
  EXPECT_TRUE(told.questions.empty());
  EXPECT_EQ(told.draft.columns[0].values.at("Dame"), "f");
  const Proposal aside = Proposed(kOdd, {{"value:sexe:Dame", "leave"}}, "person");
  EXPECT_TRUE(aside.questions.empty());
  EXPECT_EQ(aside.draft.columns[0].values.count("Dame"), 0u);
}

TEST(Propose, ReadsHxlTagsWhateverTheHeadingsSay) {
  const Proposal proposal = Proposed(
      "Colonne 1,Colonne 2,id\n#gender+code,#country+code+origin,\nf,MLI,A\nm,SEN,B\n", {}, "person");
  EXPECT_EQ(ColumnOf(proposal, "Colonne 1").target, "sex");
  EXPECT_EQ(ColumnOf(proposal, "Colonne 2").target, "origin_country");
}

TEST(Propose, TakesTheOptionColumnsOfAQuestionTogether) {
  const Proposal proposal =
      Proposed("id,profil/uasc,profil/gbv,profil/enceinte\nA,1,0,0\nB,0,1,1\nC,,,\n", {}, "person");
  ASSERT_EQ(proposal.draft.columns.size(), 1u);
  EXPECT_EQ(proposal.draft.columns[0].column, "protection_profile");
  EXPECT_TRUE(proposal.draft.columns[0].options);
  EXPECT_EQ(proposal.draft.columns[0].values.at("enceinte"), "pregnant");
}

// Labels hold "/" themselves: the question is what is a heading of its own, or what the headings have in
// common.
TEST(Propose, TakesOptionsTogetherWhoseLabelsHoldSlashes) {
  for (const char* heading : {"id,Profil,Profil/uasc,Profil/Femme / enceinte,Profil/gbv",
                              "id,x,Profil/uasc,Profil/Femme / enceinte,Profil/gbv",
                              "id,x,Profil / uasc,Profil / Femme/enceinte,Profil / gbv"}) {
    const Proposal proposal = Proposed(absl::StrCat(heading, "\nA,,1,0,0\nB,,0,1,1\n"), {}, "person");
    ASSERT_EQ(proposal.draft.columns.size(), 1u) << heading;
    EXPECT_EQ(proposal.draft.columns[0].column, "protection_profile");
    EXPECT_EQ(proposal.draft.columns[0].from, "Profil");
    EXPECT_EQ(proposal.draft.ignore.size(), 1u) << heading;
    EXPECT_TRUE(proposal.questions.empty()) << heading;
  }
  const Proposal question = Proposed(
      "id,Profil / besoins,Profil / besoins/uasc,Profil / besoins/gbv\nA,,1,0\nB,,0,1\n", {}, "person");
  EXPECT_EQ(ColumnOf(question, "Profil / besoins/uasc").fate,
            ColumnOf(question, "Profil / besoins/gbv").fate);
}

// A question's own column says the same as its option columns, and does not have to be asked about.
TEST(Propose, PrefersOptionColumnsToTheColumnThatSumsThemUp) {
  const Proposal proposal =
      Proposed("id,profil,profil/uasc,profil/gbv\nA,uasc,1,0\nB,gbv,0,1\nC,uasc gbv,1,1\n", {}, "person");
  ASSERT_EQ(proposal.draft.columns.size(), 1u);
  EXPECT_TRUE(proposal.draft.columns[0].options);
  EXPECT_TRUE(proposal.questions.empty());
  EXPECT_EQ(absl::StrJoin(proposal.draft.ignore, ","), "profil");
}

TEST(Propose, AsksWhichOfTwoEqualHeadingsIsMeantAndProposesByLetters) {
  constexpr char kTwice[] = "id,Sexe,Pays d'origine,Sexe,Notes,Notes\nA,f,MLI,m,x,y\nB,m,SEN,m,x,y\n";
  const Proposal asked = Proposed(kTwice, {}, "person");
  const OpenQuestion* which = Question(asked, "which:sex");
  ASSERT_NE(which, nullptr);
  ASSERT_EQ(which->options.size(), 2u);
  EXPECT_EQ(which->options[0].id, "Sexe (colonne B)");
  EXPECT_EQ(which->options[1].id, "Sexe (colonne D)");
  const Proposal told = Proposed(kTwice, {{"which:sex", "Sexe (colonne D)"}}, "person");
  EXPECT_TRUE(told.questions.empty());
  EXPECT_EQ(told.draft.columns[0].from, "Sexe (colonne D)");
  EXPECT_EQ(absl::StrJoin(told.draft.ignore, ","), "Sexe (colonne B),Notes");
}

TEST(Propose, RecognisesTheReferenceAsOfficesCallIt) {
  for (const char* heading : {"N° de dossier", "Nº dossier", "N° dossier", "№ dossier", "No. dossier",
                              "Numéro du bénéficiaire", "Numéro de dossier", "Code bénéficiaire",
                              "CODE BENEFICIAIRE", "ID bénéficiaire", "Matricule", "رقم الملف"}) {
    const Proposal proposal =
        Proposed(absl::StrCat(heading, ",sexe,nationalité\nA1,f,MLI\nB2,m,SEN\n"), {}, "person");
    EXPECT_EQ(absl::StrJoin(proposal.draft.person, ","), heading);
    EXPECT_EQ(Question(proposal, "person"), nullptr) << heading;
  }
}

TEST(Propose, AsksWhetherAColumnIsTheReferenceWhoseValuesTellNobodyApart) {
  std::string rows = "code,dossier papier,sexe\n";
  for (int i = 0; i < 40; ++i) absl::StrAppend(&rows, i % 3, ",P", i, ",f\n");
  const Proposal asked = Proposed(rows, {}, "person");
  const OpenQuestion* person = Question(asked, "person");
  ASSERT_NE(person, nullptr);
  EXPECT_EQ(person->options[0].id, "code");
  EXPECT_EQ(person->options[1].id, "dossier papier");
  const Proposal told = Proposed(rows, {{"person", "code"}}, "person");
  EXPECT_TRUE(told.questions.empty());
  EXPECT_EQ(told.draft.person[0], "code");
}

TEST(Propose, UnderstandsAFormInArabic) {
  const Proposal proposal = Proposed(
      "رقم الملف,الاسم الكامل,الجنس,العمر,الجنسية,بلد "
      "المنشأ\n1,آوا,أنثى,23,مالي,السنغال\n2,عيسى,ذكر,41,النيجر,غينيا\n",
      {}, "person");
  EXPECT_EQ(absl::StrJoin(proposal.draft.person, ","), "رقم الملف");
  EXPECT_EQ(ColumnOf(proposal, "الاسم الكامل").fate, Fate::kNever);
  for (const auto& [source, target] :
       {std::pair("الجنس", "sex"), std::pair("العمر", "age_band"), std::pair("الجنسية", "nationality"),
        std::pair("بلد المنشأ", "origin_country")}) {
    EXPECT_EQ(ColumnOf(proposal, source).target, target) << source;
  }
  EXPECT_TRUE(proposal.questions.empty());
  const auto mapping = ReadMapping("m.yaml", WriteMapping(proposal.draft), Shipped());
  ASSERT_TRUE(mapping.ok()) << mapping.status();
  EXPECT_EQ(mapping->columns[0].values.at("أنثى"), "f");
}

TEST(Propose, QuotesCellsOnlyAtTheOfficesOwnTerminal) {
  MemoryFile bytes("id,sexe\nA,f\nB,Ma fille Awa\nC,m\n");
  const auto file = OpenRowFile(bytes);
  ASSERT_TRUE(file.ok()) << file.status();
  ProposeOptions options;
  options.name = "essai";
  options.table = Shipped().FindTable("person");
  const auto proposal = Propose(**file, Shipped(), options);
  ASSERT_TRUE(proposal.ok()) << proposal.status();
  const OpenQuestion* values = Question(*proposal, "values:sexe");
  ASSERT_NE(values, nullptr);
  EXPECT_TRUE(
      absl::StrContains(values->asks.en, "row 3, column B \"sexe\": a value that the codebook does not know"))
      << values->asks.en;
  EXPECT_TRUE(absl::StrContains(values->asks.en, "f (Female), m (Male)")) << values->asks.en;
  for (const OpenQuestion& question : proposal->questions)
    EXPECT_FALSE(absl::StrContains(question.id + question.asks.fr + question.asks.en, "Awa"));
  EXPECT_FALSE(absl::StrContains(WriteMapping(proposal->draft), "Awa"));
  const Proposal quoted = Proposed("id,sexe\nA,f\nB,Ma fille Awa\nC,m\n", {}, "person");
  EXPECT_NE(Question(quoted, "value:sexe:Ma fille Awa"), nullptr);
  EXPECT_FALSE(absl::StrContains(WriteMapping(quoted.draft), "Awa")) << "nobody has answered yet";
}

TEST(Propose, WritesWhatMayBeAnsweredBesideAnOpenQuestion) {
  const std::string text = WriteMapping(Proposed("matricule bleu,sexe\nx1,f\nx2,m\n", {}, "person").draft);
  EXPECT_TRUE(absl::StrContains(text, "file number)? matricule bleu | sexe | none: each row")) << text;
}

TEST(Propose, AsksWhichTableWhereTheHeadingsDoNotSay) {
  const Proposal proposal = Proposed("pays;date\nMLI;2026-01-01\n");
  EXPECT_NE(Question(proposal, "table"), nullptr);
}

// Every column of every table under its French label: what the form of an office that follows the codebook
// has.
TEST(Propose, RecognisesNineOfTenColumnsOfTheCodebooksOwnLabels) {
  uint32_t right = 0, all = 0;
  for (const Table& table : Shipped().tables) {
    std::string heading = "Référence", row = "A-1";
    for (const Column& column : table.columns) {
      absl::StrAppend(&heading, ";", column.label.fr);
      const CodeList* list = Shipped().list_of(column);
      absl::StrAppend(&row, ";",
                      list != nullptr    ? list->codes[0].label.fr
                      : column.is_date() ? "2026-01-15"
                                         : std::to_string(column.lo * column.step_num / column.step_den));
    }
    const Proposal proposal = Proposed(absl::StrCat(heading, "\n", row, "\n"), {}, table.name.c_str());
    for (const Column& column : table.columns) {
      ++all;
      const auto found = std::find_if(proposal.columns.begin(), proposal.columns.end(),
                                      [&](const PreviewedColumn& c) { return c.target == column.name; });
      right += found != proposal.columns.end() && found->source == column.label.fr ? 1 : 0;
    }
  }
  EXPECT_GE(right * 10, all * 9) << right << " of " << all;
}

// A form's export of returns, with `columns` more, each row of its own values but for "fixe" ones.
std::string Returns(const std::string& columns, const std::vector<std::string>& values, int rows) {
  std::string text = absl::StrCat("Code bénéficiaire,", columns, "\n");
  for (int i = 0; i < rows; ++i) {
    absl::StrAppend(&text, "BKO-", i % 7);
    for (const std::string& value : values)
      absl::StrAppend(&text, ",", value, value.find("fixe") == 0 ? "" : absl::StrCat(i));
    text += "\n";
  }
  return text;
}
std::vector<std::string> RowOf(const std::string& columns, const std::vector<std::string>& values,
                               int rows = 30) {
  return Proposed(Returns(columns, values, rows), {}, "return_case").draft.row;
}

TEST(Propose, NamesTheRowsOfAFormByWhatStaysWhenASubmissionIsEdited) {
  EXPECT_EQ(RowOf("_uuid,_index", {"u-", ""}, 1000), std::vector<std::string>{"_uuid"});
  EXPECT_EQ(RowOf("_uuid,_id,_index", {"u-", "7", ""}), std::vector<std::string>{"_id"});
  EXPECT_EQ(RowOf("meta/instanceID", {"uuid:"}), std::vector<std::string>{"meta/instanceID"});
  EXPECT_EQ(RowOf("KEY", {"uuid:"}), std::vector<std::string>{"KEY"});
  EXPECT_EQ(RowOf("_index", {""}), std::vector<std::string>()) << "it moves when a row is deleted";
  EXPECT_EQ(RowOf("_uuid", {"fixe"}), std::vector<std::string>()) << "not one for each row";
}

TEST(Propose, NamesTheRowsOfAListOfEventsByAColumnThatIsCalledSo) {
  EXPECT_EQ(RowOf("Retour_ID", {"R"}), std::vector<std::string>{"Retour_ID"});
  EXPECT_EQ(RowOf("Numéro de fiche", {"F"}), std::vector<std::string>{"Numéro de fiche"});
  EXPECT_EQ(RowOf("N°", {""}), std::vector<std::string>()) << "a list's running number";
  EXPECT_EQ(RowOf("Observations", {"obs "}), std::vector<std::string>()) << "what merely differs";
  EXPECT_EQ(RowOf("Retour_ID", {"fixe"}), std::vector<std::string>());
  EXPECT_EQ(Proposed(Returns("Retour_ID", {"R"}, 5), {}, "person").draft.row, std::vector<std::string>())
      << "of persons the reference is the row";
}

TEST(Synonyms, ThatAreShippedNameWhatTheCodebookHas) {
  const auto read = ReadSynonyms("synonyms.yaml", *embedded::File("codebook/synonyms.yaml"), Shipped());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_TRUE(read->Means(Shipped().tables[0], Shipped().tables[0].columns[3], "genre"));
}

TEST(Synonyms, CompareWithoutCaseAccentsAndPunctuation) {
  EXPECT_EQ(PlainWords("  Pays d'origine (ISO) "), "pays d origine iso");
  EXPECT_EQ(PlainWords("ÂGE"), "age");
  EXPECT_EQ(PlainWords("N° dossier"), "n dossier");
  EXPECT_EQ(PlainWords("Pays d’origine – «ISO»"), "pays d origine iso");
  EXPECT_EQ(PlainWords("رقم الملف"), "رقم الملف");
}

}  // namespace
}  // namespace penc
