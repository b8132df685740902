#include "cli/report.h"

#include <gmock/gmock.h>

#include "cli/journal_words.h"

namespace penc::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

v1::AdminResult Budget(uint32_t refunded_ppm) {
  v1::AdminResult result;
  v1::BudgetRow* first = result.mutable_budget()->add_cohorts();
  first->set_cohort("2026-Q1");
  first->set_spent_ppm(250000);
  v1::BudgetRow* second = result.mutable_budget()->add_cohorts();
  second->set_cohort("2026-Q2");
  second->set_spent_ppm(20000);
  second->set_refunded_ppm(refunded_ppm);
  return result;
}

TEST(BudgetTable, ShowsWhatWasGivenBackWhereThereIsAny) {
  for (const Lang lang : {Lang::kFrench, Lang::kEnglish}) {
    const std::string column = lang == Lang::kFrench ? "rendu" : "given back";
    EXPECT_THAT(Report(Budget(0), lang), Not(HasSubstr(column)));
    const std::string table = Report(Budget(40000), lang);
    EXPECT_THAT(table, HasSubstr(column));
    EXPECT_THAT(table, HasSubstr(lang == Lang::kFrench ? "4\u202f%" : "4%")) << table;
    EXPECT_THAT(table, HasSubstr(lang == Lang::kFrench ? "témoins" : "stewards"));
  }
}

TEST(JournalWords, SayWhatHappenedToARoundsChargeAndToARestoredOffice) {
  v1::JournalEntry entry;
  entry.set_kind("refunded");
  entry.set_json(
      R"({"format":1,"refunded":{"slot":"q83vEjRWeJA=","cohorts":[{"cohort":"2026-Q3","renyi":"5"}],)"
      R"("askers":["SHA256:a"]}})");
  EXPECT_EQ(JournalLine(entry, Lang::kEnglish),
            "share of a round given back: cohorts: 2026-Q3, no. abcdef12");
  EXPECT_EQ(JournalLine(entry, Lang::kFrench), "part d'une ronde rendue: cohortes: 2026-Q3, n° abcdef12");
  entry.set_kind("charged");
  entry.set_json(R"({"charged":{"question":"SELECT 1","regional":true,"logLeaf":"q83v"}})");
  EXPECT_EQ(JournalLine(entry, Lang::kEnglish), "question charged: SELECT 1, share of a round");
  entry.set_kind("restored");
  entry.set_json(R"({"restored":{"adopted":{"size":"4","root":"q83v","renyi":"7"},"generation":"1"}})");
  EXPECT_EQ(JournalLine(entry, Lang::kEnglish),
            "restored from a backup: takes over what stewards had seen of its spending");
  EXPECT_EQ(JournalLine(entry, Lang::kFrench),
            "rétablie d'une sauvegarde: reprend les dépenses vues par les témoins");
  entry.set_json(R"({"restored":{"retaken":"2026-Q3","generation":"1"}})");
  EXPECT_EQ(JournalLine(entry, Lang::kEnglish), "restored from a backup: counts for cohort too: 2026-Q3");
}

}  // namespace
}  // namespace penc::cli
