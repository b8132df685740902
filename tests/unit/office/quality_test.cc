// What to mend: each kind of finding on records made to have it, and none on records that are right.
#include "office/quality/quality.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "journal/journal.h"
#include "tests/support/small_office.h"

namespace penc {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Finding = v1::QualityFinding;

constexpr char kCodebook[] = R"(codebook: small
version: 1
reference_promise: {epsilon: 8, delta: 1e-6}
closing: quarter
codes:
  sex:
    - {code: f, fr: Femme, en: Woman}
    - {code: m, fr: Homme, en: Man}
  state:
    - {code: a, fr: A, en: A}
    - {code: b, fr: B, en: B}
    - {code: c, fr: C, en: C}
  profile:
    - {code: pregnant, fr: Enceinte, en: Pregnant}
    - {code: ill, fr: Malade, en: Ill}
tables:
  person:
    unit: person
    caps: {cells: 2, rows: 1}
    labels: {fr: Personnes, en: People}
    checks:
      - {impossible: {sex: [m], profile: [pregnant]}}
    columns:
      registered: {type: month, from: 2015-01, to: 2040-12, sensitivity: ordinary, fr: Enregistrement, en: Registered}
      sex: {type: code, codes: sex, sensitivity: ordinary, fr: Sexe, en: Sex}
      a: {type: integer, range: [0, 9], sensitivity: ordinary, fr: A, en: A}
      b: {type: integer, range: [0, 9], sensitivity: ordinary, fr: B, en: B}
      c: {type: integer, range: [0, 9], sensitivity: ordinary, fr: C, en: C}
      profile: {type: codes, codes: profile, max: 2, sensitivity: ordinary, fr: Profil, en: Profile}
  change:
    unit: event
    caps: {cells: 4, rows: 6}
    labels: {fr: Changements, en: Changes}
    checks:
      - {order: [person.registered, month], fr: changement avant l'enregistrement, en: change before registration}
      - {chain: {by: seq, date: month, from: before, to: after}}
    columns:
      seq: {type: integer, range: [1, 6], sensitivity: ordinary, fr: Ordre, en: Order}
      month: {type: month, from: 2015-01, to: 2040-12, sensitivity: ordinary, fr: Mois, en: Month}
      before: {type: code, codes: state, sensitivity: ordinary, fr: De, en: From}
      after: {type: code, codes: state, sensitivity: ordinary, fr: Vers, en: To}
)";

constexpr char kPolicy[] = R"(policy: small
valid_until: 2030-06-30
promise: {epsilon: 8, delta: 1e-6}
answers: {local: granted, regional: granted}
columns: {person.sex: allow}
limits: {group_by: 3, cells: 65536}
display: {hide_margin_above: 50%, phantoms: 1}
)";

class Quality : public SmallOffice {
 protected:
  void SetUp() override {
    InitOptions init = Init();
    init.codebook_text = kCodebook;
    init.policy_text = kPolicy;
    const absl::Status created = Office::Create(dir_, init, environment());
    ASSERT_TRUE(created.ok()) << created;
    Open();
  }
  void Put(const std::string& table, const std::string& csv, const std::string& name, bool again = false) {
    v1::AdminCommand command;
    command.mutable_import_file()->set_again(again);
    command.mutable_import_file()->set_file_name(name);
    command.mutable_import_file()->set_table(table);
    const auto imported = Run(command, csv);
    ASSERT_TRUE(imported.ok()) << imported.status();
    ASSERT_EQ(imported->import_file().quarantined(), 0u) << imported->DebugString();
  }
  // Twenty people with everything stated, no two alike, each with a chain of two changes.
  void PutGood() {
    std::string people = "person_ref,registered,a,b,c,sex,profile\n",
                changes = "person_ref,seq,month,before,after\n";
    for (int i = 0; i < 20; ++i) {
      const std::string month = absl::StrCat(2020 + i / 12, "-", (i % 12 + 1) / 10, (i % 12 + 1) % 10);
      absl::StrAppend(&people, "P", i, ",", month, ",1,2,3,f,", i % 2 == 0 ? "ill" : "pregnant", "\n");
      absl::StrAppend(&changes, "P", i, ",1,2023-01,a,b\nP", i, ",2,2024-0", i % 9 + 1, ",b,c\n");
    }
    Put("person", people, "people.csv");
    Put("change", changes, "changes.csv");
  }
  v1::QualityResult Look() {
    v1::AdminCommand command;
    command.mutable_quality();
    const auto result = Run(command);
    EXPECT_TRUE(result.ok()) << result.status();
    return result.ok() ? result->quality() : v1::QualityResult();
  }
  static const Finding* Of(const v1::QualityResult& result, Finding::Kind kind) {
    for (const Finding& finding : result.findings()) {
      if (finding.kind() == kind) return &finding;
    }
    return nullptr;
  }
  // The one finding of its kind, its rows, and the file it names.
  void ExpectOne(Finding::Kind kind, uint64_t rows, const std::string& file) {
    const v1::QualityResult result = Look();
    const Finding* finding = Of(result, kind);
    ASSERT_NE(finding, nullptr) << Finding::Kind_Name(kind) << "\n" << result.DebugString();
    EXPECT_EQ(finding->rows(), rows) << finding->DebugString();
    EXPECT_FALSE(finding->says().fr().empty());
    EXPECT_FALSE(finding->next().fr().empty());
    ASSERT_FALSE(finding->places().empty());
    EXPECT_EQ(finding->places(0).file_name(), file);
  }
};

TEST_F(Quality, OfGoodRecordsFindsNothing) {
  PutGood();
  const v1::QualityResult staged = Look();
  EXPECT_THAT(staged.findings(), IsEmpty()) << staged.DebugString();
  EXPECT_TRUE(staged.staged());
  EXPECT_EQ(staged.persons(), 20u);
  ASSERT_TRUE(Close().ok());
  const v1::QualityResult closed = Look();
  EXPECT_THAT(closed.findings(), IsEmpty()) << closed.DebugString();
  EXPECT_EQ(closed.tables(1).rows(), 40u);
  EXPECT_EQ(closed.tables(1).columns(3).filled(), 40u);
}

TEST_F(Quality, FindsAnEndBeforeItsBeginning) {
  PutGood();
  Put("change", "person_ref,seq,month,before,after\nP3,3,2016-05,c,a\n", "late.csv");
  ExpectOne(Finding::KIND_ORDER, 1, "late.csv");
  EXPECT_EQ(Of(Look(), Finding::KIND_ORDER)->says().en(), "change before registration");
}

TEST_F(Quality, FindsChangesThatDoNotFitTogether) {
  PutGood();
  Put("change", "person_ref,seq,month,before,after\nP4,3,2025-01,a,b\n",
      "broken.csv");  // the last ended at c
  ExpectOne(Finding::KIND_CHAIN, 1, "broken.csv");
}

TEST_F(Quality, FindsValuesThatExcludeEachOther) {
  PutGood();
  Put("person", "person_ref,registered,a,b,c,sex,profile\nQ1,2022-02,1,2,3,m,ill pregnant\n", "men.csv");
  ExpectOne(Finding::KIND_IMPOSSIBLE, 1, "men.csv");
}

TEST_F(Quality, FindsDatesThatAreStillToCome) {
  PutGood();
  Put("change", "person_ref,seq,month,before,after\nP5,3,2031-01,c,a\n", "future.csv");
  ExpectOne(Finding::KIND_FUTURE, 1, "future.csv");
}

TEST_F(Quality, FindsTheSameRowTwiceAndTwoPersonsWhoAreAlike) {
  PutGood();
  Put("change", "person_ref,seq,month,before,after\nP6,2,2024-07,b,c\n", "again.csv", /*again=*/true);
  const v1::QualityResult rows = Look();
  EXPECT_NE(Of(rows, Finding::KIND_DUPLICATE_ROW), nullptr) << rows.DebugString();
  Put("person", "person_ref,registered,a,b,c,sex,profile\nX7,2020-08,1,2,3,f,pregnant\n", "x.csv");
  Put("change", "person_ref,seq,month,before,after\nX7,1,2023-01,a,b\nX7,2,2024-08,b,c\n",
      "xc.csv");  // as P7
  const v1::QualityResult people = Look();
  EXPECT_NE(Of(people, Finding::KIND_DUPLICATE_PERSON), nullptr) << people.DebugString();
}

TEST_F(Quality, FindsWhatIsOftenNotStatedAndWhatGotWorse) {
  PutGood();
  ASSERT_TRUE(Close().ok());
  std::string people = "person_ref,registered,a,b,c,sex,profile\n";
  for (int i = 0; i < 60; ++i) absl::StrAppend(&people, "N", i, ",2024-0", i % 9 + 1, ",1,2,3,,ill\n");
  Put("person", people, "gaps.csv");
  const v1::QualityResult result = Look();
  EXPECT_EQ(result.persons_before(), 20u);
  EXPECT_EQ(result.compared_with(), "2026-Q3");
  const Finding* worse = Of(result, Finding::KIND_WORSE);
  ASSERT_NE(worse, nullptr) << result.DebugString();
  EXPECT_THAT(worse->columns(), ElementsAre("person.sex"));
}

TEST_F(Quality, IsJournaledAndNamesNoReferenceAndNoValue) {
  PutGood();
  Put("change", "person_ref,seq,month,before,after\nP4,3,2025-01,a,b\n", "broken.csv");
  const uint64_t size = office_->journal().size();
  const v1::QualityResult result = Look();
  EXPECT_EQ(office_->journal().size(), size + 1);
  for (const Finding& finding : result.findings()) {
    const std::string text =
        finding.says().fr() + finding.says().en() + finding.next().fr() + finding.next().en();
    EXPECT_FALSE(absl::StrContains(text, "P4")) << text;
    EXPECT_FALSE(absl::StrContains(text, "2025-01")) << text;
  }
}

}  // namespace
}  // namespace penc
