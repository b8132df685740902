// Words of an open list: numbered as they come, gone with the last row that holds them, and counted so that
// one person changes nobody else's part.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "absl/strings/ascii.h"
#include "question/keys.h"
#include "tests/support/small_store.h"

namespace penc {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kCodebook[] = R"(codebook: small
version: 1
reference_promise: {epsilon: 8, delta: 1e-6}
closing: quarter
codes:
  sex: [{code: f, fr: F, en: F}, {code: m, fr: M, en: M}]
tables:
  complaint:
    unit: event
    caps: {cells: 2, rows: 4}
    columns:
      agency: {type: text, open: true, sensitivity: public}
      town: {type: text, open: true, constant: true, sensitivity: public}
      sex: {type: code, codes: sex, sensitivity: public}
)";

struct Line {
  std::string person, agency, town;
};

class WordsTest : public SmallStore {
 protected:
  WordsTest() : SmallStore(kCodebook) { Open(); }

  static Word Said(const std::string& text) { return {kNull, absl::AsciiStrToLower(text), text}; }

  absl::StatusOr<uint64_t> StageLines(const std::vector<Line>& lines, const std::string& file,
                                      bool commit = true) {
    ASSIGN_OR_RETURN(auto import, store_->Begin(0, file, Sha256(file), false, clock_.Now()));
    if (file_ends_) import->SetKeepUntil(*file_ends_);
    import->SetAgain();
    std::vector<TestRow> rows;
    for (const Line& line : lines) {
      ASSIGN_OR_RETURN(const StoredValue agency, import->WordOf(0, Said(line.agency)));
      ASSIGN_OR_RETURN(const StoredValue town, import->WordOf(1, Said(line.town)));
      rows.push_back({line.person, {agency, town, 1}, ""});
    }
    RETURN_IF_ERROR(import->Add(BlockOf(rows, 3)));
    if (!commit) return 0;
    RETURN_IF_ERROR(import->Commit().status());
    return import->batch();
  }
  uint64_t Staged(const std::vector<Line>& lines, const std::string& file) {
    const auto batch = StageLines(lines, file);
    EXPECT_TRUE(batch.ok()) << batch.status();
    return batch.value_or(0);
  }
  WordList All(uint32_t column = 0) const {
    return store_->Words(*store_->OpenSnapshot().value(), ColumnRef{0, column});
  }
  std::vector<std::string> Names(uint32_t column = 0) const {
    std::vector<std::string> names;
    for (const Word& word : All(column)) names.push_back(word.text);
    return names;
  }
  // Persons by word, as selection counts them.
  std::map<std::string, int64_t> Persons(const std::string& key = "agency", const std::string& where = "") {
    const Plan plan = PlanOf("SELECT " + key + ", count(*) FROM complaint " + where + " GROUP BY " + key);
    const auto snapshot = store_->OpenSnapshot().value();
    const WordList words =
        store_->Words(*snapshot, plan.questions[0].domain.axes[plan.selections[0].axis].grain.column);
    std::map<std::string, int64_t> persons;
    if (words.empty()) return persons;
    const std::vector<int64_t> counts = Ask(SelectionOf(plan, plan.selections[0], words));
    for (size_t w = 0; w < words.size(); ++w) persons[words[w].same] = counts[w];
    return persons;
  }

  absl::optional<int64_t> file_ends_;
};

TEST_F(WordsTest, AreOneInAllSpellingsAndTheFirstOneIsKept) {
  Staged({{"a", "Agence Sud", "Kayes"}, {"b", "AGENCE SUD", "kayes"}, {"c", "Nord", ""}}, "one");
  Staged({{"d", "agence sud", "Gao"}, {"e", "Est", "Gao"}}, "two");
  EXPECT_THAT(Names(), ElementsAre("Agence Sud", "Est", "Nord"));
  EXPECT_THAT(Names(1), ElementsAre("Gao", "Kayes"));
  Open();
  EXPECT_THAT(Names(), ElementsAre("Agence Sud", "Est", "Nord"));
  ASSERT_TRUE(Close(kFirst).ok());
  EXPECT_THAT(Names(), ElementsAre("Agence Sud", "Est", "Nord"));
  EXPECT_EQ(Persons(), (std::map<std::string, int64_t>{{"agence sud", 3}, {"est", 1}, {"nord", 1}}));
  EXPECT_EQ(Persons("town"), (std::map<std::string, int64_t>{{"gao", 2}, {"kayes", 2}}));
}

TEST_F(WordsTest, GoWithTheLastRowThatHoldsThem) {
  const uint64_t first = Staged({{"a", "Sud", "Kayes"}, {"b", "Nord", "Gao"}}, "one");
  ASSERT_TRUE(Close(kFirst).ok());
  file_ends_ = 100;
  Staged({{"a", "Sud", "Kayes"}, {"c", "Est", "Gao"}, {"d", "Ouest", "Gao"}}, "two");
  EXPECT_THAT(Names(), ElementsAre("Est", "Nord", "Ouest", "Sud"));
  // Of somebody who waits, and of somebody who is closed.
  ASSERT_TRUE(store_->Erase(Key16("person d")).ok());
  EXPECT_THAT(Names(), ElementsAre("Est", "Nord", "Sud"));
  ASSERT_TRUE(store_->Erase(Key16("person b")).ok());
  EXPECT_THAT(Names(), ElementsAre("Est", "Sud"));
  EXPECT_THAT(Names(1), ElementsAre("Gao", "Kayes"));
  // A file taken back: its word stays where another file holds it.
  ASSERT_TRUE(store_->Undo(first).ok());
  EXPECT_THAT(Names(), ElementsAre("Est", "Sud"));
  ASSERT_TRUE(Close(kFirst + 1).ok());
  ASSERT_EQ(store_->Expire(101)->size(), 1u);
  EXPECT_THAT(Names(), IsEmpty());
  EXPECT_THAT(Names(1), IsEmpty());
  // Numbers are not used twice: what a cached column still says names nobody else's word.
  Staged({{"a", "Autre", "Mopti"}}, "three");
  EXPECT_EQ(All()[0].id, 7u);
  Open();
  EXPECT_THAT(Names(), ElementsAre("Autre"));
}

TEST_F(WordsTest, OfAnImportThatIsNotKeptAreNotKept) {
  ASSERT_TRUE(StageLines({{"a", "Perdue", "Nulle"}}, "cut off", /*commit=*/false).ok());
  EXPECT_THAT(Names(), IsEmpty());
  // Rows that contradict what is constant are not stored, nor is what only they said.
  Staged({{"a", "Sud", "Kayes"}}, "one");
  Staged({{"a", "Jamais", "Gao"}, {"b", "Nord", "Gao"}}, "two");
  EXPECT_THAT(Names(), ElementsAre("Nord", "Sud"));
  EXPECT_THAT(Names(1), ElementsAre("Gao", "Kayes"));
}

TEST_F(WordsTest, AreOnThePersonsRecordAsTheyWereWritten) {
  Staged({{"a", "Agence Sud", "Kayes"}, {"b", "Nord", "Gao"}}, "one");
  ASSERT_TRUE(Close(kFirst).ok());
  Staged({{"a", "Est", "Kayes"}}, "two");
  const PersonRecord record = store_->ReadPerson(Key16("person a")).value();
  std::vector<std::string> said;
  for (const auto& [id, text] : record.words.at({0, 0})) said.push_back(text);
  EXPECT_THAT(said, ElementsAre("Agence Sud", "Est"));
  EXPECT_EQ(record.words.at({0, 1}).size(), 1u);
}

TEST_F(WordsTest, AreCountedUnderTheCapAndOneNobodyAskedForHasNone) {
  std::vector<Line> lines;
  for (const char* agency : {"A", "B", "C", "D"}) lines.push_back({"many", agency, "Kayes"});
  lines.push_back({"one", "A", "Gao"});
  lines.push_back({"silent", "", "Gao"});
  Staged(lines, "one");
  ASSERT_TRUE(Close(kFirst).ok());
  int64_t sum = 0;
  for (const auto& [word, persons] : Persons()) sum += persons;
  EXPECT_EQ(sum, 3);  // two of the four, and one
  for (const auto& [word, persons] : Persons("agency", "WHERE sex = 'm'")) EXPECT_EQ(persons, 0) << word;
  // Who came later is asked alone.
  Staged({{"late", "E", "Mopti"}}, "two");
  ASSERT_TRUE(Close(kFirst + 1).ok());
  const auto late = Persons("agency", "WHERE entered >= '2026-Q2'");
  EXPECT_EQ(late.at("e"), 1);
  EXPECT_EQ(late.at("a"), 0);
}

TEST_F(WordsTest, OnePersonChangesOneInAtMostAsManyWordsAsTheCapAndNothingElse) {
  // In all tables of numbers and cells the histories differ: other numbers of words, other lists.
  for (int trial = 0; trial < 4; ++trial) {
    std::map<std::string, int64_t> counts[2];
    for (const int with : {0, 1}) {
      Shut();
      std::filesystem::remove_all(folder_);
      Open();
      std::vector<Line> lines;
      for (int w = 0; with == 1 && w < 5; ++w)
        lines.push_back({"victim", absl::StrCat(w % 2 == 0 ? "own" : "word", trial, w), "Kayes"});
      for (int p = 0; p < 30; ++p) {
        for (int w = 0; w < 4; ++w)
          lines.push_back(
              {absl::StrCat(p), absl::StrCat("word", trial, (p * 7 + w * (trial + 3)) % 9), "Gao"});
      }
      Staged(lines, "one");
      ASSERT_TRUE(Close(kFirst).ok());
      counts[with] = Persons();
    }
    int64_t changed = 0;
    for (const auto& [word, persons] : counts[1]) {
      const int64_t without = counts[0].count(word) > 0 ? counts[0].at(word) : 0;
      EXPECT_TRUE(persons == without || persons == without + 1) << word;
      changed += persons - without;
    }
    EXPECT_LE(changed, 2);
    for (const auto& [word, persons] : counts[0]) EXPECT_EQ(counts[1].count(word), 1u);
  }
}

}  // namespace
}  // namespace penc
