// Who does not consent is not counted, and a later no takes earlier rows out: at once from what is counted,
// for good at the closing.
#include <gtest/gtest.h>

#include "absl/strings/str_replace.h"
#include "tests/support/small_store.h"

namespace penc {
namespace {

constexpr char kOrigins[] = "SELECT origin, count(DISTINCT person) FROM move GROUP BY origin";
constexpr char kRows[] = "SELECT count(*) FROM visit";

std::string WithConsent() {
  return absl::StrReplaceAll(
      kStoreCodebook,
      {{"      age: {type: integer",
        "      agrees: {type: code, codes: agrees, sensitivity: never, fr: Accord, en: Consent}\n"
        "      age: {type: integer"},
       {"codes:\n  sex:",
        "consent: {column: person.agrees, keep: [y]}\n"
        "codes:\n  agrees:\n    - {code: y, fr: Oui, en: Yes}\n    - {code: n, fr: Non, en: No}\n  sex:"}});
}

TestRow Move(const std::string& person, StoredValue origin, const std::string& identity = "") {
  return {person, {origin, 1, 5, 0, 700}, identity};
}
TestRow Visit(const std::string& person, StoredValue day, const std::string& identity = "") {
  return {person, {day}, identity};
}
// sex, profile, agrees, age
TestRow Says(const std::string& person, StoredValue agrees) { return {person, {1, 0, agrees, 20}, ""}; }
constexpr StoredValue kYes = 1, kNo = 2;

class Consenting : public SmallStore {
 protected:
  explicit Consenting(const char* codebook) : SmallStore(codebook) { Open(); }

  // Rows of a file, `refused` by its mapping; a row says so by an empty list of values.
  StagedCounts File(const std::string& table, std::vector<TestRow> rows, const std::string& file,
                    bool replace = false) {
    const uint32_t number = codebook_.FindTable(table).value();
    const size_t columns = codebook_.tables[number].columns.size();
    std::vector<uint8_t> refused;
    for (TestRow& row : rows) {
      refused.push_back(row.values.empty());
      row.values.resize(columns, kNull);
    }
    auto import = store_->Begin(number, file, Sha256(file), replace, clock_.Now()).value();
    RowBlock block = BlockOf(rows, columns);
    block.refused = refused;
    EXPECT_TRUE(import->Add(std::move(block)).ok());
    const absl::StatusOr<StagedCounts> counts = import->Commit();
    EXPECT_TRUE(counts.ok()) << counts.status();
    return counts.value_or(StagedCounts{});
  }
};

class Mapped : public Consenting {
 protected:
  Mapped() : Consenting(kStoreCodebook) {}
};

TEST_F(Mapped, ARowThatSaysNoTakesItsEarlierVersionOut) {
  File("move", {Move("ana", 1, "a"), Move("bo", 2, "b"), Move("cy", 3, "c")}, "one.csv");
  ASSERT_TRUE(Close(kFirst).ok());
  const StagedCounts counts =
      File("move", {Move("ana", 1, "a"), {"bo", {}, "b"}, {"dan", {}, "d"}}, "two.csv");
  EXPECT_EQ(counts.duplicate, 1u);
  EXPECT_EQ(counts.withdrawn, 1u);
  EXPECT_EQ(counts.stored, 0u);
  EXPECT_EQ(Ask(kOrigins), (std::vector<int64_t>{1, 0, 1, 0, 0})) << "at once, before any closing";
  EXPECT_EQ(store_->Status().rows, 3u) << "stored still, so that the file can be undone";
  ASSERT_TRUE(Close(kFirst + 1).ok());
  EXPECT_EQ(store_->Status().rows, 2u);
  EXPECT_EQ(Ask(kOrigins), (std::vector<int64_t>{1, 0, 1, 0, 0}));
  ASSERT_TRUE(store_->Undo(2).ok());
  EXPECT_EQ(Ask(kOrigins), (std::vector<int64_t>{1, 0, 1, 0, 0})) << "gone for good";
  EXPECT_TRUE(store_->ReadPerson(Key16("person dan")).value().rows.empty());
}

TEST_F(Mapped, UndoingTheFileBeforeTheClosingBringsTheRowsBack) {
  File("move", {Move("ana", 1, "a"), Move("bo", 2, "b")}, "one.csv");
  ASSERT_TRUE(Close(kFirst).ok());
  File("move", {{"ana", {}, "a"}, {"bo", {}, "b"}}, "mistake.csv");
  EXPECT_EQ(Ask(kOrigins), (std::vector<int64_t>{0, 0, 0, 0, 0}));
  ASSERT_TRUE(store_->Undo(2).ok());
  EXPECT_EQ(Ask(kOrigins), (std::vector<int64_t>{1, 1, 0, 0, 0}));
  ASSERT_TRUE(Close(kFirst + 1).ok());
  EXPECT_EQ(store_->Status().rows, 2u);
}

TEST_F(Mapped, TheLastWordOfAFileAndTheLastFileCount) {
  File("move", {Move("ana", 1, "a"), Move("bo", 2, "b")}, "one.csv");
  ASSERT_TRUE(Close(kFirst).ok());
  // Yes, then no; no, then yes.
  const StagedCounts both =
      File("move", {Move("cy", 3, "c"), {"cy", {}, "c"}, {"bo", {}, "b"}, Move("bo", 2, "b")}, "two.csv");
  EXPECT_EQ(both.dropped, 1u);
  EXPECT_EQ(both.duplicate, 1u);
  EXPECT_EQ(both.withdrawn, 0u);
  EXPECT_EQ(Ask(kOrigins), (std::vector<int64_t>{1, 1, 0, 0, 0}));
  // No in a file, yes in the next one: stored anew, counted from the next closing on.
  EXPECT_EQ(File("move", {{"ana", {}, "a"}}, "three.csv").withdrawn, 1u);
  EXPECT_EQ(File("move", {Move("ana", 1, "a")}, "four.csv").stored, 1u);
  EXPECT_EQ(Ask(kOrigins), (std::vector<int64_t>{0, 1, 0, 0, 0}));
  Open();
  EXPECT_EQ(Ask(kOrigins), (std::vector<int64_t>{0, 1, 0, 0, 0}));
  ASSERT_TRUE(Close(kFirst + 1).ok());
  EXPECT_EQ(Ask(kOrigins), (std::vector<int64_t>{1, 1, 0, 0, 0}));
  EXPECT_EQ(store_->Status().rows, 2u);
}

TEST_F(Mapped, WithoutIdentityAllEarlierRowsOfThePersonGo) {
  File("visit", {Visit("ana", 1), Visit("ana", 2), Visit("bo", 3)}, "one.csv");
  File("move", {Move("ana", 1)}, "moves.csv");
  ASSERT_TRUE(Close(kFirst).ok());
  File("visit", {Visit("ana", 4)}, "staged.csv");
  const StagedCounts counts = File("visit", {{"ana", {}, ""}, Visit("bo", 5), {"new", {}, ""}}, "two.csv");
  EXPECT_EQ(counts.withdrawn, 3u);
  EXPECT_EQ(counts.stored, 1u);
  EXPECT_EQ(Ask(kRows), (std::vector<int64_t>{1}));
  ASSERT_TRUE(Close(kFirst + 1).ok());
  EXPECT_EQ(Ask(kRows), (std::vector<int64_t>{2}));
  EXPECT_EQ(Ask(kOrigins), (std::vector<int64_t>{1, 0, 0, 0, 0})) << "other tables stay";
}

TEST_F(Mapped, ANoWithAnIdentityTakesOutWhatWasStoredOfThePersonWithoutOne) {
  File("move", {Move("ana", 1), Move("ana", 1), Move("bo", 2)}, "one.csv");
  File("move", {{"ana", {1, 2, 6, 0, 800}, "other"}, Move("cy", 3, "c")}, "identified.csv");
  ASSERT_TRUE(Close(kFirst).ok());
  const StagedCounts counts = File("move", {{"ana", {}, "a"}, {"new", {}, "n"}}, "two.csv");
  EXPECT_EQ(counts.withdrawn, 2u);
  EXPECT_EQ(Ask("SELECT count(*) FROM move"), (std::vector<int64_t>{3}))
      << "her other row has a name of its own";
  EXPECT_EQ(store_->ReadPerson(Key16("person ana")).value().rows.size(), 3u);
  Open();
  EXPECT_EQ(Ask("SELECT count(*) FROM move"), (std::vector<int64_t>{3}));
  ASSERT_TRUE(Close(kFirst + 1).ok());
  EXPECT_EQ(store_->Status().rows, 3u);
}

TEST_F(Mapped, ANoThatALaterRowOfTheFileTakesBackTakesNothingOut) {
  File("move", {Move("ana", 1)}, "one.csv");
  const StagedCounts counts = File("move", {{"ana", {}, "a"}, {"ana", {1, 2, 6, 0, 800}, "a"}}, "two.csv");
  EXPECT_EQ(counts.withdrawn, 0u);
}

TEST_F(Mapped, AFileThatBecomesTheWholeTableTakesOutAtOnceWhoSaysNo) {
  File("move", {Move("ana", 1, "a"), Move("bo", 2, "b")}, "one.csv");
  ASSERT_TRUE(Close(kFirst).ok());
  EXPECT_EQ(File("move", {{"ana", {}, "a"}, Move("cy", 3, "c")}, "two.csv", /*replace=*/true).withdrawn, 1u);
  EXPECT_EQ(Ask(kOrigins), (std::vector<int64_t>{0, 1, 0, 0, 0}));
  // And a file after it, though the table is to be replaced.
  EXPECT_EQ(File("move", {{"bo", {}, "b"}}, "three.csv").withdrawn, 1u);
  EXPECT_EQ(Ask(kOrigins), (std::vector<int64_t>{0, 0, 0, 0, 0}));
  ASSERT_TRUE(Close(kFirst + 1).ok());
  EXPECT_EQ(Ask(kOrigins), (std::vector<int64_t>{0, 0, 1, 0, 0}));
}

TEST_F(Mapped, AWithdrawalLeavesNoTraceOfWhoIsErased) {
  File("move", {Move("ana", 1, "a"), Move("bo", 2, "b")}, "one.csv");
  ASSERT_TRUE(Close(kFirst).ok());
  File("move", {{"ana", {}, "a"}, {"bo", {}, "b"}}, "two.csv");
  ASSERT_TRUE(store_->Erase(Key16("person ana")).ok());
  EXPECT_TRUE(store_->FinishErase(Key16("person ana"), absl::ZeroDuration()).ok());
  EXPECT_EQ(Ask(kOrigins), (std::vector<int64_t>{0, 0, 0, 0, 0})) << "bo's word stands";
}

const std::string kAsking = WithConsent();
class Asked : public Consenting {
 protected:
  Asked() : Consenting(kAsking.c_str()) {}
};

TEST_F(Asked, CountsInAllTablesOnlyWhoConsents) {
  File("person", {Says("ana", kYes), Says("bo", kNo), Says("cy", kNull)}, "persons.csv");
  File("move", {Move("ana", 1), Move("bo", 2), Move("cy", 3), Move("dan", 4)}, "moves.csv");
  File("visit", {Visit("ana", 1), Visit("ana", 2), Visit("bo", 1), Visit("dan", 1)}, "visits.csv");
  ASSERT_TRUE(Close(kFirst).ok());
  EXPECT_EQ(Ask(kOrigins), (std::vector<int64_t>{1, 0, 0, 0, 0})) << "nothing stated is no consent";
  EXPECT_EQ(Ask(kRows), (std::vector<int64_t>{2}));
  EXPECT_EQ(Ask("SELECT count(DISTINCT person) FROM person"), (std::vector<int64_t>{1}));
  EXPECT_EQ(store_->CountConsent(false).value().without, 3u);
  EXPECT_EQ(store_->ReadPerson(Key16("person ana")).value().consents, true);
  EXPECT_EQ(store_->ReadPerson(Key16("person dan")).value().consents, false);
}

TEST_F(Asked, WhoHasNoRowLeftIsNotWithoutConsent) {
  File("person", {Says("ana", kYes), Says("bo", kNo)}, "persons.csv");
  File("person", {Says("cy", kNo), Says("dan", kYes)}, "more.csv");
  ASSERT_TRUE(Close(kFirst).ok());
  EXPECT_EQ(store_->CountConsent(false).value().without, 2u);
  ASSERT_TRUE(store_->Undo(2).ok());
  const ConsentCounts counts = store_->CountConsent(false).value();
  EXPECT_EQ(counts.without, 1u);
  EXPECT_EQ(counts.persons, 2u);
  EXPECT_EQ(store_->Status().persons, 4u) << "keys and cohorts stay";
}

TEST_F(Asked, WhatIsStagedIsCountedAsAClosingWouldLeaveIt) {
  EXPECT_EQ(store_->CountConsent(true).value().persons, 0u);
  File("person", {Says("ana", kYes), Says("bo", kNo)}, "persons.csv");
  EXPECT_EQ(store_->CountConsent(false).value().persons, 0u);
  EXPECT_EQ(store_->CountConsent(true).value().without, 1u);
  ASSERT_TRUE(Close(kFirst).ok());
  File("person", {Says("ana", kNo), Says("bo", kYes), Says("cy", kNull)}, "later.csv");
  const ConsentCounts counts = store_->CountConsent(true).value();
  EXPECT_EQ(counts.persons, 3u);
  EXPECT_EQ(counts.without, 2u);
}

// Caps choose among what counts: rows of who does not consent would otherwise take the place of nothing
// visible.
TEST_F(Asked, LeavesOutBeforeCapsAndCounting) {
  std::vector<TestRow> persons, moves;
  for (int i = 0; i < 60; ++i) {
    persons.push_back(Says(absl::StrCat("p", i), i % 2 == 0 ? kYes : kNo));
    for (int m = 0; m < 9; ++m) moves.push_back(Move(absl::StrCat("p", i), 1 + i % 4));
  }
  File("person", persons, "persons.csv");
  File("move", moves, "moves.csv");
  ASSERT_TRUE(Close(kFirst).ok());
  EXPECT_EQ(Ask("SELECT count(*) FROM move"), (std::vector<int64_t>{30 * 4}));
  EXPECT_EQ(Ask(kOrigins), (std::vector<int64_t>{15, 0, 15, 0, 0}));
}

TEST_F(Asked, ANoInAStagedFileHoldsAtOnceAndAYesFromTheClosingOn) {
  File("person", {Says("ana", kYes), Says("bo", kNo), Says("cy", kYes)}, "persons.csv");
  File("move", {Move("ana", 1), Move("bo", 2), Move("cy", 3)}, "moves.csv");
  ASSERT_TRUE(Close(kFirst).ok());
  const StagedCounts counts =
      File("person", {Says("ana", kNo), Says("bo", kYes), Says("cy", kYes)}, "again.csv");
  EXPECT_EQ(counts.withdrawn, 1u);
  EXPECT_EQ(counts.replaced, 2u);
  EXPECT_EQ(counts.duplicate, 1u);
  EXPECT_EQ(Ask(kOrigins), (std::vector<int64_t>{0, 0, 1, 0, 0}));
  EXPECT_EQ(File("person", {Says("bo", kYes), Says("ana", kNo)}, "more.csv").withdrawn, 0u);
  ASSERT_TRUE(Close(kFirst + 1).ok());
  EXPECT_EQ(Ask(kOrigins), (std::vector<int64_t>{0, 1, 1, 0, 0}));
  EXPECT_EQ(store_->ReadPerson(Key16("person ana")).value().rows.size(), 2u)
      << "her rows are there, uncounted";
}

}  // namespace
}  // namespace penc
