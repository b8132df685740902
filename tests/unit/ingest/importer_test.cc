// Whole files into a real store: counts that add up, quarantine and its way back, nothing counted twice.
#include "ingest/importer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>

#include "absl/strings/str_replace.h"
#include "base/file.h"
#include "tests/unit/ingest/importing.h"

namespace penc {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kRows[] =
    "person_ref,origin,dest,cost\n"
    "1,a,b,10\n"
    "1,a,c,20\n"
    "2,b,a,\n"
    "3,c,zz,5\n"
    "4,a,a,5\n";

// Two people under one key would share one person's bounds, and one's leaving would move the other's rows.
TEST_F(Importing, ARowThatIsAPersonIsNobodyElseInNoOtherFileOfTheSameName) {
  Mapping mapping = OwnMapping(codebook_, *codebook_.FindTable("person"), {.names = {"sex"}});
  mapping.person = {};
  for (const char* bytes : {"sex\nf\nf\n", "sex\nm\nf\nm\n"}) {
    const auto report = Import(bytes, "export.csv", false, false, &mapping, "person");
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_EQ(report->staged.stored, report->read);
    // Nothing tells an export that grew from new people: the second one is asked about.
    EXPECT_EQ(report->problems.size(), report->batch == 1 ? 0u : 1u);
    for (const ImportProblem& problem : report->problems)
      EXPECT_THAT(problem.what.en, AllOf(HasSubstr("in batch 1"), HasSubstr("would count twice")));
  }
  ASSERT_TRUE(Close(kFirst).ok());
  EXPECT_THAT(Ask("SELECT sex, count(DISTINCT person) FROM person GROUP BY sex"), ElementsAre(3, 2, 0));
}

TEST_F(Importing, APersonsOtherValueInAConstantColumnIsNotKeptAndCounted) {
  const auto report = Import("person_ref,origin,dest\n1,a,a\n1,b,b\n2,b,c\n");
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->staged.conflicting, 1u);
  EXPECT_EQ(report->read, report->staged.stored + report->staged.conflicting);
}

TEST_F(Importing, TheReasonsInTheReportAreCountedByKindAndHoldNoCell) {
  const auto report = Import("person_ref,dest,cost\n1,secret,1\n2,a,much\n3,hidden,1\n4,a,1\n5,a,1\n6,a,1\n");
  ASSERT_TRUE(report.ok()) << report.status();
  ASSERT_EQ(report->problems.size(), 2u);
  EXPECT_EQ(report->problems[0].rows, 2u);
  EXPECT_EQ(report->problems[0].first_row, 2u);
  EXPECT_EQ(report->problems[1].rows, 1u);
  EXPECT_EQ(report->problems[1].column, "cost");
  for (const ImportProblem& problem : report->problems) {
    for (const std::string& said : {problem.what.fr, problem.what.en})
      EXPECT_THAT(said, AllOf(Not(HasSubstr("secret")), Not(HasSubstr("hidden")), Not(HasSubstr("much"))));
  }
}

TEST_F(Importing, AnAmbiguousDateStopsTheImportBeforeAnythingIsKept) {
  Mapping mapping;
  mapping.table = *codebook_.FindTable("visit");
  mapping.person = {"who"};
  mapping.columns = {{0, "day", {}, ""}};
  EXPECT_THAT(
      WhyNot(Import("who,day\n1,2026-01-02\n2,03/04/2026\n", "v.csv", false, false, &mapping, "visit")),
      AllOf(HasSubstr("row 3"), HasSubstr("dd/mm/yyyy")));
  EXPECT_TRUE(store_->Batches().empty());
  mapping.dates = DateForm::kDayFirst;
  EXPECT_TRUE(Import("who,day\n1,2026-01-02\n2,03/04/2026\n", "v.csv", false, false, &mapping, "visit").ok());
}

TEST_F(Importing, AFileThatEndsBadlyLeavesNothing) {
  for (const char* bytes : {"person_ref,dest\n1,a\n2,\"b\n", "person_ref,dest\n1,a\n2,\xE9\n"}) {
    EXPECT_FALSE(Import(bytes).ok());
    EXPECT_TRUE(store_->Batches().empty());
    EXPECT_FALSE(FileExists(quarantine_));
    EXPECT_FALSE(FileExists(quarantine_ + ".tmp"));
  }
  EXPECT_TRUE(Import(kRows).ok()) << "and the next import is not in its way";
}

TEST_F(Importing, TheSameFileTwiceChangesNothing) {
  ASSERT_TRUE(Import(kRows).ok());
  EXPECT_THAT(WhyNot(Import(kRows, "renamed.csv")), HasSubstr("in already"));
  ASSERT_TRUE(Close(kFirst).ok());
  EXPECT_THAT(Ask("SELECT count(*) FROM move"), ElementsAre(4));
}

TEST_F(Importing, AGrowingFileWithIdentitiesIsCountedOnce) {
  Mapping mapping;
  mapping.table = *codebook_.FindTable("move");
  mapping.person = {"who"};
  mapping.row = {"id"};
  mapping.columns = {{*codebook_.tables[mapping.table].Find("dest"), "to", {}, ""}};
  const auto first = Import("id,who,to\n1,x,a\n2,y,b\n", "1.csv", false, false, &mapping);
  ASSERT_TRUE(first.ok()) << first.status();
  const auto grown = Import("id,who,to\n1,x,a\n2,y,c\n3,z,d\n", "2.csv", false, false, &mapping);
  ASSERT_TRUE(grown.ok()) << grown.status();
  EXPECT_EQ(grown->staged.stored, 1u);
  EXPECT_EQ(grown->staged.duplicate, 1u);
  EXPECT_EQ(grown->staged.replaced, 1u);
  ASSERT_TRUE(Close(kFirst).ok());
  EXPECT_THAT(Ask("SELECT dest, count(*) FROM move GROUP BY dest"), ElementsAre(1, 0, 1, 1, 0));
}

TEST_F(Importing, AGrownExportWithoutIdentitiesIsNotCountedTwiceAndTheDryRunSaysSo) {
  const std::string january = "person_ref,origin,dest,cost\n1,a,b,10\n1,a,c,20\n2,b,a,\n";
  ASSERT_TRUE(Import(january, "january.csv").ok());
  ASSERT_TRUE(Close(kFirst).ok());
  const std::string grown = january + "4,a,a,5\n5,b,c,7\n";
  const auto dry = Import(grown, "grown.csv", false, /*dry_run=*/true);
  ASSERT_TRUE(dry.ok()) << dry.status();
  ASSERT_EQ(dry->problems.size(), 1u);
  EXPECT_THAT(dry->problems[0].what.en, AllOf(HasSubstr("will be refused"), HasSubstr("batch 1")));
  EXPECT_EQ(dry->problems[0].rows, 3u);
  EXPECT_THAT(WhyNot(Import(grown, "grown.csv")), AllOf(HasSubstr("there already"), HasSubstr("--replace")));
  EXPECT_EQ(store_->Batches().size(), 1u);
  EXPECT_FALSE(FileExists(quarantine_));
  ImportOptions options;
  options.again = true;
  options.dry_run = true;
  const auto meant = Import(grown, options, "move");
  ASSERT_TRUE(meant.ok()) << meant.status();
  EXPECT_TRUE(meant->problems.empty());
  options.dry_run = false;
  const auto again = Import(grown, options, "move");
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->staged.stored, 5u);
}

TEST_F(Importing, AFewEventsLikeEarlierOnesAreKeptAndSaid) {
  std::string january = "person_ref,origin,dest,cost\n", february = january;
  for (int i = 0; i < 30; ++i) {
    absl::StrAppend(&january, "p", i, ",a,b,", i, "\n");
    absl::StrAppend(&february, "p", i + 29, ",a,b,", i + 29, "\n");
  }
  ASSERT_TRUE(Import(january, "january.csv").ok());
  for (const bool dry : {true, false}) {
    const auto report = Import(february, "february.csv", false, dry);
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_EQ(report->staged.stored, 30u);
    ASSERT_EQ(report->problems.size(), 1u);
    EXPECT_THAT(report->problems[0].what.en, HasSubstr("further events"));
    EXPECT_EQ(report->problems[0].rows, 1u);
  }
}

TEST_F(Importing, ReplaceMakesTheFileTheWholeTable) {
  ASSERT_TRUE(Import(kRows).ok());
  ASSERT_TRUE(Close(kFirst).ok());
  ASSERT_TRUE(Import("person_ref,origin,dest,cost\n9,a,d,1\n", "whole.csv", /*replace=*/true).ok());
  ASSERT_TRUE(Close(kFirst + 1).ok());
  EXPECT_THAT(Ask("SELECT dest, count(*) FROM move GROUP BY dest"), ElementsAre(0, 0, 0, 1, 0));
}

TEST_F(Importing, ADryRunStoresNothingAndGuessesNothing) {
  ASSERT_TRUE(Import(kRows, "f.csv", false, /*dry_run=*/true).ok());
  EXPECT_TRUE(store_->Batches().empty());
  EXPECT_FALSE(FileExists(quarantine_));
  EXPECT_THAT(WhyNot(Import("Dossier;Origine\n1;a\n", "f.csv", false, /*dry_run=*/true)),
              HasSubstr("Dossier"));
  EXPECT_THAT(WhyNot(Import("person_ref;origin;Pr\xE9nom\n1;a;x\n", "f.csv", false, /*dry_run=*/true)),
              HasSubstr("UTF-8"));
}

TEST_F(Importing, AFormulaThatFailedIsNobodysReferenceThoughItBecameText) {
  const auto report = Import("person_ref,origin\n#N/A,a\n #valeur! ,b\n#1,c\n7,a\n8,b\n9,c\nx,#N/A\n");
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->staged.stored, 4u);
  EXPECT_EQ(report->quarantined, 3u);
}

TEST_F(Importing, RowsThatWereSetAsideNeverReplaceTheTable) {
  ASSERT_TRUE(Import(kRows).ok());
  const auto bad = Import("person_ref,origin,dest,cost\n77,nowhere,a,1\n78,a,a,1\n79,a,a,1\n", "bad.csv");
  ASSERT_TRUE(bad.ok()) << bad.status();
  EXPECT_THAT(
      WhyNot(Import(Corrected(bad->quarantine_file, {{"nowhere", "a"}}), "bad.csv", /*replace=*/true)),
      HasSubstr("--replace"));
  EXPECT_TRUE(Import(Corrected(bad->quarantine_file, {{"nowhere", "a"}}), "bad.csv").ok());
}

TEST_F(Importing, RefusesAColumnThatLooksLikeANameUnlessItIsIgnored) {
  EXPECT_THAT(WhyNot(Import("person_ref,origin,prénom\n1,a,x\n")),
              AllOf(HasSubstr("prénom"), HasSubstr("never be stored")));
  Mapping mapping = OwnMapping(codebook_, *codebook_.FindTable("move"), {.names = {"person_ref", "origin"}});
  mapping.ignore = {"prénom"};
  EXPECT_TRUE(Import("person_ref,origin,prénom\n1,a,x\n", "g.csv", false, false, &mapping).ok());
}

TEST_F(Importing, RefusesAFileOfWhichMostRowsDoNotRead) {
  EXPECT_THAT(WhyNot(Import("person_ref,origin\n1,x\n2,y\n3,a\n")), HasSubstr("more than half"));
  EXPECT_TRUE(store_->Batches().empty());
  EXPECT_FALSE(FileExists(quarantine_));
}

TEST_F(Importing, AsksAboutADuplicateHeadingAndAMissingReference) {
  EXPECT_THAT(WhyNot(Import("person_ref,origin,origin\n1,a,a\n")), HasSubstr("stands there twice"));
  EXPECT_THAT(WhyNot(Import("ref,origin\n1,a\n")), HasSubstr("person_ref"));
}

TEST_F(Importing, PersonsWhoDidNotConsentAreDroppedBeforeAnythingIsStored) {
  Mapping mapping = OwnMapping(codebook_, *codebook_.FindTable("move"), {.names = {"person_ref", "origin"}});
  mapping.consent_from = "accord";
  mapping.consent_keep = {"oui"};
  const auto report =
      Import("person_ref,origin,accord\n1,a,oui\n2,a,non\n3,a,\n", "c.csv", false, false, &mapping);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->dropped, 2u);
  EXPECT_EQ(report->staged.stored, 1u);
}

// Found by an attack: one person's file named eight rows of eight others and took them.
TEST_F(Importing, NobodysRowsTakeThePlaceOfSomebodyElses) {
  Mapping mapping;
  mapping.table = *codebook_.FindTable("move");
  mapping.person = {"who"};
  mapping.row = {"id"};
  mapping.columns = {{*codebook_.tables[mapping.table].Find("dest"), "to", {}, ""}};
  std::string others = "id,who,to\n", own = others;
  for (int i = 0; i < 8; ++i) {
    absl::StrAppend(&others, i, ",person ", i, ",a\n");
    absl::StrAppend(&own, i, ",victim,b\n");
  }
  ASSERT_TRUE(Import(others, "others.csv", false, false, &mapping).ok());
  ASSERT_TRUE(Import(own, "own.csv", false, false, &mapping).ok());
  ASSERT_TRUE(Close(kFirst).ok());
  EXPECT_THAT(Ask("SELECT count(DISTINCT person) FROM move"), ElementsAre(9));
}

// One person with ten thousand rows moves no block by more than the plan's bounds: what sensitivity promises.
TEST_F(Importing, OneHeavyPersonMovesTheAnswerNoMoreThanTheBoundsSay) {
  std::string rows = "person_ref,origin,dest,month,cost\n";
  for (int i = 0; i < 400; ++i) {
    absl::StrAppend(&rows, i % 90, ",", std::string(1, "abcd"[i % 90 % 4]), ",",
                    std::string(1, "abcd"[i % 4]), ",2026-0", 1 + i % 9, ",", i, "\n");
  }
  const std::string sql[] = {
      "SELECT dest, month, count(DISTINCT person) FROM move WHERE month BETWEEN '2026-01' AND '2026-12' "
      "GROUP BY dest, month",
      "SELECT dest, count(*) FROM move GROUP BY dest",
      "SELECT dest, sum(cost), avg(cost) FROM move GROUP BY dest"};
  ASSERT_TRUE(Import(rows).ok());
  ASSERT_TRUE(Close(kFirst).ok());
  std::vector<std::vector<int64_t>> without;
  for (const std::string& question : sql) without.push_back(Ask(question));
  std::string heavy = "person_ref,origin,dest,month,cost\n";
  for (int i = 0; i < 10000; ++i) {
    absl::StrAppend(&heavy, "heavy,a,", std::string(1, "abcd"[i % 4]), ",2026-", i % 12 < 9 ? "0" : "",
                    1 + i % 12, ",100000\n");
  }
  ASSERT_TRUE(Import(heavy, "heavy.csv").ok());
  ASSERT_TRUE(Close(kFirst + 1).ok());
  for (size_t q = 0; q < without.size(); ++q) {
    const Plan plan = PlanOf(sql[q]);
    const std::vector<int64_t> with = Ask(plan);
    for (const Block& block : plan.blocks) {
      uint64_t l0 = 0, linf = 0, l1 = 0;
      for (uint64_t i = block.first; i < block.first + block.cells; ++i) {
        const auto moved = static_cast<uint64_t>(std::abs(with[i] - without[q][i]));
        l0 += moved > 0;
        linf = std::max(linf, moved);
        l1 += moved;
      }
      EXPECT_LE(l0, block.per_person.l0) << sql[q];
      EXPECT_LE(linf, block.per_person.linf) << sql[q];
      EXPECT_LE(l1, block.per_person.l1) << sql[q];
      EXPECT_GT(l1, 0u) << sql[q];
    }
  }
}

}  // namespace
}  // namespace penc
