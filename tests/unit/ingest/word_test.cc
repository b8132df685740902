#include "ingest/word.h"

#include <gmock/gmock.h>

#include "tests/unit/ingest/importing.h"

namespace penc {
namespace {

using ::testing::ElementsAre;

TEST(ReadWord, TakesSpellingsOfOneWordForOne) {
  struct Row {
    const char* cell;
    const char* same;
    const char* text;
  };
  const Row rows[] = {
      {"Agence Sud", "agence sud", "Agence Sud"},
      {"  AGENCE   sud ", "agence sud", "AGENCE   sud"},
      {"Thi\xC3\xA8s", "thi\xC3\xA8s", "Thi\xC3\xA8s"},
      {"THIE\xCC\x80S", "thi\xC3\xA8s", "THI\xC3\x88S"},  // e and a combining accent
      {"Agence\xC2\xA0Sud", "agence sud", "Agence\xC2\xA0Sud"},
      {"", "", ""},
      {"   ", "", ""},
  };
  for (const Row& row : rows) {
    Word word;
    ASSERT_TRUE(ReadWord(row.cell, &word)) << row.cell;
    EXPECT_EQ(word.same, row.same) << row.cell;
    EXPECT_EQ(word.text, row.text) << row.cell;
  }
}

TEST(ReadWord, RefusesWhatIsNoName) {
  Word word;
  for (const std::string& cell :
       {std::string("a\nb"), std::string("a\tb"), std::string("a\0b", 3), std::string("\xFF"),
        std::string("a\xE2\x80\x8B"
                    "b"),
        std::string("\xE2\x80\xAE"
                    "abc"),
        std::string(129, 'a'), std::string(100000, 'a')}) {
    EXPECT_FALSE(ReadWord(cell, &word)) << cell.size();
  }
  EXPECT_TRUE(ReadWord(std::string(128, 'a'), &word));
}

constexpr char kCodebook[] = R"(codebook: small
version: 1
closing: quarter
tables:
  move:
    unit: event
    caps: {cells: 2, rows: 4}
    columns:
      agency: {type: text, open: true, sensitivity: public}
      year: {type: integer, range: [2020, 2030], sensitivity: public}
)";

class ImportWords : public Importing {
 protected:
  ImportWords() {
    codebook_ = ReadCodebook("codebook.yaml", kCodebook).value();
    Shut();
    std::filesystem::remove_all(folder_);
    Open();
  }
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const Word& word : store_->Words(*store_->OpenSnapshot().value(), ColumnRef{0, 0}))
      names.push_back(word.text);
    return names;
  }
};

TEST_F(ImportWords, ReadsNumbersAndSetsAsideWhatIsNoWord) {
  const std::string csv =
      absl::StrCat("person_ref,agency,year\n1,Agence Sud,2025\n2,agence SUD ,2025\n3,,2025\n4,",
                   std::string(200, 'x'), ",2025\n5,Jamais,1900\n6,Nord,2026\n");
  const auto report = Import(csv);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->read, 6u);
  EXPECT_EQ(report->staged.stored, 4u);
  EXPECT_EQ(report->quarantined, 2u);
  // A row that another cell sets aside leaves no word behind.
  EXPECT_THAT(Names(), ElementsAre("Agence Sud", "Nord"));
}

TEST_F(ImportWords, KeepsNothingInADryRunAndReadsAMappingsValues) {
  ASSERT_TRUE(Import("person_ref,agency,year\n1,Sud,2025\n", "dry.csv", false, /*dry_run=*/true).ok());
  EXPECT_TRUE(Names().empty());
  Mapping mapping;
  mapping.name = "own";
  mapping.person = {"person_ref"};
  mapping.columns.push_back({0, "who", {{"A.S.", "Agence Sud"}, {"?", ""}}, "", ""});
  mapping.columns.push_back({1, "year", {}, "", ""});
  const auto report = Import("person_ref,who,year\n1,A.S.,2025\n2,?,2025\n3,agence sud,2025\n", "f.csv",
                             false, false, &mapping);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->staged.stored, 3u);
  EXPECT_THAT(Names(), ElementsAre("Agence Sud"));
}

}  // namespace
}  // namespace penc
